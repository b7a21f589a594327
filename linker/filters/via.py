"""Adds this router to `Via`, on requests and on responses of services (RFC 9110 section 7.6.3, linkerd.md 5.4).

One line goes out: all that came, joined, and `1.1 linkerd`, or `1.0 linkerd` after the version the message came in.
Must be above HopByHop in the list for both to see the message as it came; either order gives the same lines.
"""

from __future__ import annotations

from linker.http.message import Headers, Request, Response
from linker.service import PlainFilter

_ENTRIES = (b"1.0 linkerd", b"1.1 linkerd")
_LINES = tuple([b"Via: %b\r\n" % entry for entry in _ENTRIES])


class Via(PlainFilter):
    """See above."""

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        headers = request.headers
        if b"via" in headers.index:
            _join(headers, request.minor)
        else:
            headers.lines[b"via"] = _LINES[request.minor]

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        headers = response.headers
        if b"via" in headers.index:
            _join(headers, response.minor)
        else:
            headers.lines[b"via"] = _LINES[response.minor]


def _join(headers: Headers, minor: int) -> None:
    values = [value for value in headers.get_all(b"via") if value]
    headers.put(b"via", b"Via: %b\r\n" % b", ".join([*values, _ENTRIES[minor]]))
