"""What a configuration text is read into: nodes that know their line and column. YAML and JSON give the same ones.

Scalars keep their source text: what a plain `4140` means is decided by the type it is bound to (`namer/scalars.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

MAX_CHARS = 1 << 20
"""Characters of one document: a thousand times the usual configuration, and still bound in seconds."""
MAX_DEPTH = 64
"""Levels of nesting; the schema needs about ten."""
MAX_NODES = 100_000
"""Nodes after aliases are expanded: what a document of `MAX_CHARS` without aliases may have, and no more."""


class Mark(NamedTuple):
    """A place in the text, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """plain: unquoted, so that it may stand for a number, a boolean or null.

    indent: of a literal block (`|`), the columns before its text, which begins on the line after `mark`; else None.
    """

    mark: Mark
    text: str
    plain: bool
    indent: int | None = None

    def mark_at(self, position: int) -> Mark:
        """Where character `position` of the text stands: exact in literal blocks and one-line scalars."""
        before = self.text[:position]
        if self.indent is not None:
            return Mark(self.mark.line + 1 + before.count("\n"), self.indent + position - before.rfind("\n"))
        return self.mark if "\n" in self.text else Mark(self.mark.line, self.mark.column + position + (not self.plain))


@dataclass(frozen=True, slots=True)
class ListNode:
    mark: Mark
    items: list[Node]


@dataclass(frozen=True, slots=True)
class MapNode:
    """Entries in file order, duplicates included. Keys are scalars."""

    mark: Mark
    entries: list[tuple[ScalarNode, Node]]


Node = ScalarNode | ListNode | MapNode


class TextError(Exception):
    """The text is no YAML or JSON that we take: `mark` says where, the message what."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark


def is_null(node: Node) -> bool:
    """Whether the node is a null, which is as good as absent (linkerd.md section 2)."""
    return isinstance(node, ScalarNode) and node.plain and node.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Lines:
    """Index in the text → mark, by bisection."""

    starts: list[int]

    @staticmethod
    def of(text: str) -> Lines:
        return Lines([0, *(match.end() for match in re.finditer("\n", text))])

    def mark(self, index: int) -> Mark:
        line = bisect_right(self.starts, index)
        return Mark(line, index - self.starts[line - 1] + 1)
