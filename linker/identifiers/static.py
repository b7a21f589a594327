"""io.l5d.static: the same name for every request. `path: /web` → `/svc/web`."""

from __future__ import annotations

from dtab import Path
from linker.http.message import Request
from linker.identifiers.identifier import IDENTIFIERS, NotIdentified
from namer.config import required
from namer.records import config_class


@IDENTIFIERS.register("io.l5d.static")
@config_class
class StaticConfig:
    """path: what follows the prefix."""

    path: Path = required("path is required")

    def mk(self, prefix: Path) -> Static:
        """See `IdentifierConfig.mk`."""
        return Static(prefix + self.path)


class Static:
    """See the module."""

    def __init__(self, name: Path) -> None:
        self._name = name

    def identify(self, request: Request) -> Path | NotIdentified:
        """See `Identifier.identify`."""
        return self._name
