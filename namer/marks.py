"""Where the parts of a configuration stood in its file, and the errors that point there.

Strategy: the binder keeps a side table from each configuration object (by identity: they are frozen values and may
be equal) to its place, so that checks made after binding still point, and `/config.json` knows which keys were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from namer.nodes import Mark
from namer.records import record


class ConfigError(NamedTuple):
    """One error or warning. path: the keys that lead there, "routers[0].identifier"; "" for the whole document."""

    mark: Mark
    path: str
    message: str

    def show(self, name: str) -> str:
        """`file.yaml:7:3: routers[0].identifier: message`, always one line."""
        path = self.path and f"{self.path}: "
        return f"{name}:{self.mark.line}:{self.mark.column}: {path}{self.message}".replace("\n", "\\n")


class ConfigErrors(Exception):
    """A configuration is refused. `errors` in file order; the text has one line an error."""

    def __init__(self, name: str, errors: list[ConfigError]) -> None:
        self.name = name
        self.errors = sorted(set(errors))
        super().__init__("\n".join(error.show(name) for error in self.errors))


class FieldError(ValueError):
    """Raised by `__post_init__` of a configuration class: the value of `key` is wrong."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@record
class Placed:
    """A configuration object and where it stood.

    keys: the keys given (not null), in file order, each with the mark of the key and of its value.
    kind, what: of a block of a registry, its kind and family ("namer"); tag: the key that said so, "" if none did.
    experimental: that kind must be enabled; enabled: whether the block says `experimental: true`.
    """

    config: object
    mark: Mark
    path: str
    keys: Mapping[str, tuple[Mark, Mark]]
    tag: str = ""
    kind: str = ""
    what: str = ""
    experimental: bool = False
    enabled: bool = False


@dataclass(slots=True)
class Marks:
    """The side table. It holds its objects, so that identities stay theirs."""

    _placed: dict[int, Placed] = field(default_factory=dict)

    def put(self, placed: Placed) -> None:
        """Remember an object."""
        self._placed[id(placed.config)] = placed

    def get(self, config: object) -> Placed | None:
        """Where `config` stood; None for an object that was not in the file (a default)."""
        return self._placed.get(id(config))

    def __iter__(self) -> Iterator[Placed]:
        """Every object of the file, inner ones before those that hold them."""
        return iter(self._placed.values())

    def error(self, config: object, message: str, key: str = "") -> ConfigError:
        """An error at `config`, or at the value of its `key` where the file has that key."""
        placed = self.get(config)
        if placed is None:
            return ConfigError(Mark(1, 1), key, message)
        path = f"{placed.path}.{key}".strip(".") if key else placed.path
        mark = placed.keys[key][1] if key in placed.keys else placed.mark
        return ConfigError(mark, path, message)
