"""The policies: when an endpoint is dead. linkerd.md section 3.10."""

from __future__ import annotations

from math import exp

import pytest

from linker.accrual import ACCRUALS, DEFAULT_ACCRUAL
from linker.accrual.base import AccrualConfig, Policy
from linker.accrual.consecutive_failures import ConsecutiveFailuresConfig
from linker.accrual.none import NoAccrualConfig
from linker.accrual.success_rate import SuccessRate, SuccessRateConfig
from linker.accrual.success_rate_windowed import SuccessRateWindowed, SuccessRateWindowedConfig
from linker.backoff import ConstantBackoff, JitteredBackoff

FIVE = ConstantBackoff(ms=5000)


def made(config: AccrualConfig) -> Policy:
    policy = config.mk(lambda: 0.5)
    assert policy is not None
    return policy


def test_the_third_failure_in_a_row_marks_it_dead() -> None:
    policy = made(ConsecutiveFailuresConfig(failures=3, backoff=FIVE))
    assert [policy.on_failure(t) for t in (0.0, 0.1, 0.2)] == [None, None, 5.0]


def test_a_success_breaks_the_row() -> None:
    policy = made(ConsecutiveFailuresConfig(failures=2, backoff=FIVE))
    assert policy.on_failure(0.0) is None
    policy.on_success(0.1)
    assert policy.on_failure(0.2) is None
    assert policy.on_failure(0.3) == 5.0


def test_each_failed_probe_waits_longer_and_a_revival_begins_anew() -> None:
    policy = made(ConsecutiveFailuresConfig(failures=1, backoff=JitteredBackoff(minMs=1000, maxMs=9000)))
    assert [policy.on_failure(0.0) for _ in range(4)] == [1.0, 2.0, 4.0, 6.5]
    policy.revived()
    assert policy.on_failure(0.0) == 1.0


def test_absent_means_five_in_a_row_and_five_seconds_first() -> None:
    policy = made(DEFAULT_ACCRUAL)
    assert [policy.on_failure(0.0) for _ in range(7)] == [None] * 4 + [5.0, 7.5, 15.0]


def test_success_rate_decides_only_after_its_window() -> None:
    policy = made(SuccessRateConfig(successRate=0.9, requests=4, backoff=FIVE))
    assert [policy.on_failure(0.0) for _ in range(5)] == [None, None, None, 5.0, 5.0]


def test_success_rate_is_a_moving_average_over_requests() -> None:
    policy = made(SuccessRateConfig(successRate=0.5, requests=10, backoff=FIVE))
    assert isinstance(policy, SuccessRate)
    keep = exp(-1 / 10)
    policy.on_success(0.0)
    assert policy.rate == pytest.approx(1.0)
    policy.on_failure(0.0)
    assert policy.rate == pytest.approx(keep)
    policy.on_success(0.0)
    assert policy.rate == pytest.approx(keep * keep + 1 - keep)


def test_the_first_outcome_is_the_average() -> None:
    policy = made(SuccessRateConfig(successRate=0.5, requests=10, backoff=FIVE))
    assert isinstance(policy, SuccessRate)
    policy.on_failure(0.0)
    assert policy.rate == 0.0


def test_success_rate_stays_alive_at_or_above_the_required_rate() -> None:
    policy = made(SuccessRateConfig(successRate=0.8, requests=100, backoff=FIVE))
    for _ in range(200):
        policy.on_success(0.0)
    # 1 in 10 fails: the average stays near 0.9
    for _ in range(30):
        for _ in range(9):
            policy.on_success(0.0)
        assert policy.on_failure(0.0) is None
    # everything fails: below 0.8 after 100 × ln(0.9 / 0.8), some 12 requests
    outcomes = [policy.on_failure(0.0) for _ in range(30)]
    assert outcomes[0] is None and outcomes[-1] == 5.0
    assert 8 <= outcomes.index(5.0) <= 16


def test_a_revived_success_rate_has_forgotten() -> None:
    policy = made(SuccessRateConfig(successRate=0.9, requests=2, backoff=FIVE))
    assert [policy.on_failure(0.0), policy.on_failure(0.0)] == [None, 5.0]
    policy.revived()
    policy.on_success(0.0)
    assert isinstance(policy, SuccessRate) and policy.rate == 1.0
    assert policy.on_failure(0.0) == 5.0  # e^(-1/2) is below 0.9


def test_a_windowed_rate_weighs_by_time() -> None:
    policy = made(SuccessRateWindowedConfig(successRate=0.5, window=10, backoff=FIVE))
    assert isinstance(policy, SuccessRateWindowed)
    policy.on_success(100.0)
    assert policy.rate == 1.0
    policy.on_failure(105.0)
    assert policy.rate == pytest.approx(exp(-0.5))
    policy.on_success(105.0)  # no time has passed: no weight
    assert policy.rate == pytest.approx(exp(-0.5))
    policy.on_success(110.0)
    assert policy.rate == pytest.approx(exp(-0.5) * exp(-0.5) + 1 - exp(-0.5))


def test_a_windowed_rate_needs_five_requests() -> None:
    policy = made(SuccessRateWindowedConfig(successRate=0.99, window=10, backoff=FIVE))
    assert [policy.on_failure(float(t)) for t in range(6)] == [None, None, None, None, 5.0, 5.0]
    policy.revived()
    assert [policy.on_failure(float(t)) for t in range(10, 15)] == [None, None, None, None, 5.0]


def test_none_never_decides() -> None:
    assert NoAccrualConfig().mk(lambda: 0.5) is None


def test_the_kinds() -> None:
    assert set(ACCRUALS.kinds) == {
        "io.l5d.consecutiveFailures",
        "io.l5d.successRate",
        "io.l5d.successRateWindowed",
        "none",
    }
