"""`clearContext: true`: a server at the edge of what one trusts (linkerd.md section 5.4, observed.md).

From requests every `l5d-*` line is taken, from responses too; a response that carried `l5d-err` keeps its status and
Content-Type and loses its body, which may tell names and addresses. Must be above ErrorResponder, to clean its
replies, and above ContextHeaders, which would act on what is taken here. Left out where `clearContext` is false.
"""

from __future__ import annotations

from linker.http.message import Headers, Request, Response
from linker.http.wrapped import WrappedBody
from linker.service import PlainFilter

PREFIX = b"l5d-"
_DESCRIBES_BODY = (b"transfer-encoding", b"trailer", b"content-encoding", b"etag", b"content-range")


class ClearContext(PlainFilter):
    """See above."""

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        strip(request.headers)

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        headers = response.headers
        if b"l5d-err" in headers:
            empty(response)
        elif not isinstance(response.body, bytes):
            response.body = CleanTrailers(response.body)
        strip(headers)


def strip(headers: Headers) -> None:
    """Remove every l5d-* line."""
    for name in headers.known_names():
        if name.startswith(PREFIX):
            headers.remove(name)


def empty(response: Response) -> None:
    """Take the body, and the lines that described it."""
    response.discard()
    response.body = b""
    for name in _DESCRIBES_BODY:
        response.headers.remove(name)
    if response.status not in (204, 304):
        response.headers.put(b"content-length", b"Content-Length: 0\r\n")


class CleanTrailers(WrappedBody):
    """A body whose trailers hold no l5d-* lines."""

    __slots__ = ()

    @property
    def trailers(self) -> bytes:
        """See `BodyStream.trailers`."""
        lines = self._body.trailers.splitlines(keepends=True)
        return b"".join([line for line in lines if not line.lower().startswith(PREFIX)])
