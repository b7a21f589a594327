"""heap: strictly the least loaded, whatever happened before."""

from __future__ import annotations

from random import Random

import pytest

from linker.balancers import Node
from linker.balancers.heap import Heap
from namer.addr import Address


def mk(count: int) -> tuple[Heap, list[Node]]:
    nodes = [Node(Address("10.0.0.1", port)) for port in range(1, count + 1)]
    group = Heap(Random(1).random)
    group.update(nodes)
    return group, nodes


def ordered(group: Heap) -> bool:
    heap = group._heap
    return all(heap[(slot - 1) >> 1].key <= heap[slot].key for slot in range(1, len(heap))) and all(
        node.slot == slot for slot, node in enumerate(heap)
    )


@pytest.mark.parametrize("seed", range(5))
def test_it_always_picks_a_least_loaded_available_node(seed: int) -> None:
    random = Random(seed)
    group, nodes = mk(13)
    in_flight: list[Node] = []
    for step in range(3000):
        if step % 200 == 0:
            for node in nodes:
                node.available = random.random() < 0.7
            group.update(nodes)  # comes back in order: rechecks alone are tested below
        if in_flight and random.random() < 0.5:
            node = in_flight.pop(random.randrange(len(in_flight)))
            node.load -= 1
            group.observe(node, float(step), 0.1)
        else:
            picked = group.pick(float(step))
            assert picked is not None
            up = [node for node in nodes if node.available] or nodes
            assert picked.load == min(node.load for node in up) and picked in up
            picked.load += 1
            in_flight.append(picked)
        assert ordered(group)


def test_requests_one_at_a_time_go_round() -> None:
    group, nodes = mk(4)
    met = []
    for now in range(8):
        node = group.pick(float(now))
        assert node is not None
        node.load += 1
        met.append(node)
        node.load -= 1
        group.observe(node, now + 0.5, 0.5)
    assert len(set(met)) > 1
    assert set(met) <= set(nodes)


def test_picks_that_came_to_nothing_are_set_right_within_a_round() -> None:
    group, nodes = mk(5)
    for _ in range(50):
        group.pick(0.0)  # the client gave up: no load
    for _ in range(10):
        picked = group.pick(1.0)
        assert picked is not None
        picked.load += 1
    assert [node.load for node in nodes] == [2] * 5
    assert ordered(group)


def test_nodes_that_come_back_are_found_within_some_picks() -> None:
    group, nodes = mk(100)
    for node in nodes[1:]:
        node.available = False
    assert group.pick(0.0) is nodes[0]
    for node in nodes:
        node.available = True
    nodes[0].load = 1
    for _ in range(25):
        picked = group.pick(1.0)
        assert picked is not None
        picked.load += 1
    assert all(node.key < 1 << 40 for node in nodes)


def test_with_all_down_the_least_loaded_one_is_used() -> None:
    group, nodes = mk(5)
    for load, node in enumerate(reversed(nodes)):
        node.available = False
        node.load = load
    group.update(nodes)
    assert group.pick(0.0) is nodes[-1]


def test_the_end_of_a_request_to_a_node_that_left_changes_nothing() -> None:
    group, nodes = mk(3)
    group.update(nodes[1:])
    group.observe(nodes[0], 0.0, 0.1)
    assert ordered(group) and len(group._heap) == 2
