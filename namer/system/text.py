"""Reading path labels as text, the way the original's system names do. dtab.md sections 1.3, 9 and 19."""

from __future__ import annotations

import re

from dtab import Path

_INTEGER = re.compile(r"[+-]?[0-9]+")


def integer(text: str) -> int | None:
    """What Java's Integer.parseInt reads: an optional sign, ASCII digits, 32 bits. None for anything else."""
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > 10:  # more than 32 bits; int() of a label of any length is not for free
        return None
    value = -int(digits) if text[0] == "-" else int(digits)
    return value if -(2**31) <= value < 2**31 else None


def reencoded(path: Path) -> Path:
    """The path read as text and written again: bytes that are not UTF-8 become U+FFFD (dtab.md section 1.3)."""
    return Path.of(*path.texts)
