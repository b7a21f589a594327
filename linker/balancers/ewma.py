"""ewma: of two endpoints at random, the one with the lower peak-sensitive average latency × (requests in flight + 1).

A latency above the average replaces it at once, one below is mixed in as the average decays, and with silence it
decays to nothing, so that a slow endpoint is tried again. An endpoint with requests in flight and no latency known
costs more than any other: a new one gets one request, and more only after its first answer.
"""

from __future__ import annotations

from math import exp
from typing import ClassVar

from linker.balancers.base import BALANCERS, Group, Node, Random, Stats, is_up
from linker.balancers.config import EffortConfig
from linker.balancers.pairs import Pairs
from namer.records import config_class
from namer.values import PositiveMillis

PENALTY = 1e9
"""Seconds: more than any real latency × load."""


class Ewma(Pairs):
    """The power of two choices by peak EWMA; `decay` is the mean lifetime of a peak in seconds."""

    def __init__(self, random: Random, stats: Stats, max_effort: int, decay: float) -> None:
        super().__init__(random, stats, max_effort)
        self._decay = decay

    def pick(self, now: float) -> Node | None:
        if self._pairs:
            drawn = int(self._random() * self._pairs)
            first = drawn // self._others
            second = drawn % self._others
            if second >= first:
                second += 1
            a = self.nodes[first]
            b = self.nodes[second]
            if a.available and b.available:
                return a if self.cost(a, now) <= self.cost(b, now) else b
        return self._with_effort(now)

    def cost(self, node: Node, now: float) -> float:
        """What one more request to the node would cost, seconds."""
        load = node.load
        latency = node.cost
        if latency:
            # Without the clamp a `now` taken before the last `observe` would read as growth.
            elapsed = now - node.stamp
            if elapsed > 0:
                latency *= exp(-elapsed / self._decay)
        elif load:
            return PENALTY + load
        return latency * (load + 1)

    def observe(self, node: Node, now: float, rtt: float) -> None:
        elapsed = now - node.stamp
        keep = exp(-elapsed / self._decay) if elapsed > 0 else 1.0
        decayed = node.cost * keep
        node.cost = rtt if rtt > decayed else decayed + rtt * (1.0 - keep)
        node.stamp = now

    def _choose(self, now: float) -> Node:
        a, b = self._pair()
        a_up, b_up = is_up(a, now), is_up(b, now)
        if a_up != b_up:
            return a if a_up else b
        return a if self.cost(a, now) <= self.cost(b, now) else b


@BALANCERS.register("ewma")
@config_class
class EwmaConfig(EffortConfig):
    algorithm: ClassVar[str] = "p2c_peak_ewma"

    decayTimeMs: PositiveMillis = 10000  # mean lifetime of a latency peak

    def group(self, random: Random, stats: Stats) -> Group:
        return Ewma(random, stats, self.maxEffort, self.decayTimeMs / 1000)
