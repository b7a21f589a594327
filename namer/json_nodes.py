"""JSON → nodes (RFC 8259): recursive descent with marks, which the standard library's reader does not give.

Strings are read by the standard library, which takes no raw control characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import TypeVar

from namer.nodes import MAX_DEPTH, MAX_NODES, Lines, ListNode, MapNode, Mark, Node, ScalarNode, TextError

T = TypeVar("T")

_STRING_READER = JSONDecoder()
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\n\r]*")
_LITERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null", re.ASCII)


@dataclass(slots=True)
class JsonReader:
    """RFC 8259, recursive descent. Strings are read by the standard library, which takes no control characters."""

    text: str
    lines: Lines
    at: int = 0
    size: int = 0

    def document(self) -> Node:
        node = self._value(0)
        self._skip()
        if self.at < len(self.text):
            raise self._error("the end of the document")
        return node

    def _skip(self) -> str:
        """Past white space; the next character, "" at the end."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # matches everywhere
        return self.text[self.at : self.at + 1]

    def _error(self, expected: str) -> TextError:
        found = repr(self.text[self.at]) if self.at < len(self.text) else "the end of the text"
        return TextError(self.lines.mark(self.at), f"not JSON: expected {expected}, got {found}")

    def _value(self, depth: int) -> Node:
        start = self._skip()
        mark = self.lines.mark(self.at)
        self.size += 1
        if depth > MAX_DEPTH:
            raise TextError(mark, f"nested deeper than {MAX_DEPTH} levels")
        if self.size > MAX_NODES:
            raise TextError(mark, f"more than {MAX_NODES} nodes")
        if start == "{":
            return MapNode(mark, self._members("}", lambda: self._member(depth + 1)))
        if start == "[":
            return ListNode(mark, self._members("]", lambda: self._value(depth + 1)))
        if start == '"':
            return self._string(mark)
        if literal := _LITERAL.match(self.text, self.at):
            self.at = literal.end()
            return ScalarNode(mark, literal.group(), True)
        raise self._error("a value")

    def _members(self, end: str, member: Callable[[], T]) -> list[T]:
        self.at += 1
        members: list[T] = []
        if self._skip() == end:
            self.at += 1
            return members
        while True:
            members.append(member())
            if (after := self._skip()) not in (",", end) or not after:
                raise self._error(f"',' or '{end}'")
            self.at += 1
            if after == end:
                return members

    def _member(self, depth: int) -> tuple[ScalarNode, Node]:
        if self._skip() != '"':
            raise self._error("a key in double quotes")
        self.size += 1
        key = self._string(self.lines.mark(self.at))
        if self._skip() != ":":
            raise self._error("':'")
        self.at += 1
        return key, self._value(depth)

    def _string(self, mark: Mark) -> ScalarNode:
        try:
            value, self.at = _STRING_READER.raw_decode(self.text, self.at)
        except JSONDecodeError as error:
            where = self.lines.mark(min(error.pos, len(self.text)))
            raise TextError(where, f"not JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
        if _SURROGATE.search(value):
            raise TextError(mark, "not JSON: half a surrogate pair is no character")
        return ScalarNode(mark, value, False)
