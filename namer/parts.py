"""What is built once for all routers: the configured namers, the system names, and who runs their tasks."""

from __future__ import annotations

from collections.abc import Sequence

from dtab import Dtab, Path
from namer.activity import Activity
from namer.bind import bind
from namer.name import BoundTree
from namer.namer import NamedNamers, ServedNamer
from namer.namers.base import NamerConfig
from namer.runtime import Runtime
from namer.system import SystemNames


class NamingParts:
    """Given to the `mk` of namers, transformers and interpreters.

    namers: in the order of the configuration, for the admin pages. names: the lookup chain below the dtab.
    """

    def __init__(self, runtime: Runtime, namers: Sequence[NamerConfig] = ()) -> None:
        self.runtime = runtime
        # A namer's transformer may bind a path by all namers, also by those after it: `bind` works once this is built.
        self.namers: tuple[ServedNamer, ...] = tuple([config.serve(self) for config in namers])
        self.names = NamedNamers(self.namers, SystemNames(runtime))

    def bind(self, path: Path) -> Activity[BoundTree]:
        """The binding of `path` with the empty dtab."""
        return bind(self.names.with_dtab(Dtab()), path)
