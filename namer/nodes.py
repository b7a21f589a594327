"""Configuration text → a tree of nodes that know their line and column. YAML, or JSON when it begins with `{`.

Strategy: YAML is read from the event stream of pyyaml, not composed by it, so that depth, the number of nodes that
aliases expand to, merge keys and tags are bounded or refused here, and JSON gives the same nodes (linkerd.md
section 2). Scalars keep their source text; what a plain `4140` means is decided by the type it is bound to.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any

import yaml

MAX_CHARS = 1 << 20
"""Characters of one document: a thousand times the usual configuration, and still bound in seconds."""
MAX_DEPTH = 64
"""Levels of nesting; the schema needs about ten."""
MAX_NODES = 100_000
"""Nodes after aliases are expanded: what a document of `MAX_CHARS` without aliases may have, and no more."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
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
        """Where the character `position` of the text stands in the file: exact for literal blocks and one-line scalars."""
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


def read_nodes(text: str) -> Node | None:
    """The first document of the text, None when it is empty. Raises `TextError`."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARS:
        raise TextError(Mark(1, 1), f"the configuration has {len(text)} characters, more than {MAX_CHARS}")
    if text.lstrip()[:1] == "{":
        return _Json(text, _Lines.of(text)).document()
    if bad := _UNPRINTABLE.search(text):
        raise TextError(_Lines.of(text).mark(bad.start()), f"character U+{ord(bad.group()):04X} is not allowed in YAML")
    return _Yaml(text).document()


@dataclass(frozen=True, slots=True)
class _Lines:
    """Index in the text → mark, by bisection."""

    starts: list[int]

    @staticmethod
    def of(text: str) -> _Lines:
        return _Lines([0, *(match.end() for match in re.finditer("\n", text))])

    def mark(self, index: int) -> Mark:
        line = bisect_right(self.starts, index)
        return Mark(line, index - self.starts[line - 1] + 1)


@dataclass(slots=True)
class _Anchor:
    node: Node | None  # None while the anchored node is still open
    size: int = 0


@dataclass(slots=True)
class _Yaml:
    """Builds nodes from events; `size` counts them with aliases expanded."""

    text: str
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    size: int = 0

    def document(self) -> Node | None:
        try:
            events = yaml.parse(self.text, Loader=_LOADER)
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    return self._node(next(events), events, 0)
            return None
        except yaml.MarkedYAMLError as error:
            raise _syntax_error(error) from None
        except yaml.YAMLError as error:
            raise TextError(Mark(1, 1), f"not YAML: {error}") from None

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark)
        if depth > MAX_DEPTH:
            raise TextError(mark, f"nested deeper than {MAX_DEPTH} levels")
        before = self.size
        self._count(1, mark)
        anchor = None
        if event.anchor is not None:
            anchor = self.anchors[event.anchor] = _Anchor(None)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            _check_tag(event, "seq", mark)
            node = ListNode(mark, self._items(events, depth))
        else:
            _check_tag(event, "map", mark)
            node = MapNode(mark, self._entries(events, depth))
        if anchor is not None:
            anchor.node, anchor.size = node, self.size - before
        return node

    def _items(self, events: Iterator[Any], depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return items

    def _entries(self, events: Iterator[Any], depth: int) -> list[tuple[ScalarNode, Node]]:
        entries = []
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            if not isinstance(key, ScalarNode):
                raise TextError(key.mark, "a key must be a plain word, not a list or a mapping")
            if key.plain and key.text == "<<":
                raise TextError(
                    key.mark, "merge keys (<<) are not supported: linkerd never merged them; repeat the keys"
                )
            entries.append((key, self._node(next(events), events, depth + 1)))
        return entries

    def _scalar(self, event: Any, mark: Mark) -> ScalarNode:
        plain = event.style in (None, "")
        indent = None
        if event.style == "|":
            body = self.text.split("\n")[mark.line : event.end_mark.line + 1]
            indent = next((len(line) - len(line.lstrip(" ")) for line in body if line.strip()), 0)
        if event.tag == _CORE + "str":
            plain = False
        elif event.tag is not None and event.tag != "!":
            _check_tag(event, "str", mark)
        return ScalarNode(mark, event.value, plain, indent)

    def _alias(self, event: Any, mark: Mark) -> Node:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            raise TextError(mark, f"alias *{event.anchor} has no anchor &{event.anchor} above it")
        if anchor.node is None:
            raise TextError(mark, f"alias *{event.anchor} stands inside its own anchor")
        self._count(anchor.size, mark)
        return anchor.node

    def _count(self, nodes: int, mark: Mark) -> None:
        self.size += nodes
        if self.size > MAX_NODES:
            raise TextError(mark, f"more than {MAX_NODES} nodes, aliases expanded")


def _check_tag(event: Any, name: str, mark: Mark) -> None:
    if event.tag not in (None, "!", _CORE + name):
        shown = event.tag.replace(_CORE, "!!")
        raise TextError(mark, f"tag {shown} is not supported")


def _syntax_error(error: yaml.MarkedYAMLError) -> TextError:
    at = error.problem_mark or error.context_mark
    mark = Mark(at.line + 1, at.column + 1) if at is not None else Mark(1, 1)
    parts = [part for part in (error.context, error.problem) if part]
    if error.context and error.context_mark is not None and error.context_mark.line + 1 != mark.line:
        parts[0] += f" (line {error.context_mark.line + 1})"
    return TextError(mark, "not YAML: " + ", ".join(parts))


_STRING_READER = JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_LITERAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null", re.ASCII)


@dataclass(slots=True)
class _Json:
    """RFC 8259, recursive descent. Strings are read by the standard library, which takes no control characters."""

    text: str
    lines: _Lines
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

    def _members(self, end: str, member: Any) -> list[Any]:
        self.at += 1
        members: list[Any] = []
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
        return ScalarNode(mark, value, False)
