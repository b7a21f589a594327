"""Path patterns with variables: `/{team}/*/{svc}-svc`. linkerd.md section 3.6.3, dtab.md section 11.

They select the settings of clients and services by name and are the left side of `io.l5d.rewrite`.

Strategy: a pattern is compiled into one matcher an element; paths are compared in their shown form. The element
kinds: `*`, any one element; an element with `{name}`, a search that is anchored nowhere and takes as much as it can
(`x{a}` matches `zxq` with a = `q`); anything else, that text exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dtab import Path
from dtab.path import show_label

# The range `:-_` looks like an accident but is the original's: it takes in `;<=>?@`, `[\]^` and the capital letters,
# and leaves out the hyphen.
_VARIABLE = re.compile(r"\{([a-zA-Z0-9.:-_]+)\}")
_WILDCARD = "*"


class PathTooShort(ValueError):
    """A `*` of the pattern stands where the path has no element any more: by tradition an error, no mismatch."""

    def __init__(self, pattern: str, path: Path) -> None:
        super().__init__(f"the path {path} has no element for a '*' of the pattern {pattern!r}")


class PathMatcher:
    """A compiled pattern. It matches paths that begin with it; the pattern of no elements matches all."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._elements = tuple(_Element(text) for text in _split(pattern))

    @property
    def variables(self) -> frozenset[str]:
        """The names that a match gives values to."""
        return frozenset(name for element in self._elements for name in element.variables)

    def extract(self, path: Path) -> dict[str, str] | None:
        """The values of the variables, in shown form; None: no match. Raises `PathTooShort`.

        A variable that occurs twice has its last value.
        """
        values: dict[str, str] = {}
        for at, element in enumerate(self._elements):
            if at >= len(path):
                if element.text == _WILDCARD:
                    raise PathTooShort(self.pattern, path)
                return None
            found = element.match(show_label(path[at]))
            if found is None:
                return None
            values.update(found)
        return values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathMatcher) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __str__(self) -> str:
        return self.pattern

    def __repr__(self) -> str:
        return f"PathMatcher({self.pattern!r})"


class _Element:
    __slots__ = ("_search", "text", "variables")

    def __init__(self, text: str) -> None:
        parts = _VARIABLE.split(text)  # literal, name, literal, name, …, literal
        self.text = text
        self.variables = tuple(parts[1::2])
        self._search = re.compile("(.*)".join(map(re.escape, parts[::2]))) if self.variables else None

    def match(self, label: str) -> Mapping[str, str] | None:
        if self._search is None:
            return {} if self.text in (_WILDCARD, label) else None
        found = self._search.search(label)
        return None if found is None else dict(zip(self.variables, found.groups(), strict=True))


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with each `{name}` that has a value replaced by it; others stay."""
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _split(pattern: str) -> list[str]:
    """Empty elements at both ends do not count; one inside is an element that nothing matches."""
    return pattern.strip("/").split("/") if pattern.strip("/") else []
