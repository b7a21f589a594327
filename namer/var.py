"""`Var`: a value over time that is always there, observed synchronously.

Strategy: push, no queues, no loop. A source keeps the latest whole value; an observer is a plain function that is
called at once with the current value and then with every *different* one. Sources made with `lazy` run only while
somebody observes them. A change made from inside an observer overtakes the one being announced: nobody sees an old
value after a newer one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")

Close = Callable[[], None]
"""Ends an observation. Calling it twice does no harm."""


def nothing() -> None:
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

    __slots__ = ("__weakref__", "_feed", "_observations", "_same", "_start", "_starting", "_stop", "_value", "_version")

    def __init__(self, value: T) -> None:
        self._value = value
        # In their order. Most vars have one or none, for which a dict would be half of what a var weighs.
        self._observations: tuple[()] | tuple[_Observation[T]] | dict[_Observation[T], None] = ()
        self._version = 0
        self._starting = False
        self._same: Callable[[T, T], bool] = operator.eq
        self._start: Callable[[Callable[[T], None]], Close] | None = None
        self._stop: Close | None = None
        self._feed: _Feed[T] | None = None  # of the running start

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
        self._join(observation)
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

    def _join(self, observation: _Observation[T]) -> None:
        if not self._observations:
            self._observations = (observation,)
            return
        if isinstance(self._observations, tuple):
            self._observations = dict.fromkeys(self._observations)
        self._observations[observation] = None

    def _leave(self, observation: _Observation[T]) -> None:
        if isinstance(self._observations, tuple):
            self._observations = ()
        else:
            del self._observations[observation]
        if not self._observations:
            stop, self._stop, self._feed = self._stop, None, None
            if stop is not None:
                stop()

    def _begin(self, start: Callable[[Callable[[T], None]], Close]) -> None:
        """Start the source. What it sets meanwhile is announced after that: an observer must not break a start."""
        feed = self._feed = _Feed(self)
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


class _Feed(Generic[T]):
    """What a source sets the value by. One that speaks after its close is not heard."""

    __slots__ = ("_var",)

    def __init__(self, var: Var[T]) -> None:
        self._var = var

    def __call__(self, value: T) -> None:
        if self._var._feed is self:
            self._var.set(value)


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
        return nothing

    def map(self, f: Callable[[T], U]) -> Var[U]:
        """`f` of the value."""
        return Constant(f(self._value))

    def __repr__(self) -> str:
        return f"Constant({self._value!r})"
