"""`maxConcurrentRequests`: beyond it a server answers with a nack at once; there is no queue (linkerd.md section 3.5).

A request counts until its response headers are there. Must be below RequestStats (a rejection is a failure of the
server) and below ErrorResponder, which writes the nack. Left out where the option is absent.
"""

from __future__ import annotations

from linker.errors import Rejected
from linker.http.message import Request, Response
from linker.metrics import Metrics
from linker.service import PlainFilter


class Concurrency(PlainFilter):
    """One per server; `metrics` is its scope."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._running = 0
        metrics.gauge("request_concurrency", lambda: self._running)
        metrics.gauge("request_queue_size", lambda: 0)

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        if self._running >= self._most:
            raise Rejected(f"more than {self._most} requests at once (maxConcurrentRequests)")
        self._running += 1

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        self._running -= 1

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        self._running -= 1
