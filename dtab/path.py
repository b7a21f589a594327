"""Path: the name of something, as a sequence of non-empty byte strings. dtab.md section 1.

Strategy: a path *is* the tuple of its labels, so that hashing and comparing, which the binding caches do for every
request, are the tuple's own. Text is met only at `read`, `show`, `of` and `texts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from dtab.limits import REQUEST_LIMIT

# The characters that stand for themselves in a shown label, as the inside of a regular expression's class.
_SHOWABLE: Final = "0-9A-Za-z_:.#$%-"
_SHOWABLE_LABEL = re.compile(f"[{_SHOWABLE}]+".encode())
_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})")
# A path with no escape, white space or comment. Names built from request URIs are read once a request, and nearly all
# are plain: one match and a split take 1 µs where the parser takes 30.
_PLAIN = re.compile(f"/(?:[{_SHOWABLE}]+(?:/[{_SHOWABLE}]+)*)?")


class Path(tuple[bytes, ...]):
    """A tuple of non-empty labels. `Path()` is `/`. An empty label is a ValueError, in `Path(…)` as in `Path.of(…)`."""

    __slots__ = ()

    def __new__(cls, labels: Iterable[bytes] = ()) -> Path:
        path = tuple.__new__(cls, labels)
        if b"" in path:
            raise ValueError(f"empty path label in {tuple(path)!r}")
        return path

    @classmethod
    def of(cls, *labels: str | bytes) -> Path:
        """The path with these labels, whatever characters they hold; text becomes UTF-8, without parsing."""
        # A lone surrogate has no UTF-8 form; like the original, it becomes "?".
        return cls([label.encode("utf-8", "replace") if isinstance(label, str) else label for label in labels])

    @classmethod
    def read(cls, text: str, *, limit: int = REQUEST_LIMIT) -> Path:
        """The path written as `text`, of at most `limit` characters. Raises DtabSyntaxError."""
        if len(text) <= limit and _PLAIN.fullmatch(text):
            return path_from_token(text)
        # Imported late: the parser builds paths, so it stands above this module; and it loads lark.
        from dtab import parse

        return parse.read_path(text, limit)

    def show(self) -> str:
        """The canonical text: `Path.read(path.show()) == path`."""
        return "/" + "/".join([show_label(label) for label in self])

    __str__ = show

    def __repr__(self) -> str:
        return f"Path.read({self.show()!r})"

    @property
    def texts(self) -> tuple[str, ...]:
        """The labels as text; bytes that are not UTF-8 read as U+FFFD."""
        return tuple([label.decode("utf-8", "replace") for label in self])

    def __add__(self, other: tuple[bytes, ...]) -> Path:  # type: ignore[override]  # narrower than any tuple + any tuple
        return Path((*self, *other))

    def take(self, count: int) -> Path:
        """The first `count` labels, or all when there are fewer."""
        return _trusted(self[:count])

    def drop(self, count: int) -> Path:
        """All but the first `count` labels; empty when there are fewer."""
        return _trusted(self[count:])

    def starts_with(self, prefix: tuple[bytes, ...]) -> bool:
        """Whether the first labels are those of `prefix`; whole labels only."""
        return self[: len(prefix)] == prefix


def show_label(label: bytes) -> str:
    """A label's canonical text. One byte that cannot show escapes every byte of the label (dtab.md section 1.2)."""
    if _SHOWABLE_LABEL.fullmatch(label):
        return label.decode()
    return "".join([f"\\x{byte:02x}" for byte in label])


def unescape(label: bytes) -> bytes:
    """The bytes that one lexed label stands for."""
    return _ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), label)


def path_from_token(text: str) -> Path:
    """The path of one lexed path token: the lexer has seen to it that no label is empty."""
    if text == "/":
        return Path()
    # An escaped slash is spelt \x2f: every "/" of the text separates.
    labels = text[1:].encode().split(b"/")
    return _trusted([unescape(label) for label in labels] if "\\" in text else labels)


def _trusted(labels: Iterable[bytes]) -> Path:
    """Labels known to be non-empty: skips the check of `Path(…)`, which would walk them again."""
    return tuple.__new__(Path, labels)
