"""Values that are not always there: `Activity`, a var of Pending | Ok | Failed. dtab.md section 6.

Strategy: everything is done by the var below (`namer.var`): observed synchronously, sources run while observed. Here is
what the three states add: an exception raised by a function is Failed; `flat_map` is the only combinator that
re-subscribes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from namer.var import Close, Constant, Var, nothing

__all__ = [
    "PENDING",
    "Activity",
    "Close",
    "Constant",
    "Failed",
    "Ok",
    "Pending",
    "State",
    "Var",
    "join",
]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Pending:
    """Not known yet."""


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """The current value."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """An error. Two failures are equal when type and text of their errors are."""

    error: Exception

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Failed) and type(other.error) is type(self.error) and str(other.error) == str(self.error)
        )

    def __hash__(self) -> int:
        return hash((type(self.error), str(self.error)))


State = Pending | Ok[T] | Failed
PENDING = Pending()


class Activity(Generic[T]):
    """A `Var` of `Pending | Ok | Failed`: what every namer, interpreter and store answers."""

    __slots__ = ("states",)

    def __init__(self, states: Var[State[T]]) -> None:
        self.states = states

    @staticmethod
    def ok(value: U) -> Activity[U]:
        """An activity that is and stays Ok(value)."""
        return Activity(Constant(cast("State[U]", Ok(value))))

    @staticmethod
    def failed(error: Exception) -> Activity[Any]:
        """An activity that is and stays Failed(error)."""
        return Activity(Constant(cast("State[Any]", Failed(error))))

    @staticmethod
    def pending() -> Activity[Any]:
        """An activity that never becomes anything."""
        return Activity(Constant(cast("State[Any]", PENDING)))

    @staticmethod
    def lazy(
        start: Callable[[Callable[[State[U]], None]], Close],
        initial: State[U] = PENDING,
        same: Callable[[State[U], State[U]], bool] = operator.eq,
    ) -> Activity[U]:
        """See `Var.lazy`."""
        return Activity(Var.lazy(initial, start, same))

    @property
    def state(self) -> State[T]:
        """The latest state, without observing."""
        return self.states.value

    def observe(self, observer: Callable[[State[T]], None]) -> Close:
        """See `Var.observe`."""
        return self.states.observe(observer)

    def map(self, f: Callable[[T], U]) -> Activity[U]:
        """`f` of each Ok value; an exception raised by `f` is Failed."""

        def of(state: State[T]) -> State[U]:
            if not isinstance(state, Ok):
                return state
            try:
                return Ok(f(state.value))
            except Exception as error:  # the contract of dtab.md section 6: raising is failing
                return Failed(error)

        return Activity.lazy(lambda set_: self.observe(lambda state: set_(of(state))))

    def flat_map(
        self, f: Callable[[T], Activity[U]], same: Callable[[State[U], State[U]], bool] = operator.eq
    ) -> Activity[U]:
        """Whatever `f(value)` currently is; re-evaluated and re-subscribed when the value changes.

        Pending and Failed pass through. An exception raised by `f` is Failed. The next activity is observed before the
        previous one is left, so that a source both of them use keeps running.
        """

        def start(set_: Callable[[State[U]], None]) -> Close:
            inner: Close = nothing
            turn = 0  # of `outer`; whatever belongs to an earlier turn is stale, also further up the call stack

            def outer(state: State[T]) -> None:
                nonlocal inner, turn
                turn += 1
                mine = turn
                previous, inner = inner, nothing

                def told(state: State[U]) -> None:
                    if turn == mine:
                        set_(state)

                try:
                    opened = _applied(f, state).observe(told)
                finally:
                    previous()
                if turn == mine:
                    inner = opened
                else:  # closed or overtaken from inside
                    opened()

            def close() -> None:
                nonlocal turn
                turn += 1
                outer_close()
                inner()

            outer_close = self.observe(outer)
            return close

        return Activity.lazy(start, same=same)

    def __repr__(self) -> str:
        return f"Activity({self.state!r})"


def _applied(f: Callable[[T], Activity[U]], state: State[T]) -> Activity[U]:
    """`f` of an Ok state; else the state itself. Never raises."""
    if not isinstance(state, Ok):
        return Activity(Constant(cast("State[U]", state)))
    try:
        return f(state.value)
    except Exception as error:  # the contract of dtab.md section 6: raising is failing
        return Activity.failed(error)


def join(activities: list[Activity[T]], combine: Callable[[list[State[T]]], State[U]]) -> Activity[U]:
    """All of them observed together; `combine` sees their states in order whenever one changes, and must not keep the
    list. An exception it raises is Failed.

    Announced first when each has been observed once, so that no half-filled list is seen.
    """

    def start(set_: Callable[[State[U]], None]) -> Close:
        states: list[State[T]] = [PENDING] * len(activities)
        closes: list[Close] = []
        ready = False

        def announce() -> None:
            try:
                state = combine(states)
            except Exception as error:  # the contract of dtab.md section 6: raising is failing
                state = Failed(error)
            set_(state)

        def at(i: int) -> Callable[[State[T]], None]:
            def observer(state: State[T]) -> None:
                states[i] = state
                if ready:
                    announce()

            return observer

        def close() -> None:
            for each in closes:
                each()

        try:
            for i, activity in enumerate(activities):
                closes.append(activity.observe(at(i)))
            ready = True
            announce()
        except BaseException:
            close()
            raise
        return close

    return Activity.lazy(start)
