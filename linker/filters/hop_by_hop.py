"""Takes away what was meant for one connection only, both ways (RFC 9110 section 7.6.1, observed.md "hop-by-hop").

That is a fixed list, and the fields that `Connection` names, but never one that routing, framing or the next router
relies on: `Connection: host` or `Connection: l5d-dst-service` is an attack, not an option. The codecs have read
Transfer-Encoding before and write it anew. `Trailer` stays with a body that may have trailers, so that they are
announced.
"""

from __future__ import annotations

from linker.http.message import Body, Headers, Request, Response
from linker.service import PlainFilter

_OTHERS = frozenset(
    b"keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
"""The fixed list, beside `connection` itself."""
_PLAIN_OPTIONS = frozenset((b"keep-alive", b"close", b"Keep-Alive", b"Close", b""))
_KEPT = frozenset(
    b"host content-length content-type via forwarded date expect max-forwards authorization cookie set-cookie"
    b" cache-control retry-after finagle-http-nack x-forwarded-client-cert x-forwarded-for x-forwarded-host"
    b" x-forwarded-proto trailer".split()
)
"""Not removed though `Connection` names them; l5d-* neither. `trailer` is decided by the body."""


class HopByHop(PlainFilter):
    """See above."""

    fields = _OTHERS | {b"connection"}

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        strip(request.headers, request.body)

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        strip(response.headers, response.body)


def strip(headers: Headers, body: Body) -> None:
    """Remove the hop-by-hop fields of a message with this body."""
    values = headers.index.get(b"connection")
    if values is not None:  # on half of all requests, nearly always with a plain option
        if len(values) > 1 or values[0][2] not in _PLAIN_OPTIONS:
            for option in _options(headers):
                if option not in _KEPT and not option.startswith(b"l5d-"):
                    headers.remove(option)
        headers.cut(b"connection")
    if not _OTHERS.isdisjoint(headers.index):
        for name in _OTHERS:
            if name != b"trailer" or isinstance(body, bytes) or body.length is not None:
                headers.remove(name)


def _options(headers: Headers) -> set[bytes]:
    """The lower-case field names that Connection gives."""
    options = set()
    for value in headers.get_all(b"connection"):
        if value not in _PLAIN_OPTIONS:
            options.update([option.strip(b" \t") for option in value.lower().split(b",")])
    return options - _PLAIN_OPTIONS
