"""Weight classes: one group of nodes for each weight, drawn in proportion to weight × size. linkerd.md section 3.9.

Nearly every set has one weight: then `pick` and `observe` *are* those of its one group, at no cost. With several, a
class is drawn; when all it can offer is a node that is not available, another is drawn among the rest.

Nodes that leave the set while `keep_leavers` (enableProbation) go on probation: they are picked when nobody else is
available, and dropped for good when found unavailable themselves, or by `forget`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from linker.balancers.base import Group, Node, Random, Stats, is_up
from linker.metrics import Metrics


class Weighted:
    """The balancer that clients hold: see `linker.balancers.base.Balancer`."""

    pick: Callable[[float], Node | None]
    observe: Callable[[Node, float, float], None]

    def __init__(
        self,
        algorithm: str,
        mk_group: Callable[[Random, Stats], Group],
        random: Random,
        scope: Metrics,
        *,
        keep_leavers: bool = False,
        dropped: Callable[[Node], None] | None = None,
    ) -> None:
        """dropped: told each node whose probation ends otherwise than by coming back or by `forget`."""
        self.algorithm = algorithm
        self.stats = Stats(scope)
        self.nodes: Sequence[Node] = ()
        self.probation: list[Node] = []
        self._mk_group = mk_group
        self._random = random
        self._keep_leavers = keep_leavers
        self._dropped = dropped
        self._groups: dict[float, Group] = {}
        self._classes: list[Group] = []
        self._bounds: list[float] = []  # weight × size of the classes, summed up from the first
        self._rewire()
        self._show(scope)

    def __repr__(self) -> str:
        return f"<{self.algorithm} {self._available()}/{len(self.nodes)} available, load {self._load()}>"

    def update(self, nodes: Sequence[Node]) -> None:
        """See `Balancer.update`. A class whose weight stays keeps its group and what that knows."""
        before, after = set(self.nodes), set(nodes)
        left = [node for node in self.nodes if node not in after]
        self.stats.updates.value += 1
        self.stats.removes.value += len(left)
        self.stats.adds.value += len(after - before)
        self.nodes = tuple(nodes)
        for node in left:
            node.group = None
        self.probation = [node for node in self.probation if node not in after]
        if self._keep_leavers:
            self.probation += left
        self._regroup()
        self._rewire()

    def forget(self, node: Node) -> None:
        """See `Balancer.forget`."""
        if node in self.probation:
            self.probation.remove(node)
            self._rewire()

    def _regroup(self) -> None:
        classes: dict[float, list[Node]] = {}
        for node in self.nodes:
            classes.setdefault(node.address.weight, []).append(node)
        groups = {}
        for weight, members in classes.items():
            group = self._groups.get(weight)
            if group is None:
                group = self._mk_group(self._random, self.stats)
                self.stats.rebuilds.value += 1
            for node in members:
                node.group = group
            group.update(members)
            groups[weight] = group
        self._groups = groups
        self._classes = list(groups.values())
        self._bounds = list(accumulate(max(weight, 0.0) * len(group.nodes) for weight, group in groups.items()))

    def _rewire(self) -> None:
        if len(self._classes) == 1 and not self.probation:
            (only,) = self._classes
            self.pick, self.observe = only.pick, only.observe
        else:
            self.pick, self.observe = self._pick, self._observe

    def _pick(self, now: float) -> Node | None:
        node = None
        if self._classes:
            drawn = _drawn(self._bounds, self._random())
            node = self._classes[drawn].pick(now)
            if node is not None and node.available:
                return node
            node = self._elsewhere(drawn, now) or node
        if self.probation and (node is None or not node.available):
            return self._on_probation(now) or node
        return node

    def _elsewhere(self, tried: int, now: float) -> Node | None:
        """An available node of another class, drawn by its share too; None when there is none."""
        rest = list(range(len(self._classes)))
        while len(rest) > 1:
            rest.remove(tried)
            shares = [self._bounds[index] - (self._bounds[index - 1] if index else 0.0) for index in rest]
            tried = rest[_drawn(list(accumulate(shares)), self._random())]
            node = self._classes[tried].pick(now)
            if node is not None and node.available:
                return node
        return None

    def _on_probation(self, now: float) -> Node | None:
        while self.probation:
            node = self.probation[0]
            if is_up(node, now):
                self.probation.append(self.probation.pop(0))  # the next request goes to the next one
                return node
            del self.probation[0]
            if self._dropped is not None:
                self._dropped(node)
        self._rewire()
        return None

    def _observe(self, node: Node, now: float, rtt: float) -> None:
        if node.group is not None:
            node.group.observe(node, now, rtt)

    def _available(self) -> int:
        return sum(node.available for node in self.nodes)

    def _load(self) -> int:
        return sum(node.load for node in self.nodes)

    def _busy_classes(self) -> int:
        return sum(not any(node.available for node in group.nodes) for group in self._groups.values())

    def _mean_weight(self) -> float:
        return self._bounds[-1] / len(self.nodes) if self.nodes else 0.0

    def _show(self, scope: Metrics) -> None:
        for name, sample in _GAUGES.items():
            scope.gauge_of(name, self, sample)
        scope.gauge_of(f"algorithm/{self.algorithm}", 1, _itself)


_GAUGES: dict[str, Callable[[Weighted], float]] = {
    "size": lambda balancer: len(balancer.nodes),
    "available": Weighted._available,
    "busy": lambda balancer: len(balancer.nodes) - balancer._available(),
    "closed": lambda balancer: 0,  # an endpoint that is closed has left the set
    "load": Weighted._load,
    "num_weight_classes": lambda balancer: len(balancer._groups),
    "busy_weight_classes": Weighted._busy_classes,
    "meanweight": Weighted._mean_weight,
}
"""By name: what a gauge shows. One function each for all clients."""


def _itself(number: int) -> int:
    return number


def _drawn(bounds: Sequence[float], random: float) -> int:
    """Whose share `random` of the whole falls into; `bounds` are where shares end, laid end to end. Beyond them all
    (weights of 0, rounding) it is the last."""
    return min(bisect_right(bounds, random * bounds[-1]), len(bounds) - 1)
