"""The port every interpreter fills, and the two that bind here: with a given dtab, and with a stored one before it.

Strategy: an interpreter is what a router asks. It binds with the dtab it is given (the router's and the request's),
behind which it may put one of its own (dtab.md sections 8.2 and 14), and transforms what comes out.
"""

from __future__ import annotations

from typing import Protocol

from dtab import Dtab, Path
from namer.activity import Activity, Failed
from namer.bind import bind
from namer.delegate import CannotDelegate, delegate
from namer.delegation import DelegateTree
from namer.name import BoundTree, same_tree
from namer.namer import BindingError, NamedNamers, Transformer, transformed
from namer.records import record
from namer.runtime import settled

__all__ = ["CannotDelegate", "ConfiguredInterpreter", "Interpreter", "StoredDtabInterpreter"]


class Interpreter(Protocol):
    """Turns a path into bound names."""

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """What `path` is bound to; `dtab` is the router's and then the request's, the later the stronger."""

    async def delegate(self, dtab: Dtab, path: Path) -> DelegateTree:
        """How it comes to that, by this dtab. Waits for all names on the way; the caller bounds the wait.

        Raises `BindingError` when the walk cannot end, and `CannotDelegate`.
        """


@record
class ConfiguredInterpreter:
    """Binds with the configured namers and the given dtab: kind `default`."""

    names: NamedNamers
    transformers: tuple[Transformer, ...] = ()

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`."""
        return transformed(bind(self.names.with_dtab(dtab), path), self.transformers)

    async def delegate(self, dtab: Dtab, path: Path) -> DelegateTree:
        """See `Interpreter.delegate`."""
        return await delegate(self.names, dtab, path, self.transformers)


@record
class StoredDtabInterpreter:
    """Binds with `stored` ++ the given dtab; while `stored` is Pending or Failed, so is every name."""

    stored: Activity[Dtab]
    below: ConfiguredInterpreter

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`. Every change of the stored dtab binds again from scratch."""
        return self.stored.flat_map(lambda stored: self.below.bind(stored + dtab, path), same=same_tree)

    async def delegate(self, dtab: Dtab, path: Path) -> DelegateTree:
        """See `Interpreter.delegate`. Raises the store's error as a `BindingError`."""
        stored = await settled(self.stored)
        if isinstance(stored, Failed):
            raise BindingError(str(stored.error)) from stored.error
        return await self.below.delegate(stored.value + dtab, path)
