"""Counts bodies that stream: `http/stream/{request,response}/{opened,closed}` and gauge `pending` (observed.md).

A body that came whole is none. One is closed when it was read to its end, failed or was given up. Counted where streams
are made, on a server's connections and on a client's, so that the many requests without one pay nothing.
"""

from __future__ import annotations

from linker.http.message import BodyStream
from linker.http.wrapped import EndingBody
from linker.metrics import Counter, Metrics


class StreamStats:
    """`metrics` is the scope of the server or client."""

    def __init__(self, metrics: Metrics) -> None:
        self.request = _Direction(metrics.scope("http", "stream", "request")).opens
        self.response = _Direction(metrics.scope("http", "stream", "response")).opens


class _Direction:
    """The counters of one direction."""

    __slots__ = ("_opened", "_closed")

    def __init__(self, metrics: Metrics) -> None:
        opened, closed = metrics.counter("opened"), metrics.counter("closed")
        self._opened, self._closed = opened, closed
        metrics.gauge_of("pending", self, _Direction.pending)

    def pending(self) -> int:
        """Under way."""
        return self._opened.value - self._closed.value

    def opens(self, body: BodyStream) -> CountedBody:
        """The body to use instead, which counts."""
        self._opened.value += 1
        return CountedBody(body, self._closed)


class CountedBody(EndingBody):
    """A body that counts once when it is over."""

    __slots__ = ("_closed",)

    def __init__(self, body: BodyStream, closed: Counter) -> None:
        super().__init__(body)
        self._closed: Counter | None = closed

    def over(self, error: BaseException | None) -> None:
        """See `EndingBody.over`."""
        closed, self._closed = self._closed, None
        if closed is not None:
            closed.value += 1
