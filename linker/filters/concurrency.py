"""`maxConcurrentRequests`: beyond it a server answers with a nack at once; there is no queue (linkerd.md section 3.5).

A request counts until its response headers are there. Must be below RequestStats (a rejection is a failure of the
server) and below ErrorResponder, which writes the nack. Left out where the option is absent.
"""

from __future__ import annotations

from linker.errors import Rejected
from linker.http.message import Request, Response
from linker.metrics import Metrics
from linker.service import Service


class Concurrency:
    """One per server; `metrics` is its scope."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._running = 0
        metrics.gauge("request_concurrency", lambda: self._running)
        metrics.gauge("request_queue_size", lambda: 0)

    async def __call__(self, request: Request, next: Service, /) -> Response:
        if self._running >= self._most:
            raise Rejected(f"more than {self._most} requests at once (maxConcurrentRequests)")
        self._running += 1
        try:
            return await next(request)
        finally:
            self._running -= 1
