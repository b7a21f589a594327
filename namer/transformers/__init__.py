"""The kinds of `transformers:`, a file each. A new kind: its file, and its module in the two lists below."""

from namer.transformers import const, localhost, port, replace, specific_host
from namer.transformers.base import TRANSFORMERS, TransformerConfig, TransformerParts

KINDS = (const, localhost, port, replace, specific_host)

__all__ = ["KINDS", "TRANSFORMERS", "TransformerConfig", "TransformerParts"]
