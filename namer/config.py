"""YAML or JSON text → frozen dataclasses; or every error at once, each with its line, column and key.

A configuration class is a `@config_class` (`namer/records.py`) whose field names *are* the keys. What a field may be:
`str`, `int`, `float`, `bool`, `Literal[…]`, an `Enum` (by value), `Path`, `Dtab`, another configuration class,
`list[X]`, `tuple[X, ...]`, `dict[str, X]`, `X | None`, `X | list[X]` (the shape in the file decides),
`Annotated[X, REGISTRY]` (a block whose `kind:` is looked up) and `Annotated[X, check, …]` (see `namer/values.py`).
A `__post_init__` that raises `ValueError` makes that an error of the block, `FieldError` of one of its keys.
Class attribute `removed_keys: ClassVar[dict[str, str]]`: keys of older versions → what replaced them.

Strategy: `namer/yaml_nodes.py` reads the text, `namer/binder.py` walks it along the types. linkerd.md section 2.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from namer.binder import Binder, TooManyErrors
from namer.marks import ConfigError, ConfigErrors, FieldError, Marks
from namer.nodes import MapNode, Mark, TextError, is_null
from namer.plugin import Registry
from namer.records import record
from namer.values import (
    Directory,
    File,
    Fraction,
    FromText,
    HostAndPort,
    IpLiteral,
    Kilobytes,
    LogLevel,
    Millis,
    NonEmpty,
    NonNegativeInt,
    Port,
    PositiveInt,
    PositiveMillis,
    PositiveSeconds,
    Regex,
    Seconds,
    at_least,
    between,
)
from namer.yaml_nodes import read_nodes

__all__ = [
    "Binding",
    "ConfigError",
    "ConfigErrors",
    "Directory",
    "FieldError",
    "File",
    "Fraction",
    "FromText",
    "HostAndPort",
    "IpLiteral",
    "Kilobytes",
    "LogLevel",
    "Marks",
    "Millis",
    "NonEmpty",
    "NonNegativeInt",
    "Port",
    "PositiveInt",
    "PositiveMillis",
    "PositiveSeconds",
    "Regex",
    "Seconds",
    "at_least",
    "between",
    "bind",
    "bind_config",
    "bind_kind",
    "keyed",
    "later",
    "planned",
    "required",
]

T = TypeVar("T")


def planned() -> Any:
    """A field for a key of linkerd 1.7.5 that is refused as "not implemented yet"; its value is never read."""
    return dataclasses.field(default=None, metadata={"planned": True})


def later(default: Any = None, factory: Callable[[], Any] | None = None) -> Any:
    """A field for a key that is read and checked, but that nothing obeys yet: using it is an error when building."""
    if factory is not None:
        return dataclasses.field(default_factory=factory, metadata={"later": True})
    return dataclasses.field(default=default, metadata={"later": True})


def keyed(key: str, default_factory: Callable[[], Any]) -> Any:
    """A field whose key in the file is no Python name (`for`)."""
    return dataclasses.field(default_factory=default_factory, metadata={"key": key})


def required(message: str) -> Any:
    """A field without default whose absence is reported in linkerd's own words."""
    return dataclasses.field(metadata={"required": message})


@record
class Binding(Generic[T]):
    """A bound document. name: what messages call it; marks: where everything stood."""

    value: T
    marks: Marks
    name: str


def bind_config(cls: type[T], text: str, name: str) -> T:
    """The text as a `cls`. `name` (the file) begins each line of `ConfigErrors`, the only exception raised."""
    return bind(cls, text, name).value


def bind_kind(registry: Registry, text: str, name: str) -> Any:
    """The text as one block of a registry, for instance `kind: io.l5d.path`. See `bind_config`."""
    return _bind(typing.Annotated[Any, registry], text, name).value


def bind(cls: type[T], text: str, name: str) -> Binding[T]:
    """Like `bind_config`, keeping the marks."""
    return _bind(cls, text, name)


def _bind(type_: Any, text: str, name: str) -> Binding[Any]:
    try:
        node = read_nodes(text)
    except TextError as error:
        raise ConfigErrors(name, [ConfigError(error.mark, "", str(error))]) from None
    if node is None or is_null(node):  # an empty document lacks its required keys, no more
        node = MapNode(Mark(1, 1), [])
    binder = Binder()
    value = None
    with suppress(TooManyErrors):
        value = binder.value(type_, node, "")
    if binder.errors:
        raise ConfigErrors(name, binder.errors)
    return Binding(value, binder.marks, name)
