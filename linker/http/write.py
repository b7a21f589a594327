"""The bytes of heads that are sent, both ways: start line, edited fields, and the framing lines that fit the body.

Pure. Framing is made anew for every hop (RFC 9112 section 6): what came as Transfer-Encoding was removed with the other
hop-by-hop fields.
"""

from __future__ import annotations

from http import HTTPStatus

from linker.http.message import Request, Response

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_BODY_EXPECTED = frozenset((b"POST", b"PUT", b"PATCH"))
"""Methods whose missing body is said by Content-Length: 0 (RFC 9110 section 8.6)."""
LAST_CHUNK = b"0\r\n%b\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def request_head(request: Request) -> tuple[bytes, bool]:
    """The head to send upstream, and whether the body goes chunked."""
    headers = request.headers
    body = request.body
    framing, chunked = b"", False
    if type(body) is bytes:
        if body:
            if b"content-length" not in headers:
                framing = b"Content-Length: %d\r\n" % len(body)
        elif request.method in _BODY_EXPECTED and b"content-length" not in headers:
            framing = b"Content-Length: 0\r\n"
    elif body.length is None:  # type: ignore[union-attr]  # the type() test above leaves only streams
        framing, chunked = b"Transfer-Encoding: chunked\r\n", True
    return b"%b %b HTTP/1.%d\r\n%b%b\r\n" % (
        request.method,
        request.target,
        request.minor,
        headers.render(),
        framing,
    ), chunked


def response_head(request: Request, response: Response, keep: bool) -> tuple[bytes, bool, bool]:
    """The head to send to the client, whether the body goes chunked, and whether the connection can be kept."""
    headers, body, status = response.headers, response.body, response.status
    framing, chunked = b"", False
    if not response.from_service and b"connection" in headers:  # made here, for a client that broke HTTP
        headers.remove(b"connection")
        keep = False
    if type(body) is bytes:
        if b"content-length" not in headers and status not in (204, 304) and request.method != b"HEAD":
            framing = b"Content-Length: %d\r\n" % len(body)
    elif body.length is None:  # type: ignore[union-attr]  # the type() test above leaves only streams
        if request.minor:
            framing, chunked = b"Transfer-Encoding: chunked\r\n", True
        else:
            keep = False
    if not keep:
        framing += b"Connection: close\r\n"
    elif not request.minor:
        framing += b"Connection: keep-alive\r\n"
    reason = response.reason or _REASONS.get(status, b"")
    return b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (status, reason, headers.render(), framing), chunked, keep
