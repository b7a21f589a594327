"""`compressionLevel`: compresses responses for clients that accept it (linkerd.md sections 3.13 and 5.2, observed.md).

-1, the default: textual types at level 6; 1–9: every type at that level; 0: the filter is left out. Better than the
original: nothing short, `Vary` is added, a strong ETag is weakened, `no-transform` is respected.

Strategy: the cheap questions first. Most responses are short; of the rest, most clients' heads do not hold the word
gzip or deflate; only then are fields looked up that the one scan does not index.
"""

from __future__ import annotations

import re
import zlib

from linker.http.message import BodyStream, Headers, Request, Response
from linker.http.wrapped import WrappedBody
from linker.service import PlainFilter

MIN_SIZE = 1400
"""Bytes: what fits into one packet anyway takes as long on the wire when it is smaller."""
DEFAULT_LEVEL = 6
"""For -1, as in the original (Netty's default)."""

_TEXTUAL = re.compile(
    rb"text/|application/(?:[a-z0-9.+-]*\+)?(?:json|xml|javascript|ecmascript|x-javascript|x-json|graphql)(?:[ ;]|\Z)"
    rb"|application/(?:rss|atom|xhtml|x-web-app-manifest)|image/svg"
)
_CODINGS = {b"gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}
"""Coding → zlib's window bits: with a gzip frame, with a zlib frame (RFC 9110 section 8.4.1)."""
_UNTOUCHED_STATUS = frozenset((204, 206, 304))
_PREFERENCE = re.compile(rb"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?")


class Compression(PlainFilter):
    """Must be above the error responder and whatever reads bodies, and below ClearContext."""

    def __init__(self, level: int) -> None:
        self._any_type = level > 0
        self._level = level if level > 0 else DEFAULT_LEVEL

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        body = response.body
        if isinstance(body, bytes) and len(body) < MIN_SIZE:
            return  # nearly always
        size = len(body) if isinstance(body, bytes) else body.length
        if (size is None or size >= MIN_SIZE) and may_accept(request.headers) and self._suits(request, response):
            coding = choose(request.headers.get_all(b"accept-encoding"))
            if coding is not None:
                compress(response, coding, self._level)

    def _suits(self, request: Request, response: Response) -> bool:
        """Whether this response may be compressed and is worth it."""
        if response.status in _UNTOUCHED_STATUS or request.method == b"HEAD":
            return False
        headers = response.headers
        if b"content-encoding" in headers or b"content-range" in headers:
            return False
        if any(b"no-transform" in value.lower() for value in headers.get_all(b"cache-control")):
            return False
        return self._any_type or _TEXTUAL.match((headers.get(b"content-type") or b"").lower()) is not None


def may_accept(headers: Headers) -> bool:
    """A quick look: False if the client surely accepts nothing that this filter can do."""
    raw = headers.raw.lower()
    return b"gzip" in raw or b"deflate" in raw or b"encoding: *" in raw


def choose(accept: list[bytes]) -> bytes | None:
    """The coding the client likes best, gzip before deflate; None when it accepts neither (RFC 9110 section 12.5.3)."""
    weights: dict[bytes, float] = {}
    for item in b",".join(accept).lower().split(b","):
        m = _PREFERENCE.fullmatch(item)
        if m is not None:
            weights[m[1]] = _weight(m[2])
    others = weights.get(b"*", 0.0)
    best = max(_CODINGS, key=lambda coding: weights.get(coding, others))  # the first of equals: gzip
    return best if weights.get(best, others) > 0 else None


def _weight(text: bytes | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def compress(response: Response, coding: bytes, level: int) -> None:
    """Compress the body, now or as it streams, and make the head say so."""
    headers = response.headers
    deflater = zlib.compressobj(level, zlib.DEFLATED, _CODINGS[coding])
    body = response.body
    if isinstance(body, bytes):
        response.body = body = deflater.compress(body) + deflater.flush()
        headers.put(b"content-length", b"Content-Length: %d\r\n" % len(body))
    else:
        response.body = CompressedBody(body, deflater)
        headers.remove(b"content-length")
    headers.put(b"content-encoding", b"Content-Encoding: %b\r\n" % coding)
    vary = [value for value in headers.get_all(b"vary") if value]
    if not any(b"accept-encoding" in value.lower() or value == b"*" for value in vary):
        headers.put(b"vary", b"Vary: %b\r\n" % b", ".join([*vary, b"Accept-Encoding"]))
    etag = headers.get(b"etag")
    if etag is not None and not etag.startswith(b"W/"):
        headers.put(b"etag", b"ETag: W/%b\r\n" % etag)
    headers.remove(b"accept-ranges")  # offsets into the compressed form mean nothing to the service


class CompressedBody(WrappedBody):
    """A body compressed as it arrives; each buffer is flushed, so that event streams are not held back."""

    __slots__ = ("_deflater", "_ended")

    def __init__(self, body: BodyStream, deflater: zlib._Compress) -> None:
        super().__init__(body)
        self.length = None
        self._deflater = deflater
        self._ended = False

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        if self._ended:
            return b""
        data = await self._body.read()
        if data:
            return self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        self._ended = True
        return self._deflater.flush()

    def close(self) -> None:
        """See `BodyStream.close`."""
        self._ended = True
        super().close()
