"""aperture: p2c among a few endpoints only, as many as the load needs.

Many proxies before many endpoints would each keep connections to all of them and send each a trickle; with an aperture
a proxy keeps to a part of the set. The endpoints stand in a ring, in an order drawn by each proxy for itself, and the
aperture is the ring's beginning. It grows by one while the requests in flight, averaged over `smoothWindowMs`,
are more than `highLoad` for each endpoint in it, and shrinks by one while they are fewer than `lowLoad`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from operator import attrgetter
from typing import Annotated, ClassVar

from linker.balancers.base import BALANCERS, Group, Node, Random, Stats, is_up, with_effort
from linker.balancers.config import EffortConfig
from linker.balancers.pairs import Pairs
from namer.marks import FieldError
from namer.records import config_class
from namer.values import Millis, PositiveInt, at_least

RECOUNT = 1.0
"""Seconds between two counts of the load over all nodes. In between it is reckoned from picks and ends; a pick that
came to nothing would otherwise count for ever."""


class Aperture(Pairs):
    """`size` is the aperture: how many of `nodes`, from the first, are in use."""

    def __init__(
        self, random: Random, stats: Stats, max_effort: int, window: float, low: float, high: float, least: int
    ) -> None:
        super().__init__(random, stats, max_effort)
        self._window = window
        self._low = low
        self._high = high
        self._least = least
        self.size = least
        self.average = 0.0  # requests in flight, smoothed
        self._load = 0  # requests in flight, since `_stamp`
        self._stamp = 0.0
        self._counted = 0.0

    def update(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if node.order < 0:
                node.order = self._random()
        self.nodes = sorted(nodes, key=attrgetter("order"))
        self._load = sum(node.load for node in nodes)
        self._open_to(self.size)

    def pick(self, now: float) -> Node | None:
        if not self.nodes:
            return None
        self._account(now, +1)
        a, b = self._pair()
        if a.available and b.available:
            return a if a.load <= b.load else b
        # Beyond the aperture the ring goes on: the first that is available there stands in for those within.
        return with_effort(self._choose, self.nodes, 0, now, self._max_effort, self._stats)

    def observe(self, node: Node, now: float, rtt: float) -> None:
        if self.nodes:
            self._account(now, -1)

    def _choose(self, now: float) -> Node:
        a, b = self._pair()
        a_up, b_up = is_up(a, now), is_up(b, now)
        if a_up != b_up:
            return a if a_up else b
        return a if a.load <= b.load else b

    def _account(self, now: float, change: int) -> None:
        """Enter the load since the last change into the average, then the change; adjust the aperture by one."""
        if now - self._counted >= RECOUNT:
            self._counted = now
            # At an end its own request is off the node already, so that the change would count twice.
            self._load = sum(node.load for node in self.nodes) + (change < 0)
        elapsed = now - self._stamp
        if elapsed > 0:
            keep = exp(-elapsed / self._window) if self._window else 0.0
            self.average = self._load * (1.0 - keep) + self.average * keep
            self._stamp = now
        self._load = max(0, self._load + change)
        each = self.average / self.size
        if each >= self._high and self.size < len(self.nodes):
            self._open_to(self.size + 1)
        elif each <= self._low and self.size > self._least:
            self._open_to(self.size - 1)

    def _open_to(self, size: int) -> None:
        self.size = max(1, min(max(size, self._least), len(self.nodes)))
        self._resize(min(self.size, len(self.nodes)))


@BALANCERS.register("aperture")
@config_class
class ApertureConfig(EffortConfig):
    algorithm: ClassVar[str] = "aperture_least_loaded"

    smoothWindowMs: Millis = 5000  # the load is averaged over this
    lowLoad: Annotated[float, at_least(0)] = 0.5  # requests in flight for each endpoint below which it shrinks
    highLoad: Annotated[float, at_least(0)] = 2.0  # … above which it grows
    minAperture: PositiveInt = 1

    def __post_init__(self) -> None:
        if self.lowLoad >= self.highLoad:
            raise FieldError("lowLoad", f"lowLoad {self.lowLoad} must be less than highLoad {self.highLoad}")

    def group(self, random: Random, stats: Stats) -> Group:
        window = self.smoothWindowMs / 1000
        return Aperture(random, stats, self.maxEffort, window, self.lowLoad, self.highLoad, self.minAperture)
