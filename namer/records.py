"""Frozen dataclasses without generated code: `@config_class` (keywords only) and `@record` (positions too).

`dataclass(frozen=True)` compiles some six functions a class while its module is imported, 0.1 ms each: over the hundred
classes of a configuration that is a fifth of the time a linker takes to start, for objects of which there are a few.

Strategy: `dataclasses` reads the fields, so that `fields`, `replace` and defaults mean what they always mean; the
methods are written once, here, walk over the fields, and behave like the generated ones. What is made or compared for
each request stays an ordinary dataclass: its generated methods are faster.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError
from typing import Any, ClassVar, NoReturn, TypeVar, dataclass_transform

C = TypeVar("C", bound=type)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
def config_class(cls: C) -> C:
    """The class as a frozen, keyword-only dataclass. Bases may be such classes too, but not frozen dataclasses."""
    return _made(cls, kw_only=True)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: C) -> C:
    """The class as a frozen dataclass. Bases may be such classes too, but not frozen dataclasses."""
    return _made(cls, kw_only=False)


def _made(cls: C, kw_only: bool) -> C:
    if cls.__doc__ is None:
        cls.__doc__ = (
            cls.__name__
        )  # else dataclasses would inspect the class for the signature that it does not have yet
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    for name in _NAMES - vars(cls).keys():
        setattr(cls, name, vars(_Methods)[name])
    return cls


class _Methods:
    """What every such class gets, but for what it defines itself."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init__(self, /, *args: Any, **given: Any) -> None:
        fields = dataclasses.fields(self)
        values = _by_name(type(self), [field.name for field in fields if not field.kw_only], args, given)
        for field in fields:
            if field.name in values:
                continue
            if field.default_factory is not MISSING:
                values[field.name] = field.default_factory()
            elif field.default is not MISSING:
                values[field.name] = field.default
            else:
                raise TypeError(f"{type(self).__name__}() lacks {field.name!r}")
        if unknown := values.keys() - self.__dataclass_fields__.keys():
            raise TypeError(f"{type(self).__name__}() has no {', '.join(sorted(unknown))}")
        self.__dict__.update(values)
        if post_init := getattr(self, "__post_init__", None):
            post_init()

    def __repr__(self) -> str:
        shown = [f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash(_compared(self))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


_NAMES = frozenset({"__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"})


def _by_name(cls: type, names: list[str], args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """All arguments by name; `names` are those that may be given by position."""
    if len(args) > len(names):
        raise TypeError(f"{cls.__name__}() takes at most {len(names)} positional arguments, got {len(args)}")
    values = dict(zip(names, args, strict=False))
    if twice := values.keys() & given.keys():
        raise TypeError(f"{cls.__name__}() got {', '.join(sorted(twice))} twice")
    return values | given


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, field.name) for field in dataclasses.fields(self) if field.compare])
