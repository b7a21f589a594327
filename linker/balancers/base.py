"""What a balancer is made of: nodes, the port every kind fills, its counters, and the registry of kinds.

A kind is written as a `Group`: it chooses among nodes of one weight. `weighted.Weighted` puts groups of different
weights together and is what a client holds; kinds know nothing of weights. linkerd.md section 3.9.

Time (seconds, monotonic) and randomness (a function giving 0 ≤ r < 1) are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from linker.metrics import Metrics
from namer.addr import Address
from namer.plugin import Registry

BALANCERS = Registry("load balancer", default="p2c")

Random = Callable[[], float]
"""Gives 0 ≤ r < 1, as `random.random`."""

SCAN = 128
"""How many nodes are looked at, one by one, for an available one when maxEffort is used up, before a node is used that
is not: 5 µs at most, also when all of 10,000 endpoints are dead."""


class Node:
    """One endpoint as balancers see it. Compared by identity; the client that owns it subclasses it.

    load: requests in flight; the owner adds 1 after a pick and takes it off before `Balancer.observe`.
    available: False while failure accrual (or anything else) says that it should get no requests.
    The other fields belong to the balancer.
    """

    __slots__ = ("address", "load", "available", "group", "cost", "stamp", "order", "key", "slot")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.load = 0
        self.available = True
        self.group: Group | None = None
        self.cost = 0.0  # ewma: the peak average of its latency at `stamp`, seconds
        self.stamp = 0.0  # ewma: when `cost` held
        self.order = -1.0  # aperture: its place in the ring, 0 to 1; below 0: none yet
        self.key = 0  # heap: the load that the heap knows
        self.slot = 0  # heap: its place there, or its last one when it has left

    def refresh(self, now: float) -> bool:
        """Whether it is available now. Asked only of a node whose `available` is False, each time it is met: here a
        subclass looks whether its time out is over, and updates `available`."""
        return self.available

    def __repr__(self) -> str:
        return f"<{self.address} load={self.load} {'open' if self.available else 'busy'}>"


class Stats:
    """The counters of one balancer, under a client's `loadbalancer` scope. linkerd.md section 8.2."""

    __slots__ = ("adds", "removes", "updates", "rebuilds", "max_effort_exhausted")

    def __init__(self, scope: Metrics) -> None:
        self.adds = scope.counter("adds")
        self.removes = scope.counter("removes")
        self.updates = scope.counter("updates")
        self.rebuilds = scope.counter("rebuilds")
        self.max_effort_exhausted = scope.counter("max_effort_exhausted")


class Balancer(Protocol):
    """What a client holds. `pick` and `observe` are looked up at each call: an update may exchange them.

    algorithm: the name under `loadbalancer/algorithm/`.
    """

    algorithm: str
    stats: Stats

    @property
    def probation(self) -> Sequence[Node]:
        """Nodes that have left the set and may still be picked (`enableProbation`)."""
        ...

    def update(self, nodes: Sequence[Node]) -> None:
        """From now on choose among these, each of them once. Nodes that stay keep what is known of them."""
        ...

    def pick(self, now: float) -> Node | None:
        """The node for the next request; None when there are none. One that is not available is picked when nothing
        better was found (fail open)."""
        ...

    def observe(self, node: Node, now: float, rtt: float) -> None:
        """A request that `pick` gave to `node` is over, after `rtt` seconds. The node may have left meanwhile."""
        ...

    def forget(self, node: Node) -> None:
        """A node on probation has no session any more: stop picking it."""
        ...


class Group(Protocol):
    """Chooses among nodes of one weight: a kind."""

    nodes: Sequence[Node]

    def update(self, nodes: Sequence[Node]) -> None: ...

    def pick(self, now: float) -> Node | None: ...

    def observe(self, node: Node, now: float, rtt: float) -> None: ...


def is_up(node: Node, now: float) -> bool:
    """Whether the node takes requests now."""
    return node.available or node.refresh(now)


def with_effort(
    choose: Callable[[float], Node], nodes: Sequence[Node], start: int, now: float, effort: int, stats: Stats
) -> Node:
    """Choose up to `effort` times until an available node comes; then look for one; then take any (fail open).

    The look-out goes through up to `SCAN` nodes from index `start` on. linkerd fails open without it: with one of
    a hundred endpoints left, it would send 9 of 10 requests to dead ones. `nodes` must not be empty.
    """
    for _ in range(effort):
        node = choose(now)
        if is_up(node, now):
            return node
    stats.max_effort_exhausted.value += 1
    size = len(nodes)
    for index in range(start, start + min(size, SCAN)):
        other = nodes[index % size]
        if is_up(other, now):
            return other
    return node
