"""p2c: pairs drawn evenly, the less loaded one taken."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from linker.balancers import Node
from linker.balancers.base import SCAN, Stats
from linker.balancers.p2c import P2C, P2CConfig
from linker.metrics import Metrics
from namer.addr import Address


def nodes_of(count: int) -> list[Node]:
    return [Node(Address("10.0.0.1", port)) for port in range(1, count + 1)]


def p2c(nodes: list[Node], random: object = None, effort: int = 5) -> P2C:
    group = P2C(random or Random(1).random, Stats(Metrics()), effort)  # type: ignore[arg-type]  # a scripted function
    group.update(nodes)
    return group


@pytest.mark.parametrize("count", [2, 3, 10])
def test_every_ordered_pair_is_as_likely(count: int) -> None:
    pairs: Counter[tuple[Node, Node]] = Counter()
    for drawn in range(count * (count - 1)):
        group = p2c(nodes := nodes_of(count), lambda drawn=drawn: (drawn + 0.5) / (count * (count - 1)))
        a, b = group._pair()
        assert a is not b
        pairs[a.address, b.address] += 1  # type: ignore[index]
        assert len(nodes) == count
    assert set(pairs.values()) == {1} and len(pairs) == count * (count - 1)


def test_idle_nodes_get_equal_shares() -> None:
    group = p2c(nodes := nodes_of(10))
    counts = Counter(group.pick(0.0) for _ in range(20_000))
    for node in nodes:
        assert abs(counts[node] - 2000) < 200  # 4.7 standard deviations of a binomial


def test_a_loaded_node_is_taken_only_in_pairs_with_more_loaded_ones() -> None:
    nodes = nodes_of(4)
    for load, node in enumerate(nodes):
        node.load = load
    group = p2c(nodes)
    counts = Counter(group.pick(0.0) for _ in range(12_000))
    # 6 pairs: the least loaded wins 3, then 2, then 1, the most loaded none
    assert [round(counts[node] / 2000) for node in nodes] == [3, 2, 1, 0]


def test_the_pick_and_the_careful_choice_agree() -> None:
    nodes = nodes_of(7)
    for node in nodes:
        node.load = Random(node.address.port).randrange(5)
    fast, careful = p2c(nodes, Random(5).random), p2c(nodes, Random(5).random)
    assert [fast.pick(0.0) for _ in range(200)] == [careful._choose(0.0) for _ in range(200)]


def test_availability_comes_before_load() -> None:
    nodes = nodes_of(2)
    nodes[0].available = False
    nodes[1].load = 100
    group = p2c(nodes)
    assert {group.pick(0.0) for _ in range(20)} == {nodes[1]}


def test_max_effort_is_counted_and_the_rest_is_looked_through() -> None:
    nodes = nodes_of(SCAN)
    for node in nodes[1:]:
        node.available = False
    stats = Stats(Metrics())
    group = P2C(Random(1).random, stats, 1)
    group.update(nodes)
    assert {group.pick(0.0) for _ in range(50)} == {nodes[0]}
    assert stats.max_effort_exhausted.value > 40


def test_of_a_large_dead_set_only_a_part_is_looked_through() -> None:
    asked = 0

    class Dead(Node):
        __slots__ = ()

        def refresh(self, now: float) -> bool:
            nonlocal asked
            asked += 1
            return False

    nodes: list[Node] = [Dead(Address("10.0.0.1", port)) for port in range(1, 5000)]
    for node in nodes:
        node.available = False
    assert p2c(nodes).pick(0.0) is not None
    assert asked <= SCAN + 5 * 3


def test_one_node_needs_no_random_number() -> None:
    def never() -> float:
        raise AssertionError("asked")

    (only,) = nodes = nodes_of(1)
    assert p2c(nodes, never).pick(0.0) is only


def test_max_effort_is_at_least_one_by_its_type() -> None:
    assert P2CConfig().maxEffort == 5 and P2CConfig().enableProbation is False
