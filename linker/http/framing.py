"""How long a message is: decided once, strictly, never repaired (RFC 9112 section 6; observed.md, faults not to copy).

A message whose length two readers might see differently is refused: Content-Length twice (even equal), beside
Transfer-Encoding, not all digits; any coding but one final `chunked`. `ChunkDecoder` is the strict reader of the
chunked coding; it does no I/O and accepts a subset of what h11 accepts.
"""

from __future__ import annotations

import re

from linker.errors import BadResponse, ClientError, ProxyError
from linker.http.heads import FIELDS
from linker.http.message import Headers

CHUNKED = -1
UNTIL_CLOSE = -2

_DIGITS = re.compile(rb"[0-9]{1,18}")
"""18 digits: beyond any real length, below 2^63."""
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t -~\x80-\xff]*+)?\r\n")
MAX_CHUNK_LINE = 1024
"""Bytes of a chunk-size line with its extensions; real extensions are a few dozen."""
FORBIDDEN_TRAILERS = frozenset(
    b"content-length transfer-encoding host trailer connection te expect content-encoding keep-alive proxy-connection"
    b" proxy-authenticate proxy-authorization upgrade".split()
)
"""Fields that may not come after the body they would change (RFC 9110 section 6.5.1), or that are one hop's own."""
FORBIDDEN_REQUEST_TRAILERS = FORBIDDEN_TRAILERS | {b"via", b"forwarded", b"max-forwards", b"x-forwarded-client-cert"}
"""In a request also what a router writes or reads, so that nobody can forge it behind its back; and all `l5d-*`."""


def request_length(headers: Headers, minor: int) -> int:
    """Bytes of a request's body, or CHUNKED. Raises ClientError (400, or 501 for an unknown coding)."""
    index = headers.index
    codings = index.get(b"transfer-encoding")
    lengths = index.get(b"content-length")
    if codings is None:
        if lengths is None:
            return 0
        if len(lengths) > 1:
            values = ", ".join(value.decode("latin1") for _, _, value in lengths)
            raise ClientError(f"Multiple Content-Length values found: [{values}]")
        if _DIGITS.fullmatch(lengths[0][2]) is None:
            raise ClientError("Content-Length is not a number")
        return int(lengths[0][2])
    if lengths is not None:
        raise ClientError("Content-Length together with Transfer-Encoding")
    if minor == 0:
        raise ClientError("Transfer-Encoding in an HTTP/1.0 request")
    if len(codings) > 1 or codings[0][2].lower() != b"chunked":
        raise ClientError("Transfer-Encoding is not exactly `chunked`", 501)
    return CHUNKED


def response_length(method: bytes, status: int, headers: Headers, minor: int) -> int:
    """Bytes of a final response's body, CHUNKED or UNTIL_CLOSE. Raises BadResponse."""
    index = headers.index
    codings = index.get(b"transfer-encoding")
    lengths = index.get(b"content-length")
    if lengths is not None:
        if codings is not None:
            raise BadResponse("Content-Length together with Transfer-Encoding in the response")
        if len(lengths) > 1:
            values = ", ".join(value.decode("latin1") for _, _, value in lengths)
            raise BadResponse(f"Multiple Content-Length values found: [{values}]")
        if _DIGITS.fullmatch(lengths[0][2]) is None:
            raise BadResponse("the response's Content-Length is not a number")
    if codings is not None and (len(codings) > 1 or codings[0][2].lower() != b"chunked" or minor == 0):
        raise BadResponse("the response's Transfer-Encoding is not exactly `chunked`")
    if method == b"HEAD" or status in (204, 304):
        return 0
    if codings is not None:
        return CHUNKED
    return UNTIL_CLOSE if lengths is None else int(lengths[0][2])


class ChunkDecoder:
    """The chunked coding, fed with buffers as they come.

    `decode(data)` gives the payload in `data`; when `done`, `rest` holds what came after the message and `trailers`
    the validated trailer lines. `error` makes the exception for broken framing (ClientError or BadResponse).
    """

    __slots__ = ("done", "rest", "trailers", "_left", "_held", "_error", "_max_trailers")

    def __init__(self, error: type[ClientError] | type[BadResponse], max_trailers: int = 8 * 1024) -> None:
        self.done = False
        self.rest = b""
        self.trailers = b""
        self._left = 0  # payload bytes left of the chunk; -1: its CRLF is due; -2: trailers are due; 0: a size line
        self._held = b""  # an unfinished line
        self._error = error
        self._max_trailers = max_trailers

    def decode(self, data: bytes) -> bytes:
        """The payload bytes in `data`, maybe none. Raises the given error on anything but strict framing."""
        if self._held:
            data, self._held = self._held + data, b""
        payload: list[bytes] = []
        at, size = 0, len(data)
        while at < size and not self.done:
            left = self._left
            if left > 0:
                part = data[at : at + left]
                payload.append(part)
                at += len(part)
                self._left = left - len(part) or -1
            elif left == -1:
                ends = data[at : at + 2]
                if ends == b"\r\n":
                    at += 2
                    self._left = 0
                elif ends == b"\r":
                    break
                else:
                    raise self._broken("chunk data is not followed by CRLF")
            elif left == 0:
                taken = self._size_line(data, at)
                if not taken:
                    break
                at += taken
            else:
                taken = self._trailer_lines(data, at)
                if not taken:
                    break
                at += taken
        if self.done:
            self.rest = data[at:]
        else:
            self._held = data[at:]
        return b"".join(payload) if len(payload) != 1 else payload[0]

    def _size_line(self, data: bytes, at: int) -> int:
        m = _CHUNK_LINE.match(data, at)
        if m is None:
            if len(data) - at > MAX_CHUNK_LINE or not _may_become_size_line(data[at:]):
                raise self._broken("malformed chunk size")
            return 0
        if m.end() - at > MAX_CHUNK_LINE:
            raise self._broken("chunk extensions are too long")
        self._left = int(m[1], 16) or -2
        return m.end() - at

    def _trailer_lines(self, data: bytes, at: int) -> int:
        tail = data[at:]
        # Whole only with the empty line in it: trailers that come byte by byte are not read again at each.
        m = FIELDS.match(data, at) if b"\r\n\r\n" in tail or tail[:2] == b"\r\n" else None
        if m is None:
            if len(tail) > self._max_trailers or b"\r\n\r\n" in tail or _BAD_LINE.search(tail):
                raise self._broken("malformed trailers")
            return 0
        if len(m[1]) > self._max_trailers:
            raise self._broken("trailers are too large")
        if any(self._forbids(line.partition(b":")[0].lower()) for line in m[1].split(b"\r\n")):
            raise self._broken("a trailer may not change framing or routing")
        self.trailers = m[1]
        self.done = True
        return m.end() - at

    def _forbids(self, name: bytes) -> bool:
        if self._error is not ClientError:
            return name in FORBIDDEN_TRAILERS
        return name in FORBIDDEN_REQUEST_TRAILERS or name.startswith(b"l5d-")

    def _broken(self, text: str) -> ProxyError:
        return self._error(text)


_SIZE_LINE_SO_FAR = re.compile(rb"[0-9A-Fa-f]{1,15}(?:;[\t -~\x80-\xff]*)?\r?")
_BAD_LINE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _may_become_size_line(text: bytes) -> bool:
    return _SIZE_LINE_SO_FAR.fullmatch(text) is not None
