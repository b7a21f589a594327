"""Two distinct nodes at random, each ordered pair as likely as any other: what the p2c kinds choose between."""

from __future__ import annotations

from collections.abc import Sequence

from linker.balancers.base import Node, Random, Stats, with_effort


class Pairs:
    """The nodes and the drawing of pairs. Kinds compare: `_choose` gives the better one of a fresh pair.

    A pair is one random number below n × (n - 1), split by division: one call less than two numbers.
    """

    def __init__(self, random: Random, stats: Stats, max_effort: int) -> None:
        self.nodes: Sequence[Node] = ()
        self._random = random
        self._stats = stats
        self._max_effort = max_effort
        self._others = 0  # n - 1
        self._pairs = 0  # n × (n - 1): 0 when there is nothing to choose between

    def update(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self._resize(len(nodes))

    def _resize(self, size: int) -> None:
        """Draw from the first `size` nodes."""
        self._others = max(0, size - 1)
        self._pairs = size * self._others

    def _pair(self) -> tuple[Node, Node]:
        if not self._pairs:
            return self.nodes[0], self.nodes[0]
        drawn = int(self._random() * self._pairs)
        first, second = drawn // self._others, drawn % self._others
        if second >= first:
            second += 1
        return self.nodes[first], self.nodes[second]

    def _choose(self, now: float) -> Node:
        raise NotImplementedError

    def _with_effort(self, now: float) -> Node | None:
        """The careful way: when there is no pair, or one of a pair is not available."""
        if not self._pairs:
            if not self.nodes:
                return None
            if self.nodes[0].available:  # one endpoint is the most common set of all
                return self.nodes[0]
        start = int(self._random() * len(self.nodes))
        return with_effort(self._choose, self.nodes, start, now, self._max_effort, self._stats)
