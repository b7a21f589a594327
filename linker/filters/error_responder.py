"""The one place where an exception becomes a response (linkerd.md section 5.8).

It stands twice in the list: on the server, for what fails before a service is known, and at the top of each service,
so that the statistics below it see exceptions and those above it see responses. Cancellation and ClientGone pass:
there is nobody to answer.
"""

from __future__ import annotations

import logging
from urllib.parse import quote_plus

from linker.errors import ClientGone, ProxyError, Rejected
from linker.http.message import Headers, Request, Response
from linker.metrics import Metrics
from linker.service import PlainFilter

log = logging.getLogger(__name__)

MAX_HEADER = 8 * 1024
"""Bytes of an l5d-err value: linkerd's default `maxHeadersKB`."""
MAX_BODY = 5120 * 1024
"""Bytes of a body: linkerd's default `maxErrResponseKB`."""

NACK_BODY = b"Request was not processed by the server due to an error and is safe to retry"


class ErrorResponder(PlainFilter):
    """Turns ProxyErrors into responses, and anything else into a 502 that is logged with its traceback.

    max_header, max_body: bytes. metrics: the server's scope, for `nacks`; only the server's responder meets them.
    """

    def __init__(
        self, *, max_header: int = MAX_HEADER, max_body: int = MAX_BODY, metrics: Metrics | None = None
    ) -> None:
        self._max_header = max_header
        self._max_body = max_body
        scope = metrics or Metrics()
        self._nacks = scope.counter("nacks")
        scope.counter("nonretryable_nacks")  # the original's name for a case that HTTP/1 has not; always 0

    def fail(self, request: Request, error: BaseException, ms: float) -> Response | None:
        """See `PlainFilter.fail`."""
        if isinstance(error, ClientGone) or not isinstance(error, Exception):
            return None
        if isinstance(error, Rejected):
            self._nacks.value += 1
            return nack()
        if not isinstance(error, ProxyError):
            log.error("%r failed unexpectedly", request, exc_info=error)
            error = ProxyError(str(error) or type(error).__name__)
        return error_response(error, self._max_header, self._max_body)


def error_response(error: ProxyError, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> Response:
    """The answer that tells of `error`. With `error.close` it asks to close the connection."""
    text = str(error) or type(error).__name__
    told = f"{text.rstrip()}\n\n{error.context}\n" if error.context else text
    body = cut(told.encode("utf-8", "replace"), max_body)
    raw = b"l5d-err: %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % (encode(text, max_header), len(body))
    if error.close:
        raw += b"Connection: close\r\n"
    return Response(error.status, Headers(raw), body)


def nack() -> Response:
    """The answer to a request that was not looked at: routers above send it again."""
    raw = b"finagle-http-nack: true\r\nRetry-After: 0\r\nContent-Length: %d\r\n" % len(NACK_BODY)
    return Response(503, Headers(raw), NACK_BODY)


def encode(text: str, most: int) -> bytes:
    """`text` form-encoded as ISO-8859-1 by Java's URLEncoder, at most `most` bytes, no escape cut in two."""
    encoded = quote_plus(text, safe="*", encoding="latin-1", errors="replace").replace("~", "%7E").encode()
    if len(encoded) > most:
        encoded = encoded[:most]
        escape = encoded.rfind(b"%", most - 2)
        if escape >= 0:
            encoded = encoded[:escape]
    return encoded


def cut(text: bytes, most: int) -> bytes:
    """At most `most` bytes of UTF-8 text, no character cut in two."""
    return text if len(text) <= most else text[:most].decode("utf-8", "ignore").encode()
