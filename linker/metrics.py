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
from typing import TypeVar

from linker.histogram import EMPTY, Histogram, Summary

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
    """A counter whose number is worked out when it is read: for what is counted elsewhere already."""

    __slots__ = ("_sample",)

    def __init__(self, sample: Callable[[], int]) -> None:
        self._sample = sample

    @property
    def value(self) -> int:  # type: ignore[override]  # read-only on purpose: nobody else may add to it
        """The number now."""
        return self._sample()


class Gauge:
    """A number sampled when it is read."""

    __slots__ = ("sample",)

    def __init__(self, sample: Callable[[], float]) -> None:
        self.sample = sample

    def read(self) -> float:
        """The number now; NaN when sampling it fails, so that one gauge does not hide all other metrics."""
        try:
            return float(self.sample())
        except Exception:
            return float("nan")


class Stat(Histogram):
    """A histogram over intervals. `add(x)` counts x ≥ 0 into the running one.

    defer: as `add` at a fifth of its cost, for the path of every request: values wait until `fold`, which whoever
    defers must call every `DEFERRED` values. zeros: values of 0, which callers count here themselves: nearly all that
    stats of retries ever see.
    """

    __slots__ = ("defer", "zeros", "_closed", "_deferred")

    def __init__(self) -> None:
        super().__init__()
        self.zeros = 0
        self._closed: Histogram | Summary | None = None
        self._deferred: list[float] = []
        self.defer: Callable[[float], None] = self._deferred.append

    def fold(self) -> None:
        """Count the deferred values."""
        if self._deferred:
            self.add_all(self._deferred)
            self._deferred.clear()
        if self.zeros:
            self.counts[0] = self.counts.get(0, 0) + self.zeros
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
        self.counts, self.sum = {}, 0

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


class Metrics:
    """A scope: its leaves and the scopes below, by name. `Metrics()` makes a root."""

    __slots__ = ("name", "parent", "leaves", "scopes")

    def __init__(self, name: str = "", parent: Metrics | None = None) -> None:
        self.name = name
        self.parent = parent
        self.leaves: dict[str, Leaf] = {}
        self.scopes: dict[str, Metrics] = {}

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
                found = node.scopes[segment] = Metrics(segment, node)
            node = found
        return node

    def counter(self, name: str) -> Counter:
        """The counter of that name; TypeError when it is another kind of leaf."""
        return self._leaf(name, Counter)

    def stat(self, name: str) -> Stat:
        """The histogram of that name; TypeError when it is another kind of leaf."""
        return self._leaf(name, Stat)

    def sampled_counter(self, name: str, sample: Callable[[], int]) -> SampledCounter:
        """A counter that calls `sample` when read. Given again, the newer one replaces it: its owner was rebuilt."""
        node, last = self._parent_of(name)
        found = node.leaves[last] = SampledCounter(sample)
        return found

    def gauge(self, name: str, sample: Callable[[], float]) -> Gauge:
        """A gauge that calls `sample` when read. Given again, it samples the newer function: its owner was rebuilt."""
        node, last = self._parent_of(name)
        found = node.leaves.get(last)
        if found is None:
            found = node.leaves[last] = Gauge(sample)
        if not isinstance(found, Gauge):
            raise TypeError(f"{'/'.join(node.path())}/{last} is a {type(found).__name__}, not a Gauge")
        found.sample = sample
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
        self.scopes.clear()
        self.leaves.clear()

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
        *scopes, last = name.split("/")
        return self.scope(*scopes), last

    def _leaf(self, name: str, kind: type[_L]) -> _L:
        node, last = self._parent_of(name)
        found = node.leaves.get(last)
        if found is None:
            found = node.leaves[last] = kind()
        if not isinstance(found, kind):
            raise TypeError(f"{'/'.join(node.path())}/{last} is a {type(found).__name__}, not a {kind.__name__}")
        return found
