"""io.l5d.header: the value of a header is a path, put after the prefix. `l5d-name: /a/b` → `/svc/a/b`.

A value that does not parse is a client's mistake and ends the search: 400 with the parser's message.
"""

from __future__ import annotations

from dtab import Path
from linker.http.message import Request
from linker.identifiers.identifier import IDENTIFIERS, Known, NotIdentified, unknown_dst
from namer.config import NonEmpty
from namer.records import config_class


@IDENTIFIERS.register("io.l5d.header")
@config_class
class HeaderConfig:
    """header: the header that holds the path."""

    header: NonEmpty = "l5d-name"

    def mk(self, prefix: Path) -> HeaderPath:
        """See `IdentifierConfig.mk`."""
        return HeaderPath(prefix, self.header)


class HeaderPath:
    """See the module."""

    def __init__(self, prefix: Path, header: str) -> None:
        self._prefix = prefix
        self._name = header.lower().encode("latin1")
        self._absent = NotIdentified(f"{header} header is absent")
        self._known = Known()

    def identify(self, request: Request) -> Path | NotIdentified:
        """See `Identifier.identify`."""
        value = request.headers.get(self._name)
        if not value:
            return self._absent
        return self._known.get(value) or self._read(request, value)

    def _read(self, request: Request, value: bytes) -> Path:
        try:
            path = Path.read(value.decode("latin1"))
        except ValueError as error:
            raise unknown_dst(request, str(error)) from None
        return self._known.remember(value, self._prefix + path)
