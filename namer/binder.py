"""The walk over (type, node) that `namer/config.py` describes: one pass, every error noted.

Strategy: `Binder` has a method a shape of type; each returns a value, or `BAD` after noting why, and goes on with
its siblings. Classes are built only from good fields, so that `__post_init__` never sees half a configuration.
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dtab import DtabSyntaxError
from namer.marks import ConfigError, FieldError, Marks, Placed
from namer.nodes import ListNode, MapNode, Mark, Node, ScalarNode, is_null
from namer.plugin import NOT_IMPLEMENTED, Registry
from namer.scalars import brief, expected, pointed, read_scalar
from namer.values import FromText

BAD: Any = object()
"""Stands for a value that could not be bound; its error has been noted."""

MAX_ERRORS = 100
"""Errors noted before the walk is given up: more than anybody reads, and a bound on the work spent on guesses."""


class TooManyErrors(Exception):
    """Ends the walk; the errors so far are in the binder."""


def guess(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, or all of them."""
    words = {each.lower(): each for each in sorted(known)}
    if near := difflib.get_close_matches(word.lower(), words, 1):
        return f"did you mean {words[near[0]]!r}?"
    return f"known: {', '.join(words.values())}" if words else "there is none"


_HINTS: dict[Any, Mapping[str, Any]] = {}


def hints(cls: type[Any]) -> Mapping[str, Any]:
    """Field name → type of a configuration class, resolved once."""
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls, include_extras=True)
    return _HINTS[cls]


def keyed_fields(cls: type[Any]) -> Mapping[str, dataclasses.Field[Any]]:
    """Key in the file → field: the field's name, unless that is no Python name (`keyed` in `namer/config.py`)."""
    return {field.metadata.get("key", field.name): field for field in dataclasses.fields(cls) if field.init}


def _key_path(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


@dataclass(slots=True)
class _Block:
    """A mapping on its way to an object: the entries left, and what its registry said about it."""

    node: MapNode
    path: str
    entries: dict[str, tuple[ScalarNode, Node]]
    registry: Registry | None = None
    tag: str = ""
    kind: str = ""
    enabled: bool = False


class Binder:
    """One walk. Every method returns a value or `BAD` after noting why."""

    def __init__(self) -> None:
        self.errors: list[ConfigError] = []
        self.marks = Marks()

    def bad(self, mark: Mark, path: str, message: str) -> Any:
        if len(self.errors) == MAX_ERRORS:
            self.errors.append(ConfigError(mark, "", f"more than {MAX_ERRORS} errors; the rest is not shown"))
            raise TooManyErrors
        self.errors.append(ConfigError(mark, path, message))
        return BAD

    def value(self, type_: Any, node: Node, path: str) -> Any:
        origin, args = typing.get_origin(type_), typing.get_args(type_)
        if origin is typing.Annotated:
            return self._annotated(args[0], args[1:], node, path)
        if origin in (typing.Union, types.UnionType):
            return self._union(args, node, path)
        if origin is typing.Literal:
            return self._word({str(arg): arg for arg in args}, node, path)
        if origin in (list, tuple):
            return self._list(origin, args[0], node, path)
        if origin is dict:
            return self._dict(args[1], node, path)
        if isinstance(type_, type) and dataclasses.is_dataclass(type_):
            return self._object(type_, node, path)
        if isinstance(type_, type) and issubclass(type_, enum.Enum):
            return self._word({str(member.value): member for member in type_}, node, path)
        try:
            return read_scalar(type_, node)
        except DtabSyntaxError as error:
            mark, message = pointed(node, error)
            return self.bad(mark, path, message)
        except ValueError as error:
            return self.bad(node.mark, path, str(error))

    def _annotated(self, base: Any, extras: tuple[Any, ...], node: Node, path: str) -> Any:
        if isinstance(extras[0], Registry):
            value = self._kind(extras[0], node, path)
        elif isinstance(extras[0], FromText):
            value = self.value(str, node, path)
        else:
            value = self.value(base, node, path)
        for extra in extras:
            if value is BAD or isinstance(extra, Registry):
                continue
            try:
                value = extra.read(value) if isinstance(extra, FromText) else extra(value)
            except ValueError as error:
                return self.bad(node.mark, path, str(error))
        return value

    def _union(self, args: tuple[Any, ...], node: Node, path: str) -> Any:
        if type(None) in args and is_null(node):
            return None
        members = [arg for arg in args if arg is not type(None)]
        if len(members) == 1:
            return self.value(members[0], node, path)
        for member in members:
            if _shape(member) is type(node):
                return self.value(member, node, path)
        return self.bad(node.mark, path, expected(" or ".join(_SHAPES[_shape(m)] for m in members), node))

    def _word(self, words: Mapping[str, Any], node: Node, path: str) -> Any:
        if not isinstance(node, ScalarNode) or is_null(node):
            return self.bad(node.mark, path, expected("one of " + ", ".join(words), node))
        if node.text not in words:
            return self.bad(node.mark, path, f"unknown value {brief(node.text)!r}; {guess(node.text, words)}")
        return words[node.text]

    def _list(self, origin: Any, item: Any, node: Node, path: str) -> Any:
        if not isinstance(node, ListNode):
            return self.bad(node.mark, path, expected("a list", node))
        values = [self.value(item, each, f"{path}[{i}]") for i, each in enumerate(node.items)]
        return BAD if any(value is BAD for value in values) else origin(values)

    def _dict(self, item: Any, node: Node, path: str) -> Any:
        if not isinstance(node, MapNode):
            return self.bad(node.mark, path, expected("a mapping", node))
        entries = self._entries(node, path)
        values = {key: self.value(item, each, _key_path(path, key)) for key, (_, each) in entries.items()}
        return BAD if any(value is BAD for value in values.values()) else values

    def _entries(self, node: MapNode, path: str) -> dict[str, tuple[ScalarNode, Node]]:
        entries: dict[str, tuple[ScalarNode, Node]] = {}
        for key, value in node.entries:
            if key.text in entries:
                first = entries[key.text][0].mark
                self.bad(key.mark, path, f"Duplicate field {brief(key.text)!r}; it is on line {first.line} already")
            else:
                entries[key.text] = (key, value)
        return entries

    def _kind(self, registry: Registry, node: Node, path: str) -> Any:
        if not isinstance(node, MapNode):
            return self.bad(node.mark, path, expected(f"a mapping with {registry.tag!r}", node))
        block = _Block(node, path, self._entries(node, path), registry)
        tag, value = block.entries.pop(registry.tag, (None, None))
        if tag is None or value is None or is_null(value):
            if not (registry.implicit and registry.default):
                known = ", ".join(sorted(registry.kinds))
                return self.bad(node.mark, path, f"{registry.tag} is required; known: {known}")
            block.kind = registry.default
        elif not isinstance(value, ScalarNode):
            return self.bad(value.mark, path, expected(f"the {registry.tag} of a {registry.what}", value))
        else:
            block.tag, block.kind = registry.tag, value.text
        cls = registry.kinds.get(block.kind)
        if cls is not None:
            return self._build(cls, block)
        mark = value.mark if value is not None else node.mark
        if reason := registry.refusal(block.kind):
            return self.bad(mark, path, f"{block.kind}: {reason}")
        return self.bad(
            mark, path, f"unknown {registry.tag} {brief(block.kind)!r}; {guess(block.kind, registry.kinds)}"
        )

    def _object(self, cls: type[Any], node: Node, path: str) -> Any:
        if not isinstance(node, MapNode):
            return self.bad(node.mark, path, expected("a mapping", node))
        return self._build(cls, _Block(node, path, self._entries(node, path)))

    def _build(self, cls: type[Any], block: _Block) -> Any:
        before = len(self.errors)
        fields = keyed_fields(cls)
        self._experimental(block, fields)
        values: dict[str, Any] = {}
        for key, (key_node, node) in block.entries.items():
            if key not in fields:
                self._unknown_key(cls, key_node, block.path, fields)
            elif is_null(node):
                continue
            elif fields[key].metadata.get("planned"):
                self.bad(key_node.mark, _key_path(block.path, key), f"{key}: {NOT_IMPLEMENTED}")
            else:
                values[key] = self.value(hints(cls)[fields[key].name], node, _key_path(block.path, key))
        for key, field in fields.items():
            if key not in values and field.default is field.default_factory is dataclasses.MISSING:
                self.bad(block.node.mark, block.path, field.metadata.get("required", f"{key} is required"))
        if len(self.errors) > before:
            return BAD
        return self._construct(cls, values, block)

    def _experimental(self, block: _Block, fields: Mapping[str, Any]) -> None:
        """Note `experimental: true`, which a kind may have without a field for it."""
        registry = block.registry
        if registry is None or "experimental" not in block.entries:
            return
        if registry.takes_experimental or "experimental" in fields:
            _, node = block.entries["experimental"]
            block.enabled = isinstance(node, ScalarNode) and node.plain and node.text.lower() == "true"
            if "experimental" not in fields:
                del block.entries["experimental"]
                self.value(bool | None, node, _key_path(block.path, "experimental"))

    def _unknown_key(self, cls: type[Any], key: ScalarNode, path: str, fields: Iterable[str]) -> None:
        removed: Mapping[str, str] = getattr(cls, "removed_keys", {})
        if key.text in removed:
            self.bad(key.mark, path, f"unknown key {key.text!r}: {removed[key.text]}")
        else:
            self.bad(key.mark, path, f"unknown key {brief(key.text)!r}; {guess(key.text, fields)}")

    def _construct(self, cls: type[Any], values: dict[str, Any], block: _Block) -> Any:
        fields = keyed_fields(cls)
        try:
            config = cls(**{fields[key].name: value for key, value in values.items()})
        except FieldError as error:
            node = block.entries[error.key][1] if error.key in block.entries else block.node
            return self.bad(node.mark, _key_path(block.path, error.key), str(error))
        except ValueError as error:
            return self.bad(block.node.mark, block.path, str(error))
        keys = {key: (block.entries[key][0].mark, block.entries[key][1].mark) for key in values}
        registry, kind = block.registry, block.kind
        self.marks.put(
            Placed(
                config,
                block.node.mark,
                block.path,
                keys,
                tag=block.tag,
                kind=kind,
                what=registry.what if registry else "",
                experimental=registry is not None and registry.is_experimental(kind),
                enabled=block.enabled,
            )
        )
        return config


def _shape(type_: Any) -> type[Node]:
    """Which node a member of a union is written as."""
    if typing.get_origin(type_) is typing.Annotated:
        base, first, *_ = typing.get_args(type_)
        if isinstance(first, Registry):
            return MapNode
        return ScalarNode if isinstance(first, FromText) else _shape(base)
    if typing.get_origin(type_) in (list, tuple):
        return ListNode
    if typing.get_origin(type_) is dict or dataclasses.is_dataclass(type_):
        return MapNode
    return ScalarNode


_SHAPES: Mapping[type[Node], str] = {ScalarNode: "a scalar", ListNode: "a list", MapNode: "a mapping"}
