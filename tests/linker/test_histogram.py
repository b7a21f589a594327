"""Percentiles against the sorted list of what was added."""

from __future__ import annotations

from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from linker.histogram import EMPTY, Histogram

VALUES = st.lists(
    st.one_of(
        st.integers(0, 300),
        st.integers(0, 10**7),
        st.integers(0, 2**64 - 1),
        st.floats(0, 1e6, allow_nan=False, allow_infinity=False),
    ),
    min_size=1,
    max_size=300,
)


def filled(values: list[float]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def within(shown: int, value: float) -> bool:
    """A bucket is at most 1/64 of its lowest value wide."""
    return abs(shown - int(value)) <= int(value) / 64


def test_nothing_added_says_nothing() -> None:
    assert Histogram().summary() == EMPTY
    assert EMPTY.avg == 0.0


@settings(max_examples=200)
@given(VALUES)
def test_percentiles_are_those_of_the_sorted_values_within_a_bucket(values: list[float]) -> None:
    summary = filled(values).summary()
    ordered = sorted(values)
    assert summary.count == len(values)
    for q, shown in (
        (0.5, summary.p50),
        (0.9, summary.p90),
        (0.95, summary.p95),
        (0.99, summary.p99),
        (0.999, summary.p9990),
        (0.9999, summary.p9999),
    ):
        assert within(shown, ordered[max(1, ceil(q * len(ordered))) - 1])
    assert within(summary.min, ordered[0]) and within(summary.max, ordered[-1])
    assert summary.min <= summary.p50 <= summary.p90 <= summary.p95 <= summary.p99
    assert summary.p99 <= summary.p9990 <= summary.p9999 <= summary.max


@given(st.lists(st.integers(0, 127), min_size=1))
def test_small_numbers_are_exact(values: list[int]) -> None:
    summary = filled(list(values)).summary()
    assert (summary.min, summary.max, summary.sum) == (min(values), max(values), sum(values))
    assert summary.p50 == sorted(values)[ceil(len(values) / 2) - 1]


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_sum_and_average_are_exact(values: list[int]) -> None:
    summary = filled(list(values)).summary()
    assert summary.sum == sum(values)
    assert summary.avg == sum(values) / len(values)


def test_fractions_count_in_the_sum() -> None:
    summary = filled([0.25, 0.5, 0.75]).summary()
    assert (summary.sum, summary.avg, summary.max) == (1.5, 0.5, 0)


def test_a_wide_range_of_latencies_needs_few_buckets() -> None:
    histogram = filled([float(x) for x in range(0, 100_000, 7)])
    assert len(histogram.counts) < 128 + 64 * 11
