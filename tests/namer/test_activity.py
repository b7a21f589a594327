"""Pending, Ok and Failed through `map`, `flat_map` and `join`, also when closed or overtaken from inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namer.activity import PENDING, Activity, Close, Failed, Ok, Pending, State, Var, join
from tests.namer.fakes import Driven, Seen


def test_map_passes_pending_and_failed_and_fails_when_the_function_raises() -> None:
    source = Driven[int]()
    seen = Seen(source.activity.map(lambda value: 10 // value))
    for state in (Ok(5), Ok(0), Failed(OSError("x")), PENDING):
        source.become(state)
    assert seen.states[:2] == [Pending(), Ok(2)]
    assert isinstance(seen.states[2], Failed) and isinstance(seen.states[2].error, ZeroDivisionError)
    assert seen.states[3:] == [Failed(OSError("x")), Pending()]


def test_flat_map_follows_the_inner_activity_and_leaves_it_when_the_outer_changes() -> None:
    outer, inners = Driven[int](Ok(0)), [Driven[str](Ok("a")), Driven[str](Ok("b"))]
    seen = Seen(outer.activity.flat_map(lambda i: inners[i].activity))
    inners[0].become(Ok("A"))
    outer.become(Ok(1))
    assert [inner.observers for inner in inners] == [0, 1]
    outer.become(PENDING)
    assert [inner.observers for inner in inners] == [0, 0]
    assert seen.states == [Ok("a"), Ok("A"), Ok("b"), Pending()]
    outer.become(Ok(0))
    seen.close()
    assert [outer.observers, *(inner.observers for inner in inners)] == [0, 0, 0]


def test_flat_map_observes_the_next_activity_before_it_leaves_the_previous_one() -> None:
    outer, shared = Driven[int](Ok(0)), Driven[str](Ok("a"))
    Seen(outer.activity.flat_map(lambda i: shared.activity.map(lambda text: f"{text}{i}")))
    outer.become(Ok(1))
    assert (shared.observers, shared.starts) == (1, 1)


def test_flat_map_closed_from_inside_the_new_inner_observation_leaks_nothing() -> None:
    outer, inner = Driven[int](Ok(0)), Driven[str](Ok("a"))
    closes: list[Close] = []

    def observer(state: State[str]) -> None:
        if state == Ok("a1"):
            closes[0]()

    followed = outer.activity.flat_map(lambda i: inner.activity.map(lambda text: f"{text}{i}"))
    closes.append(followed.observe(observer))
    outer.become(Ok(1))
    assert (outer.observers, inner.observers) == (0, 0)


def test_flat_map_overtaken_from_inside_stays_with_the_newest() -> None:
    outer, inners = Driven[int](Ok(0)), [Driven[str](Ok(text)) for text in "abc"]
    seen: list[State[str]] = []

    def observer(state: State[str]) -> None:
        seen.append(state)
        if state == Ok("b"):
            outer.become(Ok(2))

    close = outer.activity.flat_map(lambda i: inners[i].activity).observe(observer)
    outer.become(Ok(1))
    inners[1].become(Ok("stale"))
    assert seen == [Ok("a"), Ok("b"), Ok("c")]
    assert [inner.observers for inner in inners] == [0, 0, 1]
    close()
    assert [outer.observers, *(inner.observers for inner in inners)] == [0, 0, 0, 0]


def test_flat_map_fails_when_the_function_raises_and_recovers() -> None:
    outer = Driven[int](Ok(0))
    seen = Seen(outer.activity.flat_map(lambda i: Activity.ok(10 // i)))
    outer.become(Ok(5))
    assert isinstance(seen.states[0], Failed) and seen.states[1] == Ok(2)


def test_flat_map_with_another_sameness_announces_what_only_that_tells_apart() -> None:
    outer = Driven(Ok(1))
    plain, picky = (
        Seen(outer.activity.flat_map(lambda i: Activity.ok(i / 1), *same)) for same in ([], [lambda a, b: a is b])
    )
    outer.become(Ok(1.0))  # type: ignore[arg-type]
    outer.become(Ok(2))
    outer.become(Ok(2))
    assert plain.states == picky.states == [Ok(1), Ok(2)]


def test_join_announces_first_when_every_state_is_there() -> None:
    sources = [Driven[int](Ok(1)), Driven[int](Ok(2))]
    seen = Seen(join([each.activity for each in sources], lambda states: Ok(list(states))))
    sources[1].become(PENDING)
    assert seen.states == [Ok([Ok(1), Ok(2)]), Ok([Ok(1), Pending()])]
    seen.close()
    assert [each.observers for each in sources] == [0, 0]


def test_join_fails_when_combining_raises_and_leaves_all_when_observing_does() -> None:
    sources = [Driven[int](Ok(1)), Driven[int](Ok(2))]

    def combine(states: list[State[int]]) -> State[int]:
        raise KeyError("x")

    assert Seen(join([each.activity for each in sources], combine)).states == [Failed(KeyError("x"))]

    def start(set_: Callable[[State[int]], None]) -> Close:
        raise OSError("no start")

    more = [Driven[int](Ok(1)).activity, Activity.lazy(start)]
    with pytest.raises(OSError, match="no start"):
        join(more, lambda states: states[0]).observe(lambda state: None)
    assert not more[0].states.observed


def test_failures_are_equal_when_type_and_text_are() -> None:
    assert Failed(OSError("x")) == Failed(OSError("x")) != Failed(ValueError("x"))
    assert len({Failed(OSError("x")), Failed(OSError("x")), Failed(OSError("y"))}) == 2
    assert Failed(OSError("x")) != "x"


def test_reprs_read_as_status_lines() -> None:
    var = Var(1)
    var.observe(lambda state: None)
    assert repr(var) == "Var(1, observers=1)"
    assert repr(Activity.ok(1)) == "Activity(Ok(value=1))"
    assert repr(Activity.ok(1).states) == "Constant(Ok(value=1))"
    assert Activity.pending().state == PENDING and isinstance(Activity.failed(OSError()).state, Failed)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("outer"), st.one_of(st.integers(0, 2).map(Ok), st.just(PENDING))),
            st.tuples(st.integers(0, 2), st.integers(0, 3).map(Ok)),
            st.tuples(st.just("toggle"), st.integers(0, 1)),
        ),
        max_size=30,
    )
)
def test_flat_map_always_shows_the_inner_of_the_outer(steps: list[tuple[object, object]]) -> None:
    outer = Driven[int]()
    inners = [Driven[int](Ok(0)) for _ in range(3)]
    followed = outer.activity.flat_map(lambda i: inners[i].activity)
    seen: list[Seen[int] | None] = [None, None]
    for what, value in steps:
        if what == "outer":
            outer.become(value)  # type: ignore[arg-type]
        elif what == "toggle":
            old = seen[value]  # type: ignore[call-overload]
            if old is not None:
                old.close()
            seen[value] = Seen(followed) if old is None else None  # type: ignore[call-overload]
        else:
            inners[what].become(value)  # type: ignore[call-overload]
        expected = inners[outer.current.value].current if isinstance(outer.current, Ok) else PENDING
        watching = [each for each in seen if each is not None]
        assert all(each.last == expected for each in watching)
        assert outer.observers == bool(watching)
        wanted = outer.current.value if isinstance(outer.current, Ok) and watching else None
        assert [i for i, inner in enumerate(inners) if inner.observers] == ([] if wanted is None else [wanted])
