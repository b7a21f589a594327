"""io.l5d.header.token: the value of a header, as it stands, is the last label of the name; the default, with `Host`.

`Host: Web:8080` → `/svc/Web:8080`: case and port are kept.
"""

from __future__ import annotations

from dtab import Path
from linker.http.message import Request
from linker.identifiers.identifier import IDENTIFIERS, Known, NotIdentified, label
from namer.config import NonEmpty
from namer.records import config_class


@IDENTIFIERS.register("io.l5d.header.token")
@config_class
class HeaderTokenConfig:
    """header: the header whose value names the service."""

    header: NonEmpty = "Host"

    def mk(self, prefix: Path) -> HeaderToken:
        """See `IdentifierConfig.mk`."""
        return HeaderToken(prefix, self.header)


class HeaderToken:
    """See the module."""

    def __init__(self, prefix: Path, header: str) -> None:
        self._prefix = prefix
        self._name = header.lower().encode("latin1")
        self._absent = NotIdentified(f"{header} header is absent")
        self._known = Known()

    def identify(self, request: Request) -> Path | NotIdentified:
        """See `Identifier.identify`."""
        spans = request.headers.index.get(self._name)
        value = spans[0][2] if spans else request.headers.get(self._name)
        if not value:
            return self._absent
        return self._known.get(value) or self._known.remember(value, self._prefix + (label(value),))
