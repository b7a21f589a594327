"""failFast: what one failed connect means, and when somebody tries again. linkerd.md section 3.6."""

from __future__ import annotations

from collections.abc import Callable

from linker.accrual.none import NoAccrualConfig
from linker.endpoint_health import AccrualStats
from linker.fail_fast import FailFastHealth, FailFastStats
from linker.metrics import Gauge, Metrics
from tests.linker.filters.fakes import Clock, counted


class Watched:
    """A health, and what it asked for."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.called_off = 0
        self.clock = Clock()
        self.metrics = Metrics()
        self.stats = FailFastStats(self.metrics, clock=self.clock)
        self.health = self.another()

    def another(self) -> FailFastHealth:
        return FailFastHealth(NoAccrualConfig().mk(), AccrualStats(Metrics()), self.stats, self._probe_after)

    def _probe_after(self, health: FailFastHealth, seconds: float) -> Callable[[], None]:
        self.asked.append(seconds)
        return self._call_off

    def _call_off(self) -> None:
        self.called_off += 1

    def gauges(self) -> tuple[float, float, float]:
        names = ("is_marked_dead", "unhealthy_for_ms", "unhealthy_num_tries")
        leaves = [self.metrics.leaves[name] for name in names]
        return tuple(leaf.read() for leaf in leaves if isinstance(leaf, Gauge))  # type: ignore[return-value]  # three


def test_one_failed_connect_takes_it_out_and_a_connection_brings_it_back() -> None:
    it = Watched()
    assert it.health.available(1000.0)
    it.health.on_unreachable(1000.0)
    it.health.on_unreachable(1000.1)
    assert not it.health.available(1000.2)
    assert it.asked == [1.0]
    assert counted(it.metrics) == {"marked_dead": 1}
    it.health.on_connected()
    it.health.on_connected()
    assert it.health.available(1000.3)
    assert it.called_off == 1
    assert counted(it.metrics) == {"marked_dead": 1, "marked_available": 1}


def test_it_is_tried_again_ever_later_and_from_the_beginning_the_next_time() -> None:
    it = Watched()
    it.health.on_unreachable(1000.0)
    for _ in range(7):
        it.health.probe_failed()
    assert it.asked == [1, 2, 4, 8, 16, 32, 32, 32]
    it.health.on_connected()
    it.health.probe_failed()  # it came too late to matter
    it.health.on_unreachable(1200.0)
    assert it.asked[8:] == [1]


def test_the_gauges_tell_of_all_that_are_out() -> None:
    it = Watched()
    other = it.another()
    assert it.gauges() == (0, 0, 0)
    it.health.on_unreachable(it.clock.now)
    it.clock.now += 1
    other.on_unreachable(it.clock.now)
    other.probe_failed()
    it.clock.now += 1
    assert it.gauges() == (2, 3000, 1)
    it.health.retired()
    other.retired()
    assert it.gauges() == (0, 0, 0)
    assert it.called_off == 2
