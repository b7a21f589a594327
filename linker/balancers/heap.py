"""heap: strictly the endpoint with the fewest requests in flight, kept in a binary heap.

Each node knows its place in the heap and the load it was filed under (`slot`, `key`). A pick files the first one under
one more; an end files its node under what it carries then. An endpoint that is not available is filed under `DOWN`
more, below all others, and looked at again in turn, a few at each pick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from linker.balancers.base import BALANCERS, Group, Node, Random, Stats, is_up
from linker.balancers.config import BalancerConfig
from namer.records import config_class

DOWN = 1 << 40
"""More than any number of requests in flight."""

RECHECKS = 4
"""Nodes filed as down that one pick looks at again: all of a hundred within 25 picks."""


class Heap:
    """Least loaded."""

    def __init__(self, random: Random) -> None:
        self.nodes: Sequence[Node] = ()
        self._random = random
        self._heap: list[Node] = []
        self._down: deque[Node] = deque()
        self._audited = 0

    def update(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self._down.clear()
        # Ties go to whoever comes first: each proxy begins somewhere else.
        start = int(self._random() * len(nodes))
        ring = [*nodes[start:], *nodes[:start]]
        for node in ring:
            node.key = node.load if node.available else node.load + DOWN
        self._down.extend(node for node in ring if not node.available)
        self._heap = sorted(ring, key=lambda node: node.key)  # a sorted list is a heap
        for slot, node in enumerate(self._heap):
            node.slot = slot

    def pick(self, now: float) -> Node | None:
        if not self._heap:
            return None
        if self._down:
            self._recheck(now)
        self._audit()
        while (top := self._heap[0]).key < DOWN:  # nobody is up: fail open
            if not is_up(top, now):
                self._down.append(top)
                self._file(top, top.load + DOWN)
            elif top.key != top.load:
                self._file(top, top.load)
            else:
                break
        self._file(top, top.key + 1)
        return top

    def observe(self, node: Node, now: float, rtt: float) -> None:
        slot = node.slot
        if slot < len(self._heap) and self._heap[slot] is node:  # else it has left, and its slot is from then
            self._file(node, node.load + DOWN if node.key >= DOWN else node.load)

    def _recheck(self, now: float) -> None:
        for _ in range(min(RECHECKS, len(self._down))):
            node = self._down.popleft()
            if is_up(node, now):
                self._file(node, node.load)
            else:
                self._down.append(node)

    def _audit(self) -> None:
        """Set one node right, another at each pick: an earlier pick that came to nothing has left it filed too high."""
        self._audited = (self._audited + 1) % len(self.nodes)
        node = self.nodes[self._audited]
        if node.key < DOWN and node.key != node.load:
            self._file(node, node.load)

    def _file(self, node: Node, key: int) -> None:
        """Move the node to where `key` belongs."""
        before, node.key = node.key, key
        if key < before:
            self._up(node)
        else:
            self._sink(node)

    def _up(self, node: Node) -> None:
        heap, slot, key = self._heap, node.slot, node.key
        while slot:
            parent = heap[(slot - 1) >> 1]
            if parent.key <= key:
                break
            heap[slot], slot, parent.slot = parent, parent.slot, slot
        heap[slot] = node
        node.slot = slot

    def _sink(self, node: Node) -> None:
        heap, slot, key, size = self._heap, node.slot, node.key, len(self._heap)
        while (below := 2 * slot + 1) < size:
            child = heap[below]
            if below + 1 < size and heap[below + 1].key < child.key:
                child = heap[below + 1]
            if child.key >= key:
                break
            heap[slot], slot, child.slot = child, child.slot, slot
        heap[slot] = node
        node.slot = slot


@BALANCERS.register("heap")
@config_class
class HeapConfig(BalancerConfig):
    algorithm: ClassVar[str] = "heap_least_loaded"

    def group(self, random: Random, stats: Stats) -> Group:
        return Heap(random)
