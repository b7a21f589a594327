"""Tells the service where the router thinks it is going: `l5d-dst-service`, `-client`, `-residual` (linkerd.md 5.4).

The lines are made once, for each logical name and each bound name.
"""

from __future__ import annotations

from dtab import Path
from linker.http.message import Request
from linker.service import PlainFilter
from namer.name import Bound


class DstService(PlainFilter):
    """`l5d-dst-service`: the logical name. One per path."""

    def __init__(self, path: Path) -> None:
        self._line = b"l5d-dst-service: %b\r\n" % path.show().encode()

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        request.headers.lines[b"l5d-dst-service"] = self._line  # a forged one was removed by ContextHeaders


class DstBound(PlainFilter):
    """`l5d-dst-client`: the bound id, and `l5d-dst-residual`, if any. One per bound name.

    Another bound name may follow in a retry, so what an earlier attempt wrote is replaced or removed.
    """

    def __init__(self, bound: Bound) -> None:
        self._client = b"l5d-dst-client: %b\r\n" % bound.id.show().encode()
        self._residual = b"l5d-dst-residual: %b\r\n" % bound.residual.show().encode() if bound.residual else b""

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        lines = request.headers.lines  # forged ones were removed by ContextHeaders
        lines[b"l5d-dst-client"] = self._client
        if self._residual:
            lines[b"l5d-dst-residual"] = self._residual
        elif b"l5d-dst-residual" in lines:
            del lines[b"l5d-dst-residual"]
