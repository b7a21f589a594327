"""What is counted about connections: under a server's scope and under a client's. Names: linkerd.md section 8.2."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

from linker.http.stream_stats import StreamStats
from linker.metrics import Metrics
from linker.sockets import Socket


class TimeoutStats:
    """Connections that were closed because `readTimeoutMs` or `writeTimeoutMs` passed."""

    __slots__ = ("read", "write")

    def __init__(self, metrics: Metrics) -> None:
        self.read = metrics.counter("read_timeout")
        self.write = metrics.counter("write_timeout")


class ConnectionStats:
    """Connections of one scope: how many, how long, how much went over them."""

    __slots__ = (
        "connects", "closes", "live", "streams", "timeouts", "_received_bytes", "_sent_bytes", "_duration", "_requests",
        "_received", "_sent",
    )  # fmt: skip

    def __init__(self, metrics: Metrics) -> None:
        self.live: set[Socket] = set()
        self.streams = StreamStats(metrics)
        self.timeouts = TimeoutStats(metrics)
        self._received_bytes = 0  # of connections that are gone
        self._sent_bytes = 0
        self.connects = metrics.counter("connects")
        self.closes = metrics.counter("closes")
        metrics.sampled_counter("received_bytes", self, ConnectionStats.received_bytes)
        metrics.sampled_counter("sent_bytes", self, ConnectionStats.sent_bytes)
        self._duration = metrics.stat("connection_duration")
        self._requests = metrics.stat("connection_requests")
        self._received = metrics.stat("connection_received_bytes")
        self._sent = metrics.stat("connection_sent_bytes")
        metrics.gauge_of("connections", self.live, len)
        metrics.gauge("tls/connections", _none)

    # Sockets count their bytes themselves; adding them up is left to whoever reads.

    def received_bytes(self) -> int:
        """Over all connections, also those that are gone."""
        return self._received_bytes + sum(sock.received for sock in self.live)

    def sent_bytes(self) -> int:
        """Likewise."""
        return self._sent_bytes + sum(sock.sent for sock in self.live)

    def opened(self, sock: Socket) -> None:
        """A connection is there."""
        self.live.add(sock)
        self.connects.value += 1

    def closed(self, sock: Socket, requests: int, milliseconds: float) -> None:
        """It is gone, after so many requests and so much time."""
        self.live.discard(sock)
        self._received_bytes += sock.received
        self._sent_bytes += sock.sent
        self.closes.value += 1
        self._duration.add(milliseconds)
        self._requests.add(requests)
        self._received.add(sock.received)
        self._sent.add(sock.sent)


def _none() -> float:
    """Connections that are encrypted: there are none yet."""
    return 0.0


class HasIdle(Protocol):
    """A pool, as its gauge sees it."""

    @property
    def idle(self) -> int: ...

    def __hash__(self) -> int: ...


class PoolStats(ConnectionStats):
    """Connections of one client to all its endpoints, and its pools."""

    __slots__ = (
        "size", "pools", "waiters", "waited", "too_many_waiters", "cancelled_connects", "_connect_latency",
        "_failed_latency",
    )  # fmt: skip

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(metrics)
        self.size = 0
        self.pools: set[HasIdle] = set()
        self.waiters = 0
        self.waited = metrics.counter("pool_num_waited")
        self.too_many_waiters = metrics.counter("pool_num_too_many_waiters")
        self.cancelled_connects = metrics.counter("cancelled_connects")
        self._connect_latency = metrics.stat("connect_latency_ms")
        self._failed_latency = metrics.stat("failed_connect_latency_ms")
        metrics.gauge_of("pool_size", self, _SIZE)
        metrics.gauge_of("pool_cached", self, _CACHED)
        metrics.gauge_of("pool_waiters", self, _WAITERS)

    @property
    def cached(self) -> int:
        """Connections that wait for a request."""
        return sum([pool.idle for pool in self.pools])

    def connected(self, sock: Socket, milliseconds: float) -> None:
        """A connection was made."""
        self.opened(sock)
        self._connect_latency.add(milliseconds)

    def connect_failed(self, milliseconds: float, cancelled: bool) -> None:
        """None was made: refused, too slow, or (`cancelled`) nobody wanted it any more."""
        if cancelled:
            self.cancelled_connects.value += 1
        else:
            self._failed_latency.add(milliseconds)


_SIZE: Callable[[PoolStats], int] = attrgetter("size")
_CACHED: Callable[[PoolStats], int] = attrgetter("cached")
_WAITERS: Callable[[PoolStats], int] = attrgetter("waiters")
