"""One endpoint of a client: what the balancer chooses (`Node`), its health, and its pool of connections."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from linker.balancers import Node
from linker.endpoint_health import EndpointHealth, State
from linker.http.client import Upstream
from linker.http.pool import Pool
from namer.addr import Address


class Endpoint(Node):
    """`load` counts the exchanges under way, from the pick until the connection came back.

    observe: tells the balancer of ended exchanges; None for one that only looks at loads.
    """

    __slots__ = ("health", "pool", "observe")

    def __init__(
        self, address: Address, health: EndpointHealth, observe: Callable[[Endpoint, float, float], None] | None
    ) -> None:
        super().__init__(address)
        self.health = health
        self.observe = observe
        self.pool: Pool

    def refresh(self, now: float) -> bool:
        """See `Node.refresh`: whether its time out is over."""
        self.available = self.health.available(now)
        return self.available

    def began(self, now: float) -> None:
        """A request goes to it."""
        self.load += 1
        if self.health.state is not State.ALIVE:
            self.health.on_dispatch(now)
            self.available = self.health.available(now)

    def failed(self, now: float) -> None:
        """A request failed, by the verdict of its service, or no connection could be had."""
        self.health.on_failure(now)
        self.available = self.health.available(now)

    def succeeded(self, now: float) -> None:
        """A request succeeded."""
        self.health.on_success(now)
        if not self.available:
            self.available = self.health.available(now)

    def ignored(self, now: float) -> None:
        """A request ended without a verdict: its client went away."""
        self.health.on_ignored(now)
        if not self.available:
            self.available = self.health.available(now)

    def returned(self, upstream: Upstream, reusable: bool) -> None:
        """A connection is back from its exchange."""
        self.load -= 1
        if self.observe is not None:
            self.observe(self, monotonic(), upstream.rtt)
        self.pool.returned(upstream, reusable)

    def unused(self, rtt: float) -> None:
        """The request that `began` got no connection, after `rtt` seconds."""
        self.load -= 1
        if self.observe is not None:
            self.observe(self, monotonic(), rtt)

    def retire(self) -> None:
        """It gets no new requests: idle connections end now, others after their exchange."""
        self.pool.close()
        self.health.retired()
