"""The states of an endpoint: linkerd.md section 3.10."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from linker.accrual.consecutive_failures import ConsecutiveFailuresConfig
from linker.accrual.success_rate import SuccessRateConfig
from linker.backoff import ConstantBackoff
from linker.endpoint_health import AccrualStats, EndpointHealth, State
from linker.metrics import Metrics

TEN = ConstantBackoff(ms=10_000)


def mk(failures: int = 2) -> tuple[EndpointHealth, AccrualStats]:
    stats = AccrualStats(Metrics())
    policy = ConsecutiveFailuresConfig(failures=failures, backoff=TEN).mk(lambda: 0.5)
    return EndpointHealth(policy, stats), stats


def state(health: EndpointHealth) -> State:
    """Read anew each time: type checkers take an attribute for unchanged by a method call."""
    return health.state


def counts(stats: AccrualStats) -> tuple[int, int, int, int]:
    return stats.removals.value, stats.revivals.value, stats.probes.value, stats.removed_for_ms.value


def dead(at: float = 0.0) -> tuple[EndpointHealth, AccrualStats]:
    health, stats = mk()
    health.on_failure(at)
    health.on_failure(at)
    return health, stats


def probed() -> tuple[EndpointHealth, AccrualStats]:
    health, stats = dead()
    assert health.available(10.0)
    health.on_dispatch(10.0)
    return health, stats


def test_it_is_alive_until_the_policy_trips() -> None:
    health, stats = mk()
    health.on_failure(0.0)
    assert state(health) is State.ALIVE and health.available(0.0)
    health.on_failure(1.0)
    assert state(health) is State.DEAD and not health.available(1.0)
    assert health.removed_until == 11.0
    assert counts(stats) == (1, 0, 0, 10_000)


def test_a_success_between_failures_keeps_it_alive() -> None:
    health, _ = mk()
    for now in range(10):
        health.on_failure(float(now))
        health.on_success(float(now))
    assert state(health) is State.ALIVE


def test_after_its_time_it_takes_one_probe_only() -> None:
    health, stats = dead()
    assert not health.available(9.9)
    assert health.available(10.0) and state(health) is State.PROBE_OPEN
    assert health.available(10.1)
    health.on_dispatch(10.2)
    assert state(health) is State.PROBE_CLOSED and not health.available(99.0)
    assert counts(stats) == (1, 0, 1, 10_000)


def test_a_good_probe_revives_it() -> None:
    health, stats = probed()
    health.on_success(11.0)
    assert state(health) is State.ALIVE and health.available(11.0)
    assert counts(stats) == (1, 1, 1, 10_000)
    health.on_failure(12.0)
    assert state(health) is State.ALIVE  # the policy began anew


def test_a_failed_probe_is_not_a_second_removal() -> None:
    health, stats = probed()
    health.on_failure(11.0)
    assert state(health) is State.DEAD and health.removed_until == 21.0
    assert counts(stats) == (1, 0, 1, 20_000)


def test_a_probe_that_was_called_off_is_tried_again() -> None:
    health, _ = probed()
    health.on_ignored(11.0)
    assert state(health) is State.PROBE_OPEN and health.available(11.0)
    health.on_success(11.5)  # of a request that was not the probe
    assert state(health) is State.PROBE_OPEN
    health.on_dispatch(12.0)
    health.on_success(12.5)
    assert state(health) is State.ALIVE


def test_a_failed_probe_that_the_policy_cannot_judge_is_tried_again() -> None:
    stats = AccrualStats(Metrics())
    policy = SuccessRateConfig(successRate=0.0, requests=1, backoff=TEN).mk(lambda: 0.5)
    health = EndpointHealth(policy, stats)
    health.state = State.PROBE_CLOSED
    health.on_failure(0.0)
    assert state(health) is State.PROBE_OPEN


@pytest.mark.parametrize("outcome", ["on_success", "on_failure", "on_ignored"])
def test_requests_that_end_while_it_is_dead_say_nothing(outcome: str) -> None:
    health, stats = dead()
    getattr(health, outcome)(1.0)
    health.on_dispatch(1.0)
    assert state(health) is State.DEAD and health.removed_until == 10.0
    assert counts(stats) == (1, 0, 0, 10_000)


@pytest.mark.parametrize("outcome", ["on_success", "on_failure", "on_ignored"])
def test_late_answers_before_the_probe_say_nothing(outcome: str) -> None:
    health, _ = dead()
    assert health.available(10.0)
    getattr(health, outcome)(10.5)
    assert state(health) is State.PROBE_OPEN


def test_without_a_policy_it_never_dies() -> None:
    health = EndpointHealth(None, AccrualStats(Metrics()))
    for now in range(100):
        health.on_dispatch(float(now))
        health.on_failure(float(now))
        health.on_success(float(now))
        health.on_ignored(float(now))
    assert health.available(100.0) and state(health) is State.ALIVE


def test_its_repr_is_a_status_line() -> None:
    health, _ = dead()
    assert repr(health) == "<EndpointHealth dead until 10>"
    health.available(10.0)
    assert repr(health) == "<EndpointHealth probe open>"


class HealthMachine(RuleBasedStateMachine):
    """Any order of events leaves it explicable and never out for good."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.health, self.stats = mk(3)

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(outcome=st.sampled_from(["on_success", "on_failure", "on_ignored", "on_dispatch", "available"]))
    def event(self, outcome: str) -> None:
        getattr(self.health, outcome)(self.now)

    @invariant()
    def counters_balance(self) -> None:
        removals, revivals, probes, _ = counts(self.stats)
        assert removals - revivals == (state(self.health) is not State.ALIVE)
        assert revivals <= probes

    @invariant()
    def it_is_never_out_for_good(self) -> None:
        assert self.health.removed_until <= self.now + 10.0

    def teardown(self) -> None:
        later = self.now + 10.0
        if state(self.health) is not State.PROBE_CLOSED:
            assert self.health.available(later)
            self.health.on_dispatch(later)
        self.health.on_success(later)
        assert state(self.health) is State.ALIVE


TestHealth = HealthMachine.TestCase
TestHealth.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
