"""YAML (or JSON, when the text begins with `{`) → nodes. linkerd.md section 2.

Strategy: YAML is read from the event stream of pyyaml, not composed by it, so that depth, the number of nodes that
aliases expand to, merge keys and tags are bounded or refused here. Only the first document is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from namer.json_nodes import JsonReader
from namer.nodes import MAX_CHARS, MAX_DEPTH, MAX_NODES, Lines, ListNode, MapNode, Mark, Node, ScalarNode, TextError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CHARS_PER_NODE = 64
"""Characters of a scalar that count as one more node, so that a long text cannot be repeated by aliases for ever."""

_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_CORE = "tag:yaml.org,2002:"


def read_nodes(text: str) -> Node | None:
    """The first document of the text, None when it is empty. Raises `TextError`."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARS:
        raise TextError(Mark(1, 1), f"the configuration has {len(text)} characters, more than {MAX_CHARS}")
    if text.lstrip()[:1] == "{":
        return JsonReader(text, Lines.of(text)).document()
    if bad := _UNPRINTABLE.search(text):
        raise TextError(Lines.of(text).mark(bad.start()), f"character U+{ord(bad.group()):04X} is not allowed in YAML")
    return YamlReader(text).document()


@dataclass(slots=True)
class _Anchor:
    node: Node | None  # None while the anchored node is still open
    size: int = 0


@dataclass(slots=True)
class YamlReader:
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
            raise _syntax_error(error, self.text) from None
        except yaml.YAMLError as error:
            raise TextError(Mark(1, 1), f"not YAML: {error}") from None

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark)
        if depth > MAX_DEPTH:
            raise TextError(mark, f"nested deeper than {MAX_DEPTH} levels")
        before = self.size
        self._count(1 + len(getattr(event, "value", "")) // CHARS_PER_NODE, mark)
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
            indent = _first_indent(body) - _first_indent(event.value.split("\n"))
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


def _first_indent(lines: list[str]) -> int:
    """Spaces before the first line that has something else."""
    return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)


def _check_tag(event: Any, name: str, mark: Mark) -> None:
    if event.tag not in (None, "!", _CORE + name):
        shown = event.tag.replace(_CORE, "!!")
        raise TextError(mark, f"tag {shown} is not supported")


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> TextError:
    at = error.problem_mark or error.context_mark
    mark = Mark(at.line + 1, at.column + 1) if at is not None else Mark(1, 1)
    if tab := _indented_by_tab(text, mark):
        return tab
    parts = [part for part in (error.context, error.problem) if part]
    if error.context and error.context_mark is not None and error.context_mark.line + 1 != mark.line:
        parts[0] += f" (line {error.context_mark.line + 1})"
    return TextError(mark, "not YAML: " + ", ".join(parts))


def _indented_by_tab(text: str, mark: Mark) -> TextError | None:
    """What YAML's own words hide best: a tab before the first character of the line in question."""
    line = next(iter(text.splitlines()[mark.line - 1 :]), "")
    at = line.find("\t", 0, len(line) - len(line.lstrip(" \t-")))
    return TextError(Mark(mark.line, at + 1), "not YAML: a tab where YAML wants spaces") if at >= 0 else None
