"""What is counted about connections: under a server's scope and under a client's. Names: linkerd.md section 8.2."""

from __future__ import annotations

from linker.metrics import Metrics
from linker.sockets import Socket


class ConnectionStats:
    """Connections of one scope: how many, how long, how much went over them."""

    __slots__ = (
        "connects", "closes", "live", "received_bytes", "sent_bytes", "_duration", "_requests", "_received", "_sent",
    )  # fmt: skip

    def __init__(self, metrics: Metrics) -> None:
        self.live = 0
        self.connects = metrics.counter("connects")
        self.closes = metrics.counter("closes")
        self.received_bytes = metrics.counter("received_bytes")
        self.sent_bytes = metrics.counter("sent_bytes")
        self._duration = metrics.stat("connection_duration")
        self._requests = metrics.stat("connection_requests")
        self._received = metrics.stat("connection_received_bytes")
        self._sent = metrics.stat("connection_sent_bytes")
        metrics.gauge("connections", lambda: self.live)

    def opened(self) -> None:
        """A connection is there."""
        self.live += 1
        self.connects.value += 1

    def closed(self, traffic: Traffic, requests: int, milliseconds: float) -> None:
        """It is gone; `traffic` has been flushed."""
        self.live -= 1
        self.closes.value += 1
        self._duration.add(milliseconds)
        self._requests.add(requests)
        self._received.add(traffic.received)
        self._sent.add(traffic.sent)


class Traffic:
    """Bytes of one connection, moved into its scope's counters now and then."""

    __slots__ = ("received", "sent", "_sock", "_stats")

    def __init__(self, sock: Socket, stats: ConnectionStats) -> None:
        self.received = 0
        self.sent = 0
        self._sock = sock
        self._stats = stats

    def flush(self) -> None:
        """Count what the socket has moved since the last time."""
        sock, stats = self._sock, self._stats
        n, sock.received = sock.received, 0
        self.received += n
        stats.received_bytes.value += n
        n, sock.sent = sock.sent, 0
        self.sent += n
        stats.sent_bytes.value += n


class PoolStats(ConnectionStats):
    """Connections of one client to all its endpoints, and its pools."""

    __slots__ = (
        "size", "cached", "waiters", "waited", "too_many_waiters", "cancelled_connects", "_connect_latency",
        "_failed_latency",
    )  # fmt: skip

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(metrics)
        self.size = 0
        self.cached = 0
        self.waiters = 0
        self.waited = metrics.counter("pool_num_waited")
        self.too_many_waiters = metrics.counter("pool_num_too_many_waiters")
        self.cancelled_connects = metrics.counter("cancelled_connects")
        self._connect_latency = metrics.stat("connect_latency_ms")
        self._failed_latency = metrics.stat("failed_connect_latency_ms")
        metrics.gauge("pool_size", lambda: self.size)
        metrics.gauge("pool_cached", lambda: self.cached)
        metrics.gauge("pool_waiters", lambda: self.waiters)

    def connected(self, milliseconds: float) -> None:
        """A connection was made."""
        self.opened()
        self._connect_latency.add(milliseconds)

    def connect_failed(self, milliseconds: float, cancelled: bool) -> None:
        """None was made: refused, too slow, or (`cancelled`) nobody wanted it any more."""
        if cancelled:
            self.cancelled_connects.value += 1
        else:
            self._failed_latency.add(milliseconds)
