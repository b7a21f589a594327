"""HTTP/1 heads: bytes to `Request` and `Response`. No I/O.

Strategy (design section 4.3): one anchored, linear-time expression recognises a whole head or nothing (RFC 9112,
sections 2–5: CRLF only, no folded lines, no control characters); possessive quantifiers, so that it cannot backtrack.
One more scan finds the lines that somebody may act on. What is not recognised is looked at again by `explain`, which is
slow and says what is wrong: not whole yet, a legal oddity that h11 takes, or a `ClientError`/`BadResponse`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from linker.errors import BadResponse, ClientError
from linker.http.message import Headers, Request, Response, Span

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
"""RFC 9110 section 5.6.2."""
FIELD_LINES = rb"((?:" + TOKEN + rb":[\t -~\x80-\xff]*+\r\n)*+)\r\n"
"""RFC 9112 section 5 without obs-fold; obs-text is allowed in values."""
_REQUEST = re.compile(rb"(" + TOKEN + rb") ([!-~]++) HTTP/1\.([01])\r\n" + FIELD_LINES)
_RESPONSE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t -~\x80-\xff]*+))?\r\n" + FIELD_LINES)
FIELDS = re.compile(FIELD_LINES)

# Lower-case text with one LF before it: a literal first byte makes the scan quick, and no flag makes it slow.
_ACT_ON = re.compile(
    rb"\n(host|connection|content-length|t(?:e|railer|ransfer-encoding)|keep-alive|proxy-(?:connection|auth(?:enticate"
    rb"|orization))|upgrade|expect|via|forwarded|max-forwards|retry-after|x-forwarded-client-cert|l5d-[^:\n]*+"
    rb"|finagle-http-nack):"
)
_BROKEN_LINE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LEADING = re.compile(rb"(?:\r\n)*+")


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """Bytes allowed: of the first line (maxInitialLineKB), and of all field lines together (maxHeadersKB)."""

    line: int = 4 * 1024
    headers: int = 8 * 1024


def index_fields(raw: bytes) -> dict[bytes, list[Span]]:
    """The spans of the lines in validated `raw` whose names are KNOWN (linker/http/message.py)."""
    index: dict[bytes, list[Span]] = {}
    for m in _ACT_ON.finditer((b"\n" + raw).lower()):
        start, value = m.span()
        end = raw.find(b"\r\n", value - 1)
        span = (start, end + 2, raw[value - 1 : end].strip(b" \t"))
        name = m[1]
        if name in index:
            index[name].append(span)
        else:
            index[name] = [span]
    return index


def parse_request(buffer: bytes, limits: HeadLimits) -> tuple[Request | None, int]:
    """The request whose head begins `buffer`, and where the head ends; (None, n) when it is not whole yet.

    With None, n bytes of the buffer (empty lines before a request, RFC 9112 section 2.2) can be dropped.
    Raises ClientError with its status when the bytes can never become an acceptable head.
    """
    m = _REQUEST.match(buffer)
    if m is None:
        return _explain_request(buffer, limits)
    method, target, minor, raw = m.groups()
    if m.start(4) - 2 > limits.line:
        raise ClientError(f"request line is larger than {limits.line} bytes", 414)
    if len(raw) > limits.headers:
        raise ClientError(f"request header fields are larger than {limits.headers} bytes", 431)
    request = Request(method, target, Headers(raw, index_fields(raw)))
    if minor == b"0":
        request.minor = 0
    return request, m.end()


def parse_response(buffer: bytes, limits: HeadLimits) -> tuple[Response | None, int]:
    """As `parse_request`, for the answer of a backend; raises BadResponse."""
    m = _RESPONSE.match(buffer)
    if m is None:
        return _explain_response(buffer, limits)
    minor, status, reason, raw = m.groups()
    if m.start(4) - 2 > limits.line:
        raise BadResponse(f"status line is larger than {limits.line} bytes")
    if len(raw) > limits.headers:
        raise BadResponse(f"HTTP header is larger than {limits.headers} bytes.")
    headers = Headers(raw, index_fields(raw))
    return Response(
        int(status), headers, reason=reason or b"", minor=0 if minor == b"0" else 1, from_service=True
    ), m.end()


def _explain_request(buffer: bytes, limits: HeadLimits) -> tuple[Request | None, int]:
    skip = _LEADING.match(buffer).end()  # type: ignore[union-attr]  # an empty match is a match
    if skip:
        request, end = parse_request(buffer[skip:], limits)
        return request, skip + end
    head, line = _head_of(buffer)
    if b"\n" in line and line.startswith(b"PRI * HTTP/2"):
        raise ClientError("HTTP/2 is not spoken here")
    if _BROKEN_LINE.search(head):
        raise ClientError("a line does not end with CRLF")
    if _CONTROL.search(head):
        raise ClientError("control character in the head")
    if len(line) - 2 > limits.line:
        raise ClientError(f"request line is larger than {limits.line} bytes", 414)
    if len(head) - len(line) > limits.headers + 2:
        raise ClientError(f"request header fields are larger than {limits.headers} bytes", 431)
    if line.endswith(b"\r\n"):
        _check_request_line(line[:-2])
    if not head.endswith(b"\r\n\r\n"):
        return None, 0
    return _ask_h11(head)


_REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-~]+) HTTP/([0-9])\.([0-9])")


def _check_request_line(line: bytes) -> None:
    m = _REQUEST_LINE.fullmatch(line)
    if m is None:
        raise ClientError("malformed request line: expected METHOD SP target SP HTTP/1.1")
    if m[3] != b"1":
        raise ClientError(f"HTTP version {m[3].decode()}.{m[4].decode()} is not spoken here", 505)


def _ask_h11(head: bytes) -> tuple[Request | None, int]:
    import h11  # only here: an ordinary head never needs it

    connection = h11.Connection(h11.SERVER)
    try:
        connection.receive_data(head)
        event = connection.next_event()
    except h11.RemoteProtocolError as error:
        raise ClientError(f"malformed request: {error}") from None
    if not isinstance(event, h11.Request) or b"\r\n " in head or b"\r\n\t" in head:
        raise ClientError("malformed header line: expected name: value")
    raw = b"".join(b"%b: %b\r\n" % (name, value) for name, value in event.headers.raw_items())
    request = Request(event.method, event.target, Headers(raw, index_fields(raw)))
    return request, len(head)


def _explain_response(buffer: bytes, limits: HeadLimits) -> tuple[Response | None, int]:
    head, line = _head_of(buffer)
    if not (line.startswith(b"HTTP/1.") or b"HTTP/1.".startswith(line)):
        raise BadResponse(f"not an HTTP/1 response: it begins with {line[:20].decode('latin1')!r}")
    if _BROKEN_LINE.search(head) or _CONTROL.search(head):
        raise BadResponse("control character or bare CR or LF in the response head")
    if len(line) - 2 > limits.line:
        raise BadResponse(f"status line is larger than {limits.line} bytes")
    if len(head) - len(line) > limits.headers + 2:
        raise BadResponse(f"HTTP header is larger than {limits.headers} bytes.")
    if head.endswith(b"\r\n\r\n"):
        raise BadResponse("malformed response head")
    return None, 0


def _head_of(buffer: bytes) -> tuple[bytes, bytes]:
    """The head, with its empty line if that has come, and its first line, with its CRLF if that has come."""
    end = buffer.find(b"\r\n\r\n")
    head = buffer if end < 0 else buffer[: end + 4]
    first = head.find(b"\r\n")
    return head, head if first < 0 else head[: first + 2]
