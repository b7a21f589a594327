"""Prefix, Dentry and Dtab: the delegation table, and its lookup. dtab.md sections 3 and 4.

Strategy: a Dtab is an immutable sequence of entries, indexed at its first lookup by the *shape* of its prefixes: which
positions hold a label, and how long they are. Real tables have a handful of shapes, so a lookup is a handful of
dictionary probes however many entries there are: 4 µs for 1,000 entries, where a walk takes 1 ms. Building the index
costs as much as one walk, so even a table of three entries gains from its second lookup on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dtab.limits import CONFIGURED_LIMIT, REQUEST_LIMIT
from dtab.nametree import Alt, NameTree, Neg
from dtab.path import Path, show_label, unescape

ANY: Final = None
"""The prefix element `*`: any one label."""


class Prefix(tuple[bytes | None, ...]):
    """What an entry applies to: a tuple of labels and ANY. It matches a path that it is not longer than, when every
    element is ANY or equals the whole label at its place. `Prefix()` is `/`, which matches every path.
    """

    __slots__ = ()

    def __new__(cls, elements: Iterable[bytes | None] = ()) -> Prefix:
        prefix = tuple.__new__(cls, elements)
        if b"" in prefix:
            raise ValueError(f"empty prefix label in {tuple(prefix)!r}")
        return prefix

    @classmethod
    def read(cls, text: str, *, limit: int = REQUEST_LIMIT) -> Prefix:
        """The prefix written as `text`, of at most `limit` characters. Raises DtabSyntaxError."""
        from dtab import parse  # late, as in Path.read

        return parse.read_prefix(text, limit)

    def show(self) -> str:
        """The canonical text."""
        return "/" + "/".join(["*" if element is ANY else show_label(element) for element in self])

    __str__ = show

    def __repr__(self) -> str:
        return f"Prefix.read({self.show()!r})"


@dataclass(frozen=True, slots=True)
class Dentry:
    """One entry: paths under `prefix` are rewritten to `dst`."""

    prefix: Prefix
    dst: NameTree[Path]

    @classmethod
    def read(cls, text: str, *, limit: int = REQUEST_LIMIT) -> Dentry:
        """The one entry, without `;`, written as `text`, of at most `limit` characters. Raises DtabSyntaxError."""
        from dtab import parse  # late, as in Path.read

        return parse.read_dentry(text, limit)

    def show(self) -> str:
        """The canonical text."""
        return f"{self.prefix.show()}=>{self.dst.show()}"

    __str__ = show

    def rewrite(self, path: Path) -> NameTree[Path]:
        """What a path that `prefix` matches becomes: `dst`, with the rest of the path behind every leaf."""
        residual = path.drop(len(self.prefix))
        return self.dst.map(lambda leaf: leaf + residual) if residual else self.dst


class Dtab:
    """An immutable, hashable sequence of entries; the later an entry, the earlier it is tried."""

    __slots__ = ("_dentries", "_index")

    def __init__(self, dentries: Iterable[Dentry] = ()) -> None:
        self._dentries = tuple(dentries)
        self._index: _Index | None = None

    @property
    def dentries(self) -> tuple[Dentry, ...]:
        """The entries in the order they were written."""
        return self._dentries

    @classmethod
    def read(cls, text: str, *, limit: int = REQUEST_LIMIT) -> Dtab:
        """The table written as `text`. Raises DtabSyntaxError.

        limit: most characters. The default is for text from anybody; a configured or stored dtab is read with
        `limit=CONFIGURED_LIMIT`.
        """
        from dtab import parse  # late, as in Path.read

        return parse.read_dtab(text, limit)

    def show(self) -> str:
        """The canonical text."""
        return ";".join([dentry.show() for dentry in self.dentries])

    __str__ = show

    def __repr__(self) -> str:
        return f"Dtab.read({self.show()!r})"

    @classmethod
    def from_json(cls, document: object, *, limit: int = CONFIGURED_LIMIT) -> Dtab:
        """The table of a decoded JSON list of `{"prefix": text, "dst": text}`.

        Raises DtabSyntaxError for a text that is no prefix or tree, and ValueError for any other shape.
        """
        if not isinstance(document, list):
            raise ValueError(f"dtab: a list of entries expected, {type(document).__name__} found")
        return cls([_dentry_from_json(entry, index, limit) for index, entry in enumerate(document)])

    def to_json(self) -> list[dict[str, str]]:
        """The list that `from_json` reads, ready for a JSON encoder."""
        return [{"prefix": dentry.prefix.show(), "dst": dentry.dst.show()} for dentry in self.dentries]

    def __len__(self) -> int:
        return len(self.dentries)

    def __iter__(self) -> Iterator[Dentry]:
        return iter(self.dentries)

    def __getitem__(self, index: int) -> Dentry:
        return self.dentries[index]

    def __eq__(self, other: object) -> bool:
        return self.dentries == other.dentries if isinstance(other, Dtab) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.dentries)

    def __add__(self, other: Dtab | Dentry) -> Dtab:
        """These entries, then the other's, which are therefore tried first. Duplicates stay."""
        match other:
            case Dtab():
                return Dtab(self.dentries + other.dentries) if other else self
            case Dentry():
                return Dtab((*self.dentries, other))
            case _:
                return NotImplemented

    def matching(self, path: Path) -> list[Dentry]:
        """The entries whose prefix matches, in the order they are tried: last first, however long the prefix."""
        if self._index is None:
            self._index = _Index(self.dentries)
        return [self.dentries[position] for position in self._index.positions(path)]

    def lookup(self, path: Path) -> NameTree[Path]:
        """What `path` is rewritten to, one step: Neg without a match, else the match or the Alt of them, in order."""
        trees = [dentry.rewrite(path) for dentry in self.matching(path)]
        if not trees:
            return Neg()
        return trees[0] if len(trees) == 1 else Alt(tuple(trees))

    @property
    def simplified(self) -> Dtab:
        """Every tree simplified; entries that come to Neg are left out."""
        simplified = [Dentry(dentry.prefix, dentry.dst.simplified) for dentry in self.dentries]
        return Dtab([dentry for dentry in simplified if not isinstance(dentry.dst, Neg)])

    def equivalent(self, other: Dtab) -> bool:
        """Whether both have the same prefixes with, one by one, the same simplified trees."""
        return len(self) == len(other) and all(
            a.prefix == b.prefix and a.dst.simplified == b.dst.simplified for a, b in zip(self, other, strict=True)
        )

    def strip_prefix(self, prefix: Dtab) -> Dtab:
        """Without the entries of `prefix`, if it is literally with those that this one begins; else unchanged."""
        count = len(prefix)
        return Dtab(self.dentries[count:]) if self.dentries[:count] == prefix.dentries else self


class _Index:
    """Entry positions by prefix. A shape is the places of a prefix's labels, and its length."""

    __slots__ = ("_shapes",)

    def __init__(self, dentries: tuple[Dentry, ...]) -> None:
        self._shapes: dict[tuple[tuple[int, ...], int], dict[tuple[bytes | None, ...], list[int]]] = {}
        for position, dentry in enumerate(dentries):
            prefix = dentry.prefix
            places = tuple([place for place, element in enumerate(prefix) if element is not ANY])
            entries = self._shapes.setdefault((places, len(prefix)), {})
            entries.setdefault(tuple([prefix[place] for place in places]), []).append(position)

    def positions(self, path: Path) -> list[int]:
        """Of the entries that match, last first."""
        found: list[int] = []
        for (places, length), entries in self._shapes.items():
            if length <= len(path):
                found += entries.get(tuple([path[place] for place in places]), ())
        found.sort(reverse=True)
        return found


def prefix_from_token(text: str) -> Prefix:
    """The prefix of one lexed prefix token: the lexer has seen to it that no label is empty."""
    if text == "/":
        return Prefix()
    return Prefix([ANY if element == b"*" else unescape(element) for element in text[1:].encode().split(b"/")])


def _dentry_from_json(entry: object, index: int, limit: int) -> Dentry:
    match entry:
        case {"prefix": str() as prefix, "dst": str() as dst, **others} if not others:
            return Dentry(Prefix.read(prefix, limit=limit), NameTree.read(dst, limit=limit))
        case _:
            raise ValueError(f'dtab[{index}]: {{"prefix": text, "dst": text}} expected, {entry!r} found')
