"""The health of one endpoint as failure accrual sees it. linkerd.md section 3.10.

                policy trips                  time is over                 a request begins
    ALIVE ───────────────────► DEAD ────────────────────────► PROBE_OPEN ──────────────────► PROBE_CLOSED
      ▲                         ▲                                 ▲                            │  │  │
      │                         └─────────── it failed ───────────┼────────────────────────────┘  │  │
      │                                                           └── it was called off ──────────┘  │
      └──────────────────────────────────── it succeeded ────────────────────────────────────────────┘

ALIVE and PROBE_OPEN take requests; so do, from balancers that found nobody better, the other two: while DEAD what comes
of them is not looked at, while PROBE_CLOSED the first to end decides. Nothing here waits: time passes when somebody
asks `available`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from linker.accrual.base import Policy
from linker.metrics import Metrics


class State(Enum):
    ALIVE = "alive"
    DEAD = "dead"
    PROBE_OPEN = "probe open"
    PROBE_CLOSED = "probe closed"


class AccrualStats:
    """The counters of one client's endpoints, under its `failure_accrual` scope."""

    __slots__ = ("removals", "revivals", "probes", "removed_for_ms")

    def __init__(self, scope: Metrics) -> None:
        self.removals = scope.counter("removals")
        self.revivals = scope.counter("revivals")
        self.probes = scope.counter("probes")
        self.removed_for_ms = scope.counter("removed_for_ms")


class EndpointHealth:
    """The machine. Its owner tells it what happens to each request:

        health.on_dispatch(now)      only needed when `state` is not ALIVE
        health.on_success(now), health.on_failure(now), health.on_ignored(now)     exactly one of them at its end

    state: where it is. removed_until: seconds on the clock of `now`, meaningful while DEAD.
    on_success is an attribute, so that it *is* the policy's own method while ALIVE.
    """

    __slots__ = ("state", "removed_until", "on_success", "_policy", "_stats")

    on_success: Callable[[float], None]

    def __init__(self, policy: Policy | None, stats: AccrualStats) -> None:
        """policy: None for an endpoint that never dies (kind `none`)."""
        self.state = State.ALIVE
        self.removed_until = 0.0
        self._policy = policy
        self._stats = stats
        self.on_success = policy.on_success if policy else _ignore

    def __repr__(self) -> str:
        until = f" until {self.removed_until:g}" if self.state is State.DEAD else ""
        return f"<EndpointHealth {self.state.value}{until}>"

    def available(self, now: float) -> bool:
        """Whether a balancer should send it requests. Ends the time of being DEAD."""
        if self.state is State.DEAD and now >= self.removed_until:
            self.state = State.PROBE_OPEN
            self._stats.probes.value += 1
        return self.state is State.ALIVE or self.state is State.PROBE_OPEN

    def on_dispatch(self, now: float) -> None:
        """A request begins: the first one to an endpoint that is to be probed is the probe."""
        if self.state is State.PROBE_OPEN:
            self.state = State.PROBE_CLOSED
            self.on_success = self._revive

    def on_failure(self, now: float) -> None:
        """A request failed, by the verdict of its service's classifier."""
        if self._policy is None or self.state is State.DEAD or self.state is State.PROBE_OPEN:
            return
        seconds = self._policy.on_failure(now)
        if seconds is not None:
            self._remove(now, seconds)
        elif self.state is State.PROBE_CLOSED:
            self._probe_again()  # the policy does not know yet

    def on_ignored(self, now: float) -> None:
        """A request ended without a verdict (its client has gone): had it been the probe, another one is needed."""
        if self.state is State.PROBE_CLOSED:
            self._probe_again()

    def on_connected(self) -> None:
        """A connection to it was made. Only failFast minds (linker/fail_fast.py)."""

    def on_unreachable(self, now: float) -> None:
        """No connection to it could be made; `on_failure` is told besides. Only failFast minds."""

    def retired(self) -> None:
        """The endpoint has left for good. Only failFast minds."""

    def _probe_again(self) -> None:
        self.state = State.PROBE_OPEN
        self.on_success = _ignore

    def _remove(self, now: float, seconds: float) -> None:
        if self.state is State.ALIVE:
            self._stats.removals.value += 1
        self._stats.removed_for_ms.value += round(seconds * 1000)
        self.state = State.DEAD
        self.removed_until = now + seconds
        self.on_success = _ignore

    def _revive(self, now: float) -> None:
        assert self._policy is not None, "only a policy removes"
        self._policy.revived()
        self._stats.revivals.value += 1
        self.state = State.ALIVE
        self.on_success = self._policy.on_success


def _ignore(now: float) -> None:
    """What an answer to a request that was under way when the endpoint died says: nothing."""
