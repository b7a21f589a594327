"""The metrics tree: scopes, counters, gauges, stats. linkerd.md section 8.

A scope is found once, where a route is built; what requests touch are the leaves:

    scope = metrics.scope("rt", "http", "client", "#/io.l5d.fs/web")
    requests = scope.counter("requests")           # requests.value += 1
    latency = scope.stat("request_latency_ms")     # latency.add(12)
    scope.gauge("loadbalancer/size", balancer.size)

A scope segment is taken as it is and may contain `/` (client ids, service names, server labels). A leaf's name is split
at `/`, so that `failures/a.b.C` is the leaf `a.b.C` in the scope `failures`, beside a leaf `failures`. Asking for the
same name again gives the same leaf.

Stats describe an interval: `snapshot` (every 60 seconds, by its owner) closes the running one, and the closed one is
shown until the next. A stat that has not met its first snapshot shows the running interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sys import intern
from typing import Any, Final, TypeVar

from linker.histogram import EMPTY, UNUSED, Histogram, Summary

SNAPSHOT_INTERVAL = 60.0
"""Seconds: linkerd's default `histogramSnapshotInterval`."""


DEFERRED = 256
"""Values a stat may keep waiting: 8 KB. A power of two: `not n & (DEFERRED - 1)` says when to fold."""


class Counter:
    """A number of events. Callers add to `value` themselves: a method call would cost three times as much."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class SampledCounter(Counter):
    """A counter whose number is worked out when it is read, from its owner: for what is counted elsewhere already."""

    __slots__ = ("_owner", "_sample")

    def __init__(self, owner: Any, sample: Callable[[Any], int]) -> None:
        self._owner = owner
        self._sample = sample

    @property
    def value(self) -> int:  # type: ignore[override]  # read-only on purpose: nobody else may add to it
        """The number now."""
        return self._sample(self._owner)


class Gauge:
    """A number sampled when it is read, from its owner."""

    __slots__ = ("_owner", "_sample")

    def __init__(self, owner: Any, sample: Callable[[Any], float]) -> None:
        self.watch(owner, sample)

    def watch(self, owner: Any, sample: Callable[[Any], float]) -> None:
        """Sample this owner from now on."""
        self._owner = owner
        self._sample = sample

    def read(self) -> float:
        """The number now; NaN when sampling it fails, so that one gauge does not hide all other metrics."""
        try:
            return float(self._sample(self._owner))
        except Exception:
            return float("nan")


class Stat(Histogram):
    """A histogram over intervals. `add(x)` counts x ≥ 0 into the running one.

    zeros: values of 0, which callers count here themselves: nearly all that stats of retries ever see.
    """

    __slots__ = ("zeros", "_closed", "_deferred")

    def __init__(self) -> None:
        super().__init__()
        self.zeros = 0
        self._closed: Histogram | Summary | None = None
        self._deferred: list[float] | None = None  # few stats are on the path of every request

    @property
    def defer(self) -> Callable[[float], None]:
        """As `add` at a fifth of its cost, for the path of every request, which keeps what this gives: values wait
        until `fold`, to be called every `DEFERRED` values by whoever defers."""
        if self._deferred is None:
            self._deferred = []
        return self._deferred.append

    def fold(self) -> None:
        """Count the deferred values."""
        if self._deferred:
            self.add_all(self._deferred)
            self._deferred.clear()
        if self.zeros:
            self.add_zeros(self.zeros)
            self.zeros = 0

    def roll(self) -> None:
        """End the running interval and show it from now on."""
        self.fold()
        if not self.counts:
            self._closed = EMPTY
            return
        closed = Histogram()
        closed.counts, closed.sum = self.counts, self.sum
        self._closed = closed  # summed up when somebody looks: most stats nobody looks at
        self.counts, self.sum = UNUSED, 0

    def summary(self) -> Summary:
        """The last complete interval; before the first snapshot, the running one."""
        self.fold()
        closed = self._closed
        if closed is None:
            return super().summary()
        if isinstance(closed, Histogram):
            closed = self._closed = closed.summary()
        return closed


Leaf = Counter | Gauge | Stat
_L = TypeVar("_L", Counter, Stat)
_T = TypeVar("_T")

_NO_LEAVES: Final[dict[str, Leaf]] = {}
_NO_SCOPES: Final[dict[str, Metrics]] = {}
"""What a scope has that has none: half of all scopes have no leaves or, more often, no scopes below. Never written to:
`_add` and `scope` see to it."""


class Metrics:
    """A scope: its leaves and the scopes below, by name. `Metrics()` makes a root."""

    __slots__ = ("name", "parent", "leaves", "scopes")

    def __init__(self, name: str = "", parent: Metrics | None = None) -> None:
        self.name = name
        self.parent = parent
        self.leaves = _NO_LEAVES
        self.scopes = _NO_SCOPES

    def __repr__(self) -> str:
        return f"<Metrics {'/'.join(self.path()) or 'root'}: {len(self.leaves)} leaves, {len(self.scopes)} scopes>"

    def path(self) -> tuple[str, ...]:
        """The segments from the root to here."""
        return (*self.parent.path(), self.name) if self.parent else ()

    def scope(self, *segments: str) -> Metrics:
        """The scope below, made when it is not there. Segments are taken verbatim."""
        node = self
        for segment in segments:
            found = node.scopes.get(segment)
            if found is None:
                if not node.scopes:
                    node.scopes = {}
                found = node.scopes[segment] = Metrics(segment, node)
            node = found
        return node

    def counter(self, name: str) -> Counter:
        """The counter of that name; TypeError when it is another kind of leaf."""
        return self._leaf(name, Counter)

    def stat(self, name: str) -> Stat:
        """The histogram of that name; TypeError when it is another kind of leaf."""
        return self._leaf(name, Stat)

    def sampled_counter(self, name: str, owner: _T, sample: Callable[[_T], int]) -> SampledCounter:
        """A counter that reads `sample(owner)`. Given again, the newer one replaces it: its owner was rebuilt.

        With the owner beside it, `sample` is one function for all owners: closures would cost 3 KB a client.
        """
        node, last = self._parent_of(name)
        found = SampledCounter(owner, sample)
        node._add(last, found)
        return found

    def gauge(self, name: str, sample: Callable[[], float]) -> Gauge:
        """A gauge that calls `sample` when read. Given again, it samples the newer function: its owner was rebuilt."""
        return self.gauge_of(name, sample, _called)

    def gauge_of(self, name: str, owner: _T, sample: Callable[[_T], float]) -> Gauge:
        """A gauge that reads `sample(owner)`, for the many of each client; see `sampled_counter`."""
        node, last = self._parent_of(name)
        found = node.leaves.get(last)
        if found is None:
            found = Gauge(owner, sample)
            node._add(last, found)
        if not isinstance(found, Gauge):
            raise TypeError(f"{'/'.join(node.path())}/{last} is a {type(found).__name__}, not a Gauge")
        found.watch(owner, sample)
        return found

    def prune(self, *segments: str) -> None:
        """Forget the scope below and all in it: its owner has expired. Absent → nothing to do.

        Leaves already handed out go on working, unseen.
        """
        node: Metrics | None = self
        for segment in segments:
            node = node.scopes.get(segment) if node else None
        if node is not None and node is not self:
            node.close()

    def close(self) -> None:
        """Take this scope out of the tree; twice is once."""
        if self.parent is not None and self.parent.scopes.get(self.name) is self:
            del self.parent.scopes[self.name]
            self._empty()

    def _empty(self) -> None:
        # Scopes refer to their parents, gauges to their owners: unless they are let go, each is left to the collector,
        # and names can be made up faster than it looks.
        for scope in self.scopes.values():
            scope._empty()
        self.scopes = _NO_SCOPES
        self.leaves = _NO_LEAVES

    def walk(self) -> Iterator[tuple[tuple[str, ...], str, Leaf]]:
        """Every leaf from here down: (scope segments relative to here, leaf name, leaf).

        The tree may change between two steps (a renderer lets requests run in between): what is pruned meanwhile
        may still be told, what is added may not.
        """
        todo: list[tuple[tuple[str, ...], Metrics]] = [((), self)]
        while todo:
            path, node = todo.pop()
            for name, leaf in list(node.leaves.items()):
                yield path, name, leaf
            todo.extend([((*path, name), scope) for name, scope in reversed(node.scopes.items())])

    def snapshot(self) -> None:
        """End the running interval of every stat from here down; some 10 ms for 15,000 stats."""
        for _ in self.snapshot_in_steps():
            pass

    def snapshot_in_steps(self, every: int = 100) -> Iterator[None]:
        """The same, pausing after each `every` scopes, for an owner that shares its thread with requests."""
        todo = [self]
        seen = 0
        while todo:
            node = todo.pop()
            todo.extend(node.scopes.values())
            for leaf in node.leaves.values():
                if isinstance(leaf, Stat):
                    leaf.roll()
            seen += 1
            if seen % every == 0:
                yield

    def _parent_of(self, name: str) -> tuple[Metrics, str]:
        *scopes, last = map(intern, name.split("/"))  # the same few names in each of a thousand scopes
        return self.scope(*scopes), last

    def _add(self, name: str, leaf: Leaf) -> None:
        if not self.leaves:
            self.leaves = {}
        self.leaves[name] = leaf

    def _leaf(self, name: str, kind: type[_L]) -> _L:
        node, last = self._parent_of(name)
        found = node.leaves.get(last)
        if found is None:
            found = kind()
            node._add(last, found)
        if not isinstance(found, kind):
            raise TypeError(f"{'/'.join(node.path())}/{last} is a {type(found).__name__}, not a {kind.__name__}")
        return found


def _called(sample: Callable[[], float]) -> float:
    return sample()
