"""Trace ids. linkerd.md section 5.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker import trace

IDS = st.binary(min_size=32, max_size=32) | st.binary(min_size=40, max_size=40)
SPANS = st.binary(min_size=8, max_size=8)


@given(IDS)
def test_ids_round_trip(id_: bytes) -> None:
    assert trace.read(trace.show(id_)) == id_


@given(st.binary(max_size=60))
def test_any_text_is_an_id_or_none(value: bytes) -> None:
    id_ = trace.read(value)
    assert id_ is None or len(id_) in (32, 40)


@given(IDS, SPANS)
def test_a_child_is_a_new_span_below_its_parent_in_the_same_trace(parent: bytes, span: bytes) -> None:
    child = trace.child(parent, span)
    assert child[:8] == span and child[8:16] == parent[:8] and child[16:] == parent[16:]
    assert trace.trace_id(child) == trace.trace_id(parent)


def test_a_root_is_its_own_parent_and_trace_and_undecided() -> None:
    root = trace.root(b"12345678")
    assert root == b"12345678" * 3 + bytes(8)
    assert trace.sampled(root) is None


@given(IDS, st.booleans())
def test_a_decision_is_kept_and_touches_nothing_else(id_: bytes, yes: bool) -> None:
    decided = trace.with_sampling(id_, yes)
    assert trace.sampled(decided) is yes
    assert decided[:24] == id_[:24] and decided[32:] == id_[32:]


def test_the_flags_are_the_originals() -> None:
    assert trace.with_sampling(trace.root(bytes(8)), True)[24:] == (6).to_bytes(8, "big")
    assert trace.with_sampling(trace.root(bytes(8)), False)[24:] == (2).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("value", "rate"),
    [(b"0.25", 0.25), (b"1", 1.0), (b"7", 1.0), (b"-1", 0.0), (b"x", None), (b"", None), (b"nan", None)],
)
def test_rates_are_clamped(value: bytes, rate: float | None) -> None:
    assert trace.read_rate(value) == rate


@given(IDS)
def test_everything_and_nothing_are_picked_whole(id_: bytes) -> None:
    assert trace.picks(1.0, id_) and not trace.picks(0.0, id_)
