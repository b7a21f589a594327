"""`client.failFast`: an endpoint that cannot be connected to is left out until a connection to it succeeds.

linkerd.md section 3.6, after finagle's FailFastFactory: one failed connect is enough; then the linker itself tries to
connect after 1, 2, 4, … 32 seconds, and so every 32. Meanwhile balancers pass the endpoint by, unless nobody better is
there; unlike in the original, a request that comes to it nevertheless tries to connect, and ends the time if it can.
It stands beside failure accrual: an endpoint takes requests when both let it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from linker.accrual.base import Policy
from linker.endpoint_health import AccrualStats, EndpointHealth
from linker.metrics import Metrics
from linker.service import Clock

LONGEST = 32.0
"""Seconds between attempts, after five that began with one second and doubled: finagle's default."""


class FailFastStats:
    """What one client's endpoints count, under its `failfast` scope (linkerd.md section 8.2)."""

    def __init__(self, scope: Metrics, *, clock: Clock = monotonic) -> None:
        self.down: set[FailFastHealth] = set()
        self.marked_dead = scope.counter("marked_dead")
        self.marked_available = scope.counter("marked_available")
        scope.gauge("is_marked_dead", lambda: len(self.down))
        scope.gauge("unhealthy_for_ms", lambda: round(1000 * sum(clock() - each.since for each in self.down)))
        scope.gauge("unhealthy_num_tries", lambda: sum(each.tries for each in self.down))


class FailFastHealth(EndpointHealth):
    """An endpoint's health that also minds its connects.

    probe_after(health, seconds): has somebody try to connect then, and tell `on_connected` or `probe_failed`; calling
    what it gives takes that back.
    since: when it was last found unreachable; tries: attempts of our own that failed since.
    """

    __slots__ = ("since", "tries", "_fast", "_probe_after", "_call_off")

    def __init__(
        self,
        policy: Policy | None,
        stats: AccrualStats,
        fast: FailFastStats,
        probe_after: Callable[[FailFastHealth, float], Callable[[], None]],
    ) -> None:
        super().__init__(policy, stats)
        self.since = 0.0
        self.tries = 0
        self._fast = fast
        self._probe_after = probe_after

    @property
    def reachable(self) -> bool:
        """Whether the last thing known of it is not a failed connect."""
        return self not in self._fast.down

    def available(self, now: float) -> bool:
        """See `EndpointHealth.available`."""
        return super().available(now) and self.reachable

    def on_unreachable(self, now: float) -> None:
        """See `EndpointHealth.on_unreachable`."""
        if self.reachable:
            self._fast.down.add(self)
            self._fast.marked_dead.value += 1
            self.since, self.tries = now, 0
            self._call_off = self._probe_after(self, 1.0)

    def probe_failed(self) -> None:
        """The attempt that `probe_after` was asked for failed."""
        if not self.reachable:
            self.tries += 1
            self._call_off = self._probe_after(self, min(2.0**self.tries, LONGEST))

    def on_connected(self) -> None:
        """See `EndpointHealth.on_connected`."""
        if not self.reachable:
            self._fast.down.discard(self)
            self._fast.marked_available.value += 1
            self._call_off()

    def retired(self) -> None:
        """See `EndpointHealth.retired`."""
        if not self.reachable:
            self._fast.down.discard(self)
            self._call_off()
