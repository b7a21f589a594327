"""How long to wait before the next try: sequences of delays. linkerd.md section 3.11.

A backoff is asked for a fresh, endless iterator of seconds; each user (a request's retries, a dead endpoint) has its
own and drops it when a success ends the trouble. Randomness (0 ≤ r < 1) is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from namer.marks import FieldError
from namer.plugin import Registry
from namer.records import config_class
from namer.values import Millis

BACKOFFS = Registry("backoff")

Random = Callable[[], float]


class Backoff(Protocol):
    """A kind of backoff."""

    def delays(self, random: Random) -> Iterator[float]:
        """Seconds to wait before the first try after a failure, before the second, …; never ends."""
        ...


@BACKOFFS.register("constant")
@config_class
class ConstantBackoff:
    """The same delay each time."""

    ms: Millis = 0  # the delay; 0: at once

    def delays(self, random: Random) -> Iterator[float]:
        delay = self.ms / 1000
        while True:
            yield delay


@BACKOFFS.register("jittered")
@config_class
class JitteredBackoff:
    """Decorrelated jitter: begins with minMs, then anything between the last delay and three times it, up to maxMs."""

    minMs: Millis  # the first delay
    maxMs: Millis  # no delay is longer

    def __post_init__(self) -> None:
        if self.minMs > self.maxMs:
            raise FieldError("minMs", f"minMs {self.minMs} must not be more than maxMs {self.maxMs}")

    def delays(self, random: Random) -> Iterator[float]:
        delay, longest = self.minMs / 1000, self.maxMs / 1000
        while True:
            yield delay
            delay += random() * (min(3 * delay, longest) - delay)


@config_class
class EqualJitteredBackoff:
    """`start`, then between one and two times start × 1, 2, 4, …, up to `longest` seconds. Not a kind of its own: the
    default of failure accrual (finagle's `Backoff.equalJittered`)."""

    start: float
    longest: float

    def delays(self, random: Random) -> Iterator[float]:
        yield min(self.start, self.longest)
        half = self.start
        while True:
            yield min(half + random() * half, self.longest)
            half = min(2 * half, self.longest)
