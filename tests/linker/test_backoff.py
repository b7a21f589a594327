"""Delays: linkerd.md section 3.11."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.backoff import BACKOFFS, ConstantBackoff, EqualJitteredBackoff, JitteredBackoff


def test_constant_is_constant() -> None:
    assert list(islice(ConstantBackoff(ms=250).delays(Random(1).random), 3)) == [0.25] * 3
    assert list(islice(ConstantBackoff().delays(Random(1).random), 3)) == [0.0] * 3


@given(st.integers(0, 10_000), st.integers(0, 100_000), st.integers())
def test_jittered_begins_with_the_least_and_each_is_between_the_last_and_three_times_it(
    least: int, more: int, seed: int
) -> None:
    backoff = JitteredBackoff(minMs=least, maxMs=least + more)
    delays = list(islice(backoff.delays(Random(seed).random), 40))
    assert delays[0] == least / 1000
    for last, delay in zip(delays, delays[1:], strict=False):
        assert last - 1e-9 <= delay <= min(3 * last, (least + more) / 1000) + 1e-9


def test_jittered_reaches_the_longest_delay() -> None:
    delays = list(islice(JitteredBackoff(minMs=10, maxMs=500).delays(Random(1).random), 200))
    assert delays[-1] == pytest.approx(0.5)


def test_jittered_refuses_a_least_above_the_longest() -> None:
    with pytest.raises(ValueError, match="minMs 5 must not be more than maxMs 4"):
        JitteredBackoff(minMs=5, maxMs=4)


@given(st.integers())
def test_equal_jitter_doubles_from_start_to_longest(seed: int) -> None:
    delays = list(islice(EqualJitteredBackoff(start=5.0, longest=300.0).delays(Random(seed).random), 100))
    assert delays[0] == 5.0
    for attempt, delay in enumerate(delays[1:7]):
        assert min(5.0 * 2**attempt, 300.0) <= delay <= min(10.0 * 2**attempt, 300.0)
    assert delays[8:] == [300.0] * 92


def test_each_user_has_delays_of_its_own() -> None:
    backoff = EqualJitteredBackoff(start=1.0, longest=8.0)
    first = backoff.delays(lambda: 0.5)
    assert list(islice(first, 4)) == [1.0, 1.5, 3.0, 6.0]
    assert next(backoff.delays(lambda: 0.5)) == 1.0


def test_the_kinds() -> None:
    assert set(BACKOFFS.kinds) == {"constant", "jittered"}
