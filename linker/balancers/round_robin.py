"""roundRobin: one endpoint after the other, passing over those that are not available."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from linker.balancers.base import BALANCERS, Group, Node, Random, Stats, with_effort
from linker.balancers.config import EffortConfig
from namer.records import config_class


class RoundRobin:
    """Cyclic; begins anywhere, so that many proxies do not all begin with the same endpoint."""

    def __init__(self, random: Random, stats: Stats, max_effort: int) -> None:
        self.nodes: Sequence[Node] = ()
        self._random = random
        self._stats = stats
        self._max_effort = max_effort
        self._next = 0

    def update(self, nodes: Sequence[Node]) -> None:
        if not self.nodes:
            self._next = int(self._random() * len(nodes))
        self.nodes = nodes

    def pick(self, now: float) -> Node | None:
        if not self.nodes:
            return None
        # A fruitless look-out begins where these choices will have ended.
        start = self._next + self._max_effort
        return with_effort(self._choose, self.nodes, start, now, self._max_effort, self._stats)

    def observe(self, node: Node, now: float, rtt: float) -> None:
        """Every endpoint gets its turn, whatever it does."""

    def _choose(self, now: float) -> Node:
        index = self._next
        if index >= len(self.nodes):
            index = 0
        self._next = index + 1
        return self.nodes[index]


@BALANCERS.register("roundRobin")
@config_class
class RoundRobinConfig(EffortConfig):
    algorithm: ClassVar[str] = "round_robin"
    observes: ClassVar[bool] = False

    def group(self, random: Random, stats: Stats) -> Group:
        return RoundRobin(random, stats, self.maxEffort)
