"""roundRobin: one after the other."""

from __future__ import annotations

from random import Random

from linker.balancers import Node
from linker.balancers.base import Stats
from linker.balancers.round_robin import RoundRobin
from linker.metrics import Metrics
from namer.addr import Address


def mk(count: int, seed: int = 1) -> tuple[RoundRobin, list[Node]]:
    nodes = [Node(Address("10.0.0.1", port)) for port in range(1, count + 1)]
    group = RoundRobin(Random(seed).random, Stats(Metrics()), 5)
    group.update(nodes)
    return group, nodes


def test_each_gets_its_turn() -> None:
    group, nodes = mk(3)
    picks = [group.pick(0.0) for _ in range(9)]
    assert set(picks[:3]) == set(nodes)
    assert picks[3:6] == picks[:3] and picks[6:] == picks[:3]


def test_proxies_begin_anywhere() -> None:
    assert len({nodes.index(group.pick(0.0)) for group, nodes in (mk(10, seed) for seed in range(20))}) > 4  # type: ignore[arg-type]


def test_it_goes_on_where_it_was_after_an_update() -> None:
    group, nodes = mk(4)
    first = group.pick(0.0)
    assert first is not None
    group.update(list(nodes))
    assert group.pick(0.0) is nodes[(nodes.index(first) + 1) % 4]


def test_unavailable_ones_are_passed_over() -> None:
    group, nodes = mk(4)
    nodes[2].available = False
    picks = [group.pick(0.0) for _ in range(6)]
    assert nodes[2] not in picks
    assert all(picks.count(node) == 2 for node in nodes if node is not nodes[2])


def test_a_shrunken_set_is_begun_anew() -> None:
    group, nodes = mk(10)
    for _ in range(9):
        group.pick(0.0)
    group.update(nodes[:2])
    assert {group.pick(0.0) for _ in range(4)} == set(nodes[:2])
