"""Registries of kinds: which configuration class a `kind:` (or `protocol:`) of a YAML block stands for.

Strategy: one `Registry` a family of kinds (namers, identifiers, balancers …), owned by the package of that family.
Each kind is a frozen dataclass in a file of its own that registers itself; the package's `__init__` imports those
files. Kinds that linkerd 1.7.5 has and this project does not have (yet) are known by name, so that they are refused
with the reason instead of being called unknown. The YAML side is `namer/config.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

C = TypeVar("C", bound=type)

NOT_IMPLEMENTED = "not implemented yet"


class Registry:
    """The kinds of one family.

    what: the family in the singular, for messages: "identifier", "namer", "load balancer".
    tag: the key of a block that names its kind.
    default: the kind of an *absent* block, see `default_config`; None: there is none.
    implicit: the default also holds for a block that is there and lacks the tag (linkerd.md section 2: only `client`
        and `service`); without it such a block is an error.
    planned: kinds of linkerd 1.7.5 refused as "not implemented yet".
    refused: kinds refused for ever, each with its reason.
    takes_experimental: every block of the family may say `experimental: true | false`. Implied by a registered
        experimental kind; a class may also have a field of that name.
    """

    def __init__(
        self,
        what: str,
        *,
        tag: str = "kind",
        default: str | None = None,
        implicit: bool = False,
        planned: Iterable[str] = (),
        refused: Mapping[str, str] | None = None,
        takes_experimental: bool = False,
    ) -> None:
        self.what = what
        self.tag = tag
        self.default = default
        self.implicit = implicit
        self.takes_experimental = takes_experimental
        self._kinds: dict[str, type[Any]] = {}
        self._experimental: set[str] = set()
        self._refused = dict.fromkeys(planned, NOT_IMPLEMENTED) | dict(refused or {})

    def register(self, kind: str, *, experimental: bool = False) -> Callable[[C], C]:
        """A class decorator: the decorated frozen dataclass is the configuration of `kind`.

        One class may be registered for several kinds; a kind registered twice is a `ValueError`.
        experimental: starting demands `experimental: true` in the block (linkerd.md section 3.23).
        """

        def decorate(cls: C) -> C:
            if kind in self._kinds:
                raise ValueError(f"{self.what} kind {kind!r} is registered twice: {self._kinds[kind]!r} and {cls!r}")
            self._refused.pop(kind, None)
            self._kinds[kind] = cls
            if experimental:
                self._experimental.add(kind)
                self.takes_experimental = True
            return cls

        return decorate

    @property
    def kinds(self) -> Mapping[str, type[Any]]:
        """kind → configuration class."""
        return MappingProxyType(self._kinds)

    def is_experimental(self, kind: str) -> bool:
        """Whether `kind` must be enabled by `experimental: true`."""
        return kind in self._experimental

    def refusal(self, kind: str) -> str | None:
        """Why a kind known by name is not available, or None."""
        return self._refused.get(kind)

    def kind_of(self, config: object) -> str:
        """The (first) kind that the class of `config` is registered for; `KeyError` if there is none."""
        for kind, cls in self._kinds.items():
            if cls is type(config):
                return kind
        raise KeyError(f"{type(config).__name__} is no {self.what} kind")

    def default_config(self) -> Any:
        """The configuration of an absent block: the default kind with its defaults."""
        if self.default is None:
            raise ValueError(f"{self.what} has no default kind")
        return self._kinds[self.default]()

    def __repr__(self) -> str:
        return f"Registry({self.what!r}, {', '.join(self._kinds) or 'empty'})"
