"""Values over time, observed synchronously: `Var` (always has a value) and `Activity` (Pending | Ok | Failed).

Strategy: push, no queues, no loop. A source keeps the latest whole value; an observer is a plain function that is
called at once with the current value and then with every *different* one. Sources made with `lazy` run only while
somebody observes them. A change made from inside an observer overtakes the one being announced: nobody sees an old
value after a newer one. dtab.md section 6; `flat_map` is the only combinator that re-subscribes.
"""

from __future__ import annotations

import operator
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
            isinstance(other, Failed) and type(other.error) is type(self.error) and str(other.error) == str(self.error)
        )

    def __hash__(self) -> int:
        return hash((type(self.error), str(self.error)))


State = Pending | Ok[T] | Failed
PENDING = Pending()


def _nothing() -> None:
    """The close of an observation that holds nothing."""


class _Observation(Generic[T]):
    """One `observe`, and its close. Once closed it refers to nothing, so that whoever keeps it makes no cycle."""

    __slots__ = ("_var", "observer", "told")

    def __init__(self, var: Var[T], observer: Callable[[T], None]) -> None:
        self._var: Var[T] | None = var
        self.observer = observer
        self.told = -1  # the version last told; versions begin at 0

    def __call__(self) -> None:
        var, self._var = self._var, None
        if var is not None:
            self.observer = _deaf
            var._leave(self)


def _deaf(value: object) -> None:
    """The observer of a closed observation."""


class Var(Generic[T]):
    """A value that changes. `Var(v)` can be set by its owner; `Var.lazy` is fed while observed."""

    __slots__ = ("__weakref__", "_observations", "_run", "_same", "_start", "_starting", "_stop", "_value", "_version")

    def __init__(self, value: T) -> None:
        self._value = value
        self._observations: dict[_Observation[T], None] = {}  # in their order
        self._version = 0
        self._starting = False
        self._same: Callable[[T, T], bool] = operator.eq
        self._start: Callable[[Callable[[T], None]], Close] | None = None
        self._stop: Close | None = None
        self._run: object | None = None  # tells the running start from earlier ones

    @staticmethod
    def lazy(
        initial: U, start: Callable[[Callable[[U], None]], Close], same: Callable[[U, U], bool] = operator.eq
    ) -> Var[U]:
        """A var fed by `start(set) -> close`: started by the first observer, closed when the last one leaves.

        The last value stays and is what the next first observer sees until `start` sets another. A `set` called after
        its close does nothing. `same` tells which values are not worth announcing.
        """
        var: Var[U] = Var(initial)
        var._start = start
        var._same = same
        return var

    @property
    def value(self) -> T:
        """The latest value; of a lazy var that nobody observes, the last one it had."""
        return self._value

    @property
    def observed(self) -> bool:
        """Whether anybody observes it."""
        return bool(self._observations)

    def set(self, value: T) -> None:
        """Announce `value` to every observer, unless it equals the current one.

        An observer that raises does not keep the others from being told; what it raised is raised here afterwards.
        """
        if self._same(value, self._value):
            return
        self._value = value
        self._version += 1
        if not self._starting:
            self._announce()

    def _announce(self) -> None:
        """Tell the current value to everybody who has not been told, by an announcement made from inside this one."""
        errors: list[Exception] = []
        for observation in tuple(self._observations):
            if observation.told == self._version or observation not in self._observations:
                continue
            try:
                self._tell(observation)
            except Exception as error:
                errors.append(error)
        if len(errors) > 1:
            raise ExceptionGroup("several observers failed", errors)
        if errors:
            raise errors[0]

    def _tell(self, observation: _Observation[T]) -> None:
        observation.told = self._version
        observation.observer(self._value)

    def observe(self, observer: Callable[[T], None]) -> Close:
        """Call `observer` now with the value and again whenever it changes, until the returned close is called.

        If this first call raises, the observation is over and the error passes through.
        """
        observation = _Observation(self, observer)
        self._observations[observation] = None
        try:
            if self._start is not None and len(self._observations) == 1:
                self._begin(self._start)
                self._announce()
            else:
                self._tell(observation)
        except BaseException:
            observation()
            raise
        return observation

    def _leave(self, observation: _Observation[T]) -> None:
        del self._observations[observation]
        if not self._observations:
            stop, self._stop, self._run = self._stop, None, None
            if stop is not None:
                stop()

    def _begin(self, start: Callable[[Callable[[T], None]], Close]) -> None:
        """Start the source. What it sets meanwhile is announced after that: an observer must not break a start."""

        run = self._run = object()

        def feed(value: T) -> None:
            if self._run is run:  # a source that speaks after its close is not heard
                self.set(value)

        self._starting = True
        try:
            self._stop = start(feed)
        finally:
            self._starting = False

    def map(self, f: Callable[[T], U]) -> Var[U]:
        """`f` of each value. `f` must not raise."""
        return Var.lazy(f(self._value), lambda set_: self.observe(lambda value: set_(f(value))))

    def __repr__(self) -> str:
        return f"Var({self._value!r}, observers={len(self._observations)})"


class Constant(Var[T]):
    """A value that does not change: observing it costs nothing. Most steps of a binding are one."""

    __slots__ = ()

    def __init__(self, value: T) -> None:
        # Nothing else of a Var is ever looked at.
        self._value = value

    @property
    def observed(self) -> bool:
        """Nobody needs to."""
        return False

    def set(self, value: T) -> None:
        """Refused."""
        raise TypeError(f"{self!r} is constant")

    def observe(self, observer: Callable[[T], None]) -> Close:
        """Call `observer` now, and never again."""
        observer(self._value)
        return _nothing

    def map(self, f: Callable[[T], U]) -> Var[U]:
        """`f` of the value."""
        return Constant(f(self._value))

    def __repr__(self) -> str:
        return f"Constant({self._value!r})"


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
            inner: Close = _nothing
            turn = 0  # of `outer`; whatever belongs to an earlier turn is stale, also further up the call stack

            def outer(state: State[T]) -> None:
                nonlocal inner, turn
                turn += 1
                mine = turn
                previous, inner = inner, _nothing

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
