"""The tree of scopes and its leaves."""

from __future__ import annotations

from math import isnan

import pytest

from linker.metrics import Counter, Gauge, Metrics, Stat


def names(metrics: Metrics) -> list[str]:
    return sorted("/".join((*path, name)) for path, name, _ in metrics.walk())


def test_the_same_name_gives_the_same_leaf() -> None:
    metrics = Metrics()
    assert metrics.scope("rt", "http") is metrics.scope("rt").scope("http")
    assert metrics.scope("rt").counter("requests") is metrics.scope("rt").counter("requests")
    assert metrics.stat("latency_ms") is metrics.stat("latency_ms")


def test_counters_count() -> None:
    counter = Metrics().counter("requests")
    counter.value += 1
    counter.value += 2
    assert counter.value == 3


def test_a_scope_may_contain_slashes_and_a_leaf_name_is_split_at_them() -> None:
    metrics = Metrics()
    client = metrics.scope("client", "#/io.l5d.fs/web")
    client.counter("failures").value = 3
    client.counter("failures/a.b.C").value = 2
    client.counter("failures/a.b.C/d.E").value = 1
    told = [(path, name, leaf.value) for path, name, leaf in metrics.walk() if isinstance(leaf, Counter)]
    assert told == [
        (("client", "#/io.l5d.fs/web"), "failures", 3),
        (("client", "#/io.l5d.fs/web", "failures"), "a.b.C", 2),
        (("client", "#/io.l5d.fs/web", "failures", "a.b.C"), "d.E", 1),
    ]
    assert client.scope("failures").counter("a.b.C").value == 2


def test_one_name_is_one_kind_of_leaf() -> None:
    metrics = Metrics()
    metrics.scope("rt").counter("x")
    with pytest.raises(TypeError, match="rt/x is a Counter, not a Stat"):
        metrics.scope("rt").stat("x")
    with pytest.raises(TypeError, match="rt/x is a Counter, not a Gauge"):
        metrics.gauge("rt/x", lambda: 1)


def test_a_gauge_samples_when_read_and_takes_a_newer_function() -> None:
    metrics, level = Metrics(), [1]
    gauge = metrics.gauge("level", lambda: level[0])
    level[0] = 7
    assert gauge.read() == 7.0
    assert metrics.gauge("level", lambda: 9) is gauge
    assert gauge.read() == 9.0


def test_a_gauge_that_fails_reads_nan() -> None:
    def broken() -> float:
        raise ZeroDivisionError

    assert isnan(Metrics().gauge("broken", broken).read())


def test_a_stat_shows_the_running_interval_until_the_first_snapshot_then_the_last_complete_one() -> None:
    metrics = Metrics()
    stat = metrics.scope("a").stat("latency_ms")
    stat.add(5)
    assert stat.summary().count == 1
    stat.add(7)
    metrics.snapshot()
    stat.add(1)
    assert (stat.summary().count, stat.summary().sum) == (2, 12)
    metrics.snapshot()
    assert (stat.summary().count, stat.summary().sum) == (1, 1)
    metrics.snapshot()
    assert stat.summary().count == 0


def test_a_stat_made_after_a_snapshot_shows_its_running_interval() -> None:
    metrics = Metrics()
    metrics.snapshot()
    metrics.stat("x").add(1)
    assert metrics.stat("x").summary().count == 1


def test_a_snapshot_in_steps_pauses_and_misses_none() -> None:
    metrics = Metrics()
    stats = [metrics.scope(f"s{i}").stat("x") for i in range(25)]
    for stat in stats:
        stat.add(1)
    assert len(list(metrics.snapshot_in_steps(every=10))) == 2  # 25 scopes and the root
    for stat in stats:
        stat.add(1)
    assert {stat.summary().count for stat in stats} == {1}


def test_pruning_takes_a_scope_out_and_its_leaves_go_on_unseen() -> None:
    metrics = Metrics()
    clients = metrics.scope("rt", "http", "client")
    counter = clients.scope("#/a").counter("requests")
    clients.scope("#/b").counter("requests")
    metrics.prune("rt", "http", "client", "#/a")
    counter.value += 1
    assert names(metrics) == ["rt/http/client/#/b/requests"]
    assert clients.scope("#/a").counter("requests").value == 0


def test_pruning_what_is_not_there_does_nothing() -> None:
    metrics = Metrics()
    metrics.counter("x")
    metrics.prune("a", "b")
    metrics.prune()
    metrics.close()
    assert names(metrics) == ["x"]


def test_closing_twice_leaves_a_successor_alone() -> None:
    metrics = Metrics()
    old = metrics.scope("a")
    old.close()
    metrics.scope("a").counter("x")
    old.close()
    assert names(metrics) == ["a/x"]


def test_the_tree_may_change_while_it_is_walked() -> None:
    metrics = Metrics()
    for i in range(5):
        metrics.scope(f"s{i}").counter("x")
    walk = metrics.walk()
    next(walk)
    metrics.scope("s0").counter("y")
    metrics.prune("s3")
    metrics.scope("s9").counter("x")
    assert len(list(walk)) >= 3


def test_its_repr_tells_where_it_is() -> None:
    metrics = Metrics()
    metrics.scope("rt", "http").counter("x")
    assert repr(metrics.scope("rt", "http")) == "<Metrics rt/http: 1 leaves, 0 scopes>"
    assert repr(metrics) == "<Metrics root: 0 leaves, 1 scopes>"


def test_leaf_kinds_are_told_by_class() -> None:
    metrics = Metrics()
    assert isinstance(metrics.counter("c"), Counter)
    assert isinstance(metrics.stat("s"), Stat)
    assert isinstance(metrics.gauge("g", lambda: 0), Gauge)
