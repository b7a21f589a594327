"""The kinds of `transformers:`, a file each. A new kind: its file, and its module in the list below."""

from __future__ import annotations

from namer.plugin import Registry
from namer.transformers.base import TransformerConfig, TransformerParts

TRANSFORMERS = Registry("transformer", planned=("io.l5d.k8s.daemonset", "io.l5d.k8s.localnode"))
"""kind → configuration class with `mk(parts) -> Transformer`."""

from namer.transformers import (  # noqa: E402  # they register themselves, which needs the registry
    const,
    localhost,
    port,
    replace,
    specific_host,
)

__all__ = [
    "TRANSFORMERS",
    "TransformerConfig",
    "TransformerParts",
    "const",
    "localhost",
    "port",
    "replace",
    "specific_host",
]
