"""ewma: peaks count at once, decay with time, and unknown endpoints are tried carefully."""

from __future__ import annotations

from collections import Counter
from math import exp
from random import Random

import pytest

from linker.balancers import Node
from linker.balancers.base import Stats
from linker.balancers.ewma import PENALTY, Ewma, EwmaConfig
from linker.metrics import Metrics
from namer.addr import Address


def mk(count: int, decay: float = 10.0) -> tuple[Ewma, list[Node]]:
    nodes = [Node(Address("10.0.0.1", port)) for port in range(1, count + 1)]
    group = Ewma(Random(1).random, Stats(Metrics()), 5, decay)
    group.update(nodes)
    return group, nodes


def test_a_peak_replaces_the_average_at_once() -> None:
    group, (node,) = mk(1)
    group.observe(node, 1.0, 0.1)
    assert node.cost == 0.1
    group.observe(node, 1.0, 3.0)
    assert node.cost == 3.0


def test_a_lower_latency_is_mixed_in_as_the_average_decays() -> None:
    group, (node,) = mk(1)
    group.observe(node, 1.0, 1.0)
    group.observe(node, 6.0, 0.2)
    keep = exp(-0.5)
    assert node.cost == pytest.approx(keep + 0.2 * (1 - keep))
    assert node.stamp == 6.0


def test_at_the_same_moment_a_lower_latency_changes_nothing() -> None:
    group, (node,) = mk(1)
    group.observe(node, 1.0, 1.0)
    group.observe(node, 1.0, 0.2)
    assert node.cost == 1.0


def test_a_latency_above_what_is_left_of_a_peak_is_the_new_peak() -> None:
    group, (node,) = mk(1)
    group.observe(node, 0.0, 1.0)
    group.observe(node, 10.0, 0.5)
    assert node.cost == 0.5  # 1.0 had decayed to 0.37


def test_the_cost_is_latency_times_one_more_than_the_load() -> None:
    group, (node,) = mk(1)
    group.observe(node, 2.0, 0.5)
    node.load = 3
    assert group.cost(node, 2.0) == 2.0
    assert group.cost(node, 12.0) == pytest.approx(2.0 * exp(-1.0))
    assert group.cost(node, 1.0) == 2.0  # a clock read a little earlier


def test_an_unknown_node_is_free_until_it_has_a_request_and_then_dearest() -> None:
    group, (node, other) = mk(2)
    group.observe(other, 0.0, 60.0)
    other.load = 100
    assert group.cost(node, 0.0) == 0.0
    node.load = 2
    assert group.cost(node, 0.0) == PENALTY + 2 > group.cost(other, 0.0)


def test_a_new_node_gets_one_request_until_it_has_answered() -> None:
    group, nodes = mk(3)
    for node in nodes[:2]:
        group.observe(node, 0.0, 0.01)
    new = nodes[2]
    given = 0
    for _ in range(50):
        if group.pick(0.0) is new:
            given += 1
            new.load += 1
    assert given == 1


def test_the_slow_node_of_a_pair_is_left_alone_until_its_latency_has_decayed() -> None:
    group, (fast, slow) = mk(2, decay=1.0)
    group.observe(slow, 0.0, 1.0)
    group.observe(fast, 0.0, 0.01)
    assert {group.pick(0.0) for _ in range(50)} == {fast}
    group.observe(fast, 4.9, 0.01)
    assert {group.pick(4.9) for _ in range(50)} == {slow if exp(-4.9) < 0.01 else fast}
    group.observe(fast, 4.9, 0.01)
    assert {group.pick(5.0) for _ in range(50)} == {slow}  # e^-5 < 0.01 × e^-0.1


def test_twice_the_latency_gets_half_the_share_under_load() -> None:
    """A closed loop of 30 requests: each node works at its own speed, and the loads settle inversely."""
    group, (fast, slow) = mk(2, decay=5.0)
    latency = {fast: 0.1, slow: 0.2}
    running: list[tuple[float, int, Node]] = []
    served: Counter[Node] = Counter()
    now = 0.0
    for number in range(6000):
        if len(running) >= 30:
            running.sort(key=lambda entry: entry[:2])
            end, _, node = running.pop(0)
            now = max(now, end)
            node.load -= 1
            group.observe(node, now, latency[node])
        picked = group.pick(now)
        assert picked is not None
        picked.load += 1
        served[picked] += 1
        running.append((now + latency[picked], number, picked))
    assert served[fast] > 1.7 * served[slow]


def test_the_configuration_is_in_milliseconds() -> None:
    balancer = EwmaConfig(decayTimeMs=2000).mk(Random(1).random)
    node = Node(Address("10.0.0.1", 1))
    balancer.update([node])
    balancer.observe(node, 0.0, 1.0)
    balancer.observe(node, 2.0, 0.0)
    assert node.cost == pytest.approx(exp(-1.0))
    assert EwmaConfig().decayTimeMs == 10_000
