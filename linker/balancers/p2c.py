"""p2c: of two endpoints at random, the one with fewer requests in flight. The default."""

from __future__ import annotations

from typing import ClassVar

from linker.balancers.base import BALANCERS, Group, Node, Random, Stats, is_up
from linker.balancers.config import EffortConfig
from linker.balancers.pairs import Pairs
from namer.records import config_class


class P2C(Pairs):
    """The power of two choices, least loaded."""

    def pick(self, now: float) -> Node | None:
        # The draw is written out here, once more: this is the path of every request, and a call is a third of it.
        if self._pairs:
            drawn = int(self._random() * self._pairs)
            first = drawn // self._others
            second = drawn % self._others
            if second >= first:
                second += 1
            a = self.nodes[first]
            b = self.nodes[second]
            if a.available and b.available:
                return a if a.load <= b.load else b
        return self._with_effort(now)

    def observe(self, node: Node, now: float, rtt: float) -> None:
        """Loads are all it looks at."""

    def _choose(self, now: float) -> Node:
        a, b = self._pair()
        a_up, b_up = is_up(a, now), is_up(b, now)
        if a_up != b_up:
            return a if a_up else b
        return a if a.load <= b.load else b


@BALANCERS.register("p2c")
@config_class
class P2CConfig(EffortConfig):
    algorithm: ClassVar[str] = "p2c_least_loaded"
    observes: ClassVar[bool] = False

    def group(self, random: Random, stats: Stats) -> Group:
        return P2C(random, stats, self.maxEffort)
