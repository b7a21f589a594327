"""Values over time, observed synchronously: `Var` (always has a value) and `Activity` (Pending | Ok | Failed).

Strategy: push, no queues, no loop. A source keeps the latest whole value; an observer is a plain function that is
called at once with the current value and then with every *different* one. Sources made with `lazy` run only while
somebody observes them. A change made from inside an observer overtakes the one being announced: nobody sees an old
value after a newer one. dtab.md section 6; `flat_map` is the only combinator that re-subscribes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
U = TypeVar("U")

Close = Callable[[], None]
"""Ends an observation. Calling it twice does no harm."""


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
            isinstance(other, Failed)
            and type(other.error) is type(self.error)
            and str(other.error) == str(self.error)
        )

    def __hash__(self) -> int:
        return hash((type(self.error), str(self.error)))


State = Pending | Ok[T] | Failed
PENDING = Pending()


def _nothing() -> None:
    """The close of an observation that holds nothing."""


class Var(Generic[T]):
    """A value that changes. `Var(v)` can be set by its owner; `Var.lazy` is fed while observed."""

    __slots__ = ("_value", "_observers", "_version", "_start", "_stop")

    def __init__(self, value: T) -> None:
        self._value = value
        self._observers: list[Callable[[T], None]] = []
        self._version = 0
        self._start: Callable[[Callable[[T], None]], Close] | None = None
        self._stop: Close | None = None

    @staticmethod
    def lazy(initial: U, start: Callable[[Callable[[U], None]], Close]) -> Var[U]:
        """A var fed by `start(set) -> close`: started by the first observer, closed when the last one leaves.

        The last value stays and is what the next first observer sees until `start` sets another.
        """
        var: Var[U] = Var(initial)
        var._start = start
        return var

    @property
    def value(self) -> T:
        """The latest value; of a lazy var that nobody observes, the last one it had."""
        return self._value

    def set(self, value: T) -> None:
        """Announce `value` to every observer, unless it equals the current one."""
        if value == self._value:
            return
        self._value = value
        self._version += 1
        version = self._version
        for observer in tuple(self._observers):
            if self._version != version:  # an observer set a newer value, which everybody has been told already
                return
            if observer in self._observers:
                observer(value)

    def observe(self, observer: Callable[[T], None]) -> Close:
        """Call `observer` now with the value and again whenever it changes, until the returned close is called."""

        # A wrapper of its own, so that one function observing twice is two observations.
        def told(value: T) -> None:
            observer(value)

        self._observers.append(told)
        if self._start is not None and len(self._observers) == 1:
            version = self._version
            stop = self._start(self.set)
            self._stop = stop
            if self._version == version:
                told(self._value)
            if told not in self._observers:  # closed from inside
                self._end()
        else:
            told(self._value)

        def close() -> None:
            if told in self._observers:
                self._observers.remove(told)
                self._end()

        return close

    def _end(self) -> None:
        if not self._observers and self._stop is not None:
            stop, self._stop = self._stop, None
            stop()

    def map(self, f: Callable[[T], U]) -> Var[U]:
        """`f` of each value. `f` must not raise."""
        return Var.lazy(f(self._value), lambda set_: self.observe(lambda value: set_(f(value))))

    def __repr__(self) -> str:
        return f"Var({self._value!r}, observers={len(self._observers)})"


class Activity(Generic[T]):
    """A `Var` of `Pending | Ok | Failed`: what every namer, interpreter and store answers."""

    __slots__ = ("states",)

    def __init__(self, states: Var[State[T]]) -> None:
        self.states = states

    @staticmethod
    def ok(value: U) -> Activity[U]:
        """An activity that is and stays Ok(value)."""
        return Activity(Var(cast("State[U]", Ok(value))))

    @staticmethod
    def failed(error: Exception) -> Activity[Any]:
        """An activity that is and stays Failed(error)."""
        return Activity(Var(cast("State[Any]", Failed(error))))

    @staticmethod
    def pending() -> Activity[Any]:
        """An activity that never becomes anything."""
        return Activity(Var(cast("State[Any]", PENDING)))

    @staticmethod
    def lazy(start: Callable[[Callable[[State[U]], None]], Close], initial: State[U] = PENDING) -> Activity[U]:
        """See `Var.lazy`."""
        return Activity(Var.lazy(initial, start))

    @property
    def state(self) -> State[T]:
        """The latest state, without observing."""
        return self.states.value

    def observe(self, observer: Callable[[State[T]], None]) -> Close:
        """See `Var.observe`."""
        return self.states.observe(observer)

    def map(self, f: Callable[[T], U]) -> Activity[U]:
        """`f` of each Ok value; an exception raised by `f` is Failed."""
        return self.flat_map(lambda value: Activity.ok(f(value)))

    def flat_map(self, f: Callable[[T], Activity[U]]) -> Activity[U]:
        """Whatever `f(value)` currently is; re-evaluated and re-subscribed when the value changes.

        Pending and Failed pass through. An exception raised by `f` is Failed.
        """

        def start(set_: Callable[[State[U]], None]) -> Close:
            inner: Close = _nothing

            def outer(state: State[T]) -> None:
                nonlocal inner
                inner()
                inner = _nothing
                if not isinstance(state, Ok):
                    set_(state)
                    return
                try:
                    next_ = f(state.value)
                except Exception as error:  # the contract of dtab.md section 6: raising is failing
                    set_(Failed(error))
                    return
                inner = next_.observe(set_)

            outer_close = self.observe(outer)

            def close() -> None:
                outer_close()
                inner()

            return close

        return Activity.lazy(start)

    def __repr__(self) -> str:
        return f"Activity({self.state!r})"


def join(activities: list[Activity[T]], combine: Callable[[list[State[T]]], State[U]]) -> Activity[U]:
    """All of them observed together; `combine` sees their states in order whenever one changes.

    Announced first when each has been observed once, so that no half-filled list is seen.
    """

    def start(set_: Callable[[State[U]], None]) -> Close:
        states: list[State[T]] = [PENDING] * len(activities)
        ready = False

        def at(i: int) -> Callable[[State[T]], None]:
            def observer(state: State[T]) -> None:
                states[i] = state
                if ready:
                    set_(combine(states))

            return observer

        closes = [activity.observe(at(i)) for i, activity in enumerate(activities)]
        ready = True
        set_(combine(states))

        def close() -> None:
            for each in closes:
                each()

        return close

    return Activity.lazy(start)
