"""Diagnostic tracing: a TRACE request can ask every router on its way what it did (linkerd.md section 5.10).

    Max-Forwards   l5d-add-context
    unparsable     any               400
    0              true / false      answered here: the context / nothing
    n > 0          true / false      sent on with n - 1; the context is added to the answer / untouched
    absent         true / false      sent on; the context is added / untouched

Must be below the balancer's choice, which it tells. Works over any number of routers: each adds its block.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from linker.http.message import Headers, Request, Response, text_response
from linker.service import Clock, Service

BAD_MAX_FORWARDS = "Invalid value for Max-Forwards header"
MAX_DIGITS = 100
"""Of Max-Forwards. Any number will do; Python refuses to read one of thousands of digits."""
_TRUE = (b"true", b"t", b"1")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the tracer tells of a client.

    addresses: of the set the balancer chose from, shown. steps: path, and the dentry that led to it ("" for the
    first and for steps without one), in the order they were taken.
    """

    addresses: Sequence[str]
    steps: Sequence[tuple[str, str]]


class DiagnosticTracer:
    """`explain` resolves the logical name of a request; asked only when a request wants the context."""

    def __init__(
        self, router: str, explain: Callable[[Request], Awaitable[Resolution]], *, clock: Clock = perf_counter
    ) -> None:
        self._router = router
        self._explain = explain
        self._clock = clock

    async def __call__(self, request: Request, next: Service, /) -> Response:
        if request.method != b"TRACE":
            return await next(request)
        return await self._trace(request, next)

    async def _trace(self, request: Request, next: Service) -> Response:
        headers = request.headers
        add = wants_context(request)
        limit = headers.get(b"max-forwards")
        started = self._clock()
        if limit is None:
            response = await next(request)
        elif not limit.isdigit() or len(limit) > MAX_DIGITS:
            return text_response(400, BAD_MAX_FORWARDS)
        elif int(limit) == 0:
            response = Response(200, Headers(b"Content-Length: 0\r\n"))
        else:
            response = await self._forward(request, next, int(limit))
        if add:
            milliseconds = round((self._clock() - started) * 1000)
            append(response, context(self._router, milliseconds, request, await self._explain(request)))
        return response

    async def _forward(self, request: Request, next: Service, limit: int) -> Response:
        headers = request.headers
        headers.put(b"max-forwards", b"Max-Forwards: %d\r\n" % (limit - 1))
        try:
            return await next(request)
        finally:
            headers.put(b"max-forwards", b"Max-Forwards: %d\r\n" % limit)  # another attempt counts from here again


def wants_context(request: Request) -> bool:
    """Whether the client asks to be told what the router did: `l5d-add-context: true`."""
    return (request.headers.get(b"l5d-add-context") or b"").lower() in _TRUE


def context(router: str, milliseconds: int, request: Request, resolution: Resolution) -> str:
    """The block of one router."""
    steps = [f"  {path} ({dentry})" if dentry else f"  {path}" for path, dentry in resolution.steps]
    lines = [
        f"--- Router: {router} ---",
        f"request duration: {milliseconds} ms",
        f"service name: {request.dst.show()}",
        f"client name: {request.bound.id.show() if request.bound else ''}",
        f"addresses: [{', '.join(resolution.addresses)}]",
        f"selected address: {request.endpoint or ''}",
        "dtab resolution:",
        *steps,
    ]
    return "\n".join(lines) + "\n"


def append(response: Response, block: str) -> None:
    """Put `block` after the response's body, trimmed and an empty line; a body of unknown length is replaced."""
    body = response.body
    if not isinstance(body, bytes):
        response.discard()
        head = b"HTTP %d - %b\r\n%b" % (response.status, response.reason, response.headers.render())
        body = head + b"The body was streamed and is left out of this trace."
    body = body.strip() + b"\n\n" + block.encode()
    response.body = body
    for name in (b"transfer-encoding", b"trailer", b"content-encoding", b"etag"):
        response.headers.remove(name)
    response.headers.put(b"content-length", b"Content-Length: %d\r\n" % len(body))
