"""aperture: as many endpoints as the load needs."""

from __future__ import annotations

from random import Random

import pytest

from linker.balancers import Node
from linker.balancers.aperture import Aperture, ApertureConfig
from linker.balancers.base import Stats
from linker.metrics import Metrics
from namer.addr import Address


def mk(count: int, *, window: float = 5.0, least: int = 1) -> tuple[Aperture, list[Node]]:
    nodes = [Node(Address("10.0.0.1", port)) for port in range(1, count + 1)]
    group = Aperture(Random(1).random, Stats(Metrics()), 5, window, 0.5, 2.0, least)
    group.update(nodes)
    return group, nodes


def steady(group: Aperture, in_flight: int, start: float, seconds: float) -> set[Node]:
    """Keep so many requests in flight, one ending and one beginning every 10 ms; who got one."""
    running: list[Node] = []
    met = set()
    for step in range(int(seconds * 100)):
        now = start + step / 100
        while len(running) > max(in_flight - 1, 0):
            node = running.pop(0)
            node.load -= 1
            group.observe(node, now, 0.01)
        while len(running) < in_flight:
            picked = group.pick(now)
            assert picked is not None
            picked.load += 1
            met.add(picked)
            running.append(picked)
    for node in running:
        node.load -= 1
        group.observe(node, start + seconds, 0.01)
    return met


def test_light_traffic_keeps_to_one_endpoint() -> None:
    group, nodes = mk(20)
    assert steady(group, 1, 0.0, 60.0) <= set(group.nodes[:2])
    assert group.size in (1, 2)
    assert len(nodes) == 20


@pytest.mark.parametrize("in_flight", [10, 20])
def test_it_grows_until_each_has_less_than_high_load(in_flight: int) -> None:
    group, _ = mk(40)
    steady(group, in_flight, 0.0, 60.0)
    assert in_flight / 2 <= group.size <= in_flight / 2 + 1


def test_it_never_grows_beyond_the_set() -> None:
    group, nodes = mk(3)
    assert steady(group, 50, 0.0, 30.0) == set(nodes)
    assert group.size == 3


def test_it_shrinks_when_the_load_goes() -> None:
    group, _ = mk(40)
    steady(group, 30, 0.0, 60.0)
    grown = group.size
    steady(group, 2, 60.0, 60.0)
    assert grown >= 15 and group.size <= 4


def test_it_never_shrinks_below_the_least() -> None:
    group, _ = mk(40, least=7)
    assert group.size == 7
    steady(group, 1, 0.0, 60.0)
    assert group.size == 7


def test_a_least_above_the_set_is_the_set() -> None:
    group, _ = mk(3, least=7)
    assert group.size == 3
    steady(group, 1, 0.0, 5.0)
    assert group.size == 3


def test_the_average_is_the_load_over_time() -> None:
    group, _ = mk(4)
    node = group.pick(100.0)
    assert node is not None
    node.load += 1
    group.observe(node, 100.0, 0.0)  # nothing held for any time
    assert group.average == pytest.approx(0.0, abs=1e-6)


def test_one_slow_request_after_a_long_silence_does_not_open_it() -> None:
    group, _ = mk(10)
    for second in range(0, 600, 60):
        node = group.pick(float(second))
        assert node is not None
        node.load += 1
        node.load -= 1
        group.observe(node, second + 0.01, 0.01)
        assert group.average < 0.1 and group.size == 1


def test_picks_that_came_to_nothing_are_forgotten() -> None:
    group, _ = mk(10)
    for step in range(100):
        group.pick(step / 100)  # the client gave up: no load, no end
    steady(group, 1, 2.0, 60.0)
    assert group.size <= 2


def test_each_proxy_has_an_order_of_its_own_and_keeps_it_over_updates() -> None:
    nodes = [Node(Address("10.0.0.1", port)) for port in range(1, 21)]
    group = Aperture(Random(1).random, Stats(Metrics()), 5, 5.0, 0.5, 2.0, 1)
    group.update(nodes)
    before = list(group.nodes)
    assert before != nodes
    gone = before[3]
    group.update([node for node in nodes if node is not gone])
    assert group.nodes == [node for node in before if node is not gone]


def test_beyond_the_aperture_the_next_available_one_stands_in() -> None:
    group, _ = mk(10)
    ring = list(group.nodes)
    for node in ring[:3]:
        node.available = False
    assert {group.pick(0.0) for _ in range(10)} == {ring[3]}


def test_without_a_window_the_average_is_the_load_of_the_moment() -> None:
    group, _ = mk(40, window=0.0)
    steady(group, 20, 0.0, 3.0)
    assert group.size >= 5


def test_the_thresholds_must_leave_room() -> None:
    with pytest.raises(ValueError, match=r"lowLoad 3\.0 must be less than highLoad 2\.0"):
        ApertureConfig(lowLoad=3.0)
