"""What every kind of balancer owes its client, run against each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from linker.balancers import BALANCERS, Balancer, BalancerConfig, Node
from linker.metrics import Metrics
from namer.addr import Address

KINDS = list(BALANCERS.kinds)


@pytest.fixture(params=KINDS)
def config(request: pytest.FixtureRequest) -> type[BalancerConfig]:
    kind: type[BalancerConfig] = BALANCERS.kinds[request.param]
    return kind


@pytest.fixture
def balancer(config: type[BalancerConfig]) -> Balancer:
    return config().mk(Random(7).random)


def nodes_of(count: int, weight: float = 1.0) -> list[Node]:
    return [Node(Address("10.0.0.1", port, weight)) for port in range(1, count + 1)]


def dispatch(balancer: Balancer, now: float) -> Node:
    """What a client does when a request begins."""
    node = balancer.pick(now)
    assert node is not None
    node.load += 1
    return node


def finish(balancer: Balancer, node: Node, now: float, rtt: float = 0.01) -> None:
    """What a client does when it ends."""
    node.load -= 1
    balancer.observe(node, now, rtt)


def ticks(step: float = 0.01) -> Iterator[float]:
    now = 0.0
    while True:
        now += step
        yield now


def test_an_empty_set_gives_nobody(balancer: Balancer) -> None:
    assert balancer.pick(0.0) is None
    balancer.update(nodes_of(2))
    balancer.update([])
    assert balancer.pick(1.0) is None


@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_only_nodes_of_the_set_are_picked_and_all_of_them_under_load(balancer: Balancer, count: int) -> None:
    nodes = nodes_of(count)
    balancer.update(nodes)
    clock = ticks()
    met = set()
    for _ in range(40 * count):  # in flight at once: a narrow aperture must open
        met.add(dispatch(balancer, next(clock)))
    assert met == set(nodes)


def test_load_returns_to_zero_and_is_shared_evenly(balancer: Balancer) -> None:
    nodes = nodes_of(5)
    balancer.update(nodes)
    clock = ticks(0.1)
    in_flight = [dispatch(balancer, next(clock)) for _ in range(50)]
    busiest = max(node.load for node in nodes)
    assert busiest <= (50 if balancer.algorithm == "aperture_least_loaded" else 15)
    for node in in_flight:
        finish(balancer, node, next(clock))
    assert [node.load for node in nodes] == [0] * 5


def test_a_removed_node_is_never_picked_and_may_still_end_its_requests(balancer: Balancer) -> None:
    nodes = nodes_of(4)
    balancer.update(nodes)
    clock = ticks()
    in_flight = [dispatch(balancer, next(clock)) for _ in range(20)]
    balancer.update(nodes[2:])
    for _ in range(200):
        node = dispatch(balancer, next(clock))
        assert node in nodes[2:]
        finish(balancer, node, next(clock))
    for node in in_flight:
        finish(balancer, node, next(clock))
    assert [node.load for node in nodes] == [0, 0, 0, 0]


def test_updates_under_load_keep_loads_and_picks_right(balancer: Balancer) -> None:
    random = Random(3)
    pool = nodes_of(12)
    clock = ticks()
    in_flight: list[Node] = []
    members: list[Node] = []
    for step in range(3000):
        now = next(clock)
        if step % 25 == 0:
            members = random.sample(pool, random.randint(1, 12))
            balancer.update(members)
        if in_flight and random.random() < 0.5:
            finish(balancer, in_flight.pop(random.randrange(len(in_flight))), now, random.random())
        else:
            node = dispatch(balancer, now)
            assert node in members
            in_flight.append(node)
    assert sum(node.load for node in pool) == len(in_flight)


@pytest.mark.parametrize("up", [1, 5])
def test_available_nodes_are_preferred(balancer: Balancer, up: int) -> None:
    nodes = nodes_of(60)
    for node in nodes[up:]:
        node.available = False
    balancer.update(nodes)
    clock = ticks()
    for _ in range(300):
        node = dispatch(balancer, next(clock))
        assert node.available
        if node.load > 3:
            finish(balancer, node, next(clock))


def test_with_nobody_available_somebody_is_picked(balancer: Balancer) -> None:
    nodes = nodes_of(5)
    for node in nodes:
        node.available = False
    balancer.update(nodes)
    clock = ticks()
    met = Counter(dispatch(balancer, next(clock)) for _ in range(100))
    assert sum(met.values()) == 100
    if balancer.algorithm != "heap_least_loaded":
        assert balancer.stats.max_effort_exhausted.value == 100


def test_a_node_that_goes_down_while_in_use_and_comes_back_is_used_again(balancer: Balancer) -> None:
    nodes = nodes_of(3)
    balancer.update(nodes)
    clock = ticks()
    nodes[0].available = False
    for _ in range(30):
        finish(balancer, dispatch(balancer, next(clock)), next(clock))
    nodes[0].available = True
    met = {dispatch(balancer, next(clock)) for _ in range(100)}
    assert nodes[0] in met


class Dormant(Node):
    """Available again from `until` on, found out when asked."""

    __slots__ = ("until",)
    until: float

    def refresh(self, now: float) -> bool:
        self.available = now >= self.until
        return self.available


@pytest.mark.parametrize("others", [0, 2])
def test_a_node_whose_time_out_is_over_is_asked_and_used(balancer: Balancer, others: int) -> None:
    dormant = Dormant(Address("10.0.0.9", 9))
    dormant.until = 5.0
    dormant.available = False
    balancer.update([dormant, *nodes_of(others)])
    for now in range(5):
        if (node := balancer.pick(float(now))) is not None and others:
            assert node is not dormant
    met = {dispatch(balancer, 5.0 + count / 100) for count in range(100)}
    assert dormant in met and dormant.available


def test_classes_are_drawn_by_weight_times_size(balancer: Balancer) -> None:
    light, heavy = nodes_of(2), nodes_of(3, weight=2.0)
    balancer.update([*light, *heavy])
    counts: Counter[float] = Counter()
    clock = ticks()
    for _ in range(4000):
        node = dispatch(balancer, next(clock))
        counts[node.address.weight] += 1
        finish(balancer, node, next(clock))
    assert abs(counts[2.0] / 4000 - 6 / 8) < 0.03


def test_a_class_with_nobody_available_passes_its_share_on(balancer: Balancer) -> None:
    light, heavy = nodes_of(2), nodes_of(3, weight=2.0)
    for node in heavy:
        node.available = False
    balancer.update([*light, *heavy])
    clock = ticks()
    assert all(dispatch(balancer, next(clock)) in light for _ in range(100))


def test_weights_of_zero_alone_still_give_somebody(balancer: Balancer) -> None:
    balancer.update([*nodes_of(2, weight=0.0), *nodes_of(2, weight=-1.0)])
    assert balancer.pick(0.0) is not None


def test_a_class_of_weight_zero_gets_nothing_while_another_is_up(balancer: Balancer) -> None:
    unwanted, wanted = nodes_of(2, weight=0.0), nodes_of(1)
    balancer.update([*unwanted, *wanted])
    clock = ticks()
    assert all(dispatch(balancer, next(clock)) in wanted for _ in range(200))


def test_leavers_on_probation_serve_when_nobody_else_can(config: type[BalancerConfig]) -> None:
    balancer = config(enableProbation=True).mk(Random(7).random)
    nodes = nodes_of(3)
    balancer.update(nodes)
    balancer.update(nodes[:1])
    assert list(balancer.probation) == nodes[1:]
    clock = ticks()
    assert {dispatch(balancer, next(clock)) for _ in range(20)} == {nodes[0]}
    nodes[0].available = False
    assert {dispatch(balancer, next(clock)) for _ in range(20)} == set(nodes[1:])


def test_probation_ends_by_forgetting_by_ill_health_and_by_coming_back(config: type[BalancerConfig]) -> None:
    dropped: list[Node] = []
    balancer = config(enableProbation=True).mk(Random(7).random, dropped=dropped.append)
    nodes = nodes_of(4)
    balancer.update(nodes)
    balancer.update([])
    balancer.forget(nodes[0])
    nodes[1].available = False
    assert {balancer.pick(float(now)) for now in range(5)} == set(nodes[2:])
    assert dropped == [nodes[1]]
    assert list(balancer.probation) in ([nodes[2], nodes[3]], [nodes[3], nodes[2]])
    balancer.update([nodes[2]])
    assert list(balancer.probation) == [nodes[3]]
    balancer.forget(nodes[3])
    assert balancer.pick(9.0) is nodes[2]


def test_the_metrics_tell_what_happened(config: type[BalancerConfig]) -> None:
    metrics = Metrics()
    balancer = config().mk(Random(7).random, metrics)
    nodes = [*nodes_of(3), *nodes_of(1, weight=3.0)]
    balancer.update(nodes)
    balancer.update(nodes[1:])
    nodes[1].available = False
    nodes[2].load = 4
    flat = {
        "/".join((*path, name)): leaf.read() if hasattr(leaf, "read") else getattr(leaf, "value", None)
        for path, name, leaf in metrics.walk()
    }
    assert flat == {
        "adds": 4,
        "removes": 1,
        "updates": 2,
        "rebuilds": 2,
        "max_effort_exhausted": 0,
        "size": 3.0,
        "available": 2.0,
        "busy": 1.0,
        "closed": 0.0,
        "load": 4.0,
        "num_weight_classes": 2.0,
        "busy_weight_classes": 0.0,
        "meanweight": 5 / 3,
        f"algorithm/{balancer.algorithm}": 1.0,
    }


def test_its_repr_is_a_status_line(balancer: Balancer) -> None:
    nodes = nodes_of(2)
    nodes[0].available = False
    nodes[1].load = 3
    balancer.update(nodes)
    assert repr(balancer) == f"<{balancer.algorithm} 1/2 available, load 3>"
    assert repr(nodes[0]) == "<10.0.0.1:1 load=0 busy>"
