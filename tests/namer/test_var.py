"""Values over time under everything that can happen inside an announcement."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from namer.activity import Close, Constant, Ok, State, Var
from tests.namer.fakes import Driven, Seen


def test_an_observer_hears_the_value_at_once_and_then_every_different_one() -> None:
    var, heard = Var(1), list[int]()
    close = var.observe(heard.append)
    var.set(1)
    var.set(2)
    close()
    close()
    var.set(3)
    assert heard == [1, 2] and var.value == 3


def test_one_function_observing_twice_is_two_observations() -> None:
    var, heard = Var(1), list[int]()
    first, second = var.observe(heard.append), var.observe(heard.append)
    first()
    var.set(2)
    second()
    assert heard == [1, 1, 2] and not var.observed


def test_a_change_from_inside_overtakes_the_one_being_announced() -> None:
    var, heard = Var(0), list[int]()
    var.observe(lambda value: var.set(2) if value == 1 else None)
    var.observe(heard.append)
    var.set(1)
    assert heard == [0, 2]


def test_an_observer_closed_by_an_earlier_one_is_not_told() -> None:
    var, heard = Var(0), list[int]()
    closes: list[Close] = []
    var.observe(lambda value: closes[0]() if value else None)
    closes.append(var.observe(heard.append))
    var.set(1)
    assert heard == [0]


def test_an_observer_added_from_inside_is_told_once() -> None:
    var, heard = Var(0), list[int]()
    var.observe(lambda value: (var.observe(heard.append), None)[1] if value == 1 else None)
    var.set(1)
    assert heard == [1]


def test_an_observer_that_raises_does_not_starve_the_others() -> None:
    var, heard = Var(0), list[int]()

    def bad(value: int) -> None:
        if value:
            raise KeyError(value)

    var.observe(bad)
    var.observe(heard.append)
    with pytest.raises(KeyError):
        var.set(1)
    var.observe(bad := lambda value: heard[99] if value == 2 else None)  # type: ignore[assignment,arg-type]
    with pytest.raises(ExceptionGroup) as error:
        var.set(2)
    assert len(error.value.exceptions) == 2
    assert heard == [0, 1, 2]


def test_an_observer_that_raises_at_once_is_not_observing() -> None:
    source = Driven(Ok(1))

    def bad(state: State[int]) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        source.activity.observe(bad)
    assert source.observers == 0 and not source.activity.states.observed
    assert Seen(source.activity).states == [Ok(1)]


def test_a_lazy_var_runs_while_observed() -> None:
    source = Driven(Ok(1))
    assert source.starts == 0
    one, two = Seen(source.activity), Seen(source.activity)
    one.close()
    assert source.observers == 1
    two.close()
    two.close()
    assert (source.observers, source.starts) == (0, 1)
    assert Seen(source.activity).states == [Ok(1)] and source.starts == 2


def test_the_first_observer_is_told_once_even_if_the_start_confirms_the_last_value() -> None:
    var = Var.lazy(1, lambda set_: (set_(1), lambda: None)[1])  # type: ignore[func-returns-value]
    heard = list[int]()
    var.observe(heard.append)
    assert heard == [1]


def test_a_source_that_speaks_after_its_close_is_not_heard() -> None:
    setters: list[Callable[[int], None]] = []
    var = Var.lazy(0, lambda set_: (setters.append(set_), lambda: None)[1])  # type: ignore[func-returns-value]
    var.observe(lambda value: None)()
    setters[0](1)
    assert var.value == 0
    heard = list[int]()
    var.observe(heard.append)
    setters[0](2)
    setters[1](3)
    assert heard == [0, 3]


def test_a_start_that_raises_leaves_nothing_behind() -> None:
    def start(set_: Callable[[int], None]) -> Close:
        raise OSError("no start")

    var = Var.lazy(0, start)
    for _ in range(2):
        with pytest.raises(OSError, match="no start"):
            var.observe(lambda value: None)
    assert not var.observed


def test_a_constant_is_told_once_and_cannot_be_set() -> None:
    constant, heard = Constant(1), list[int]()
    constant.observe(heard.append)()
    constant.map(lambda value: value + 1).observe(heard.append)
    assert heard == [1, 2] and not constant.observed and constant.value == 1
    with pytest.raises(TypeError, match="is constant"):
        constant.set(2)
