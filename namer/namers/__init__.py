"""The kinds of `namers:`, a file each. A new kind: its file, and its module in the two lists below."""

from namer.namers import fs, rewrite
from namer.namers.base import NAMERS, NamerConfig

KINDS = (fs, rewrite)

__all__ = ["KINDS", "NAMERS", "NamerConfig"]
