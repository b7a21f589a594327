"""What a failure accrual kind is: a policy that says when an endpoint is dead, and for how long. linkerd.md 3.10.

A policy belongs to one endpoint. It is told each outcome while the endpoint is alive and the failures of probes;
`linker.endpoint_health` owns the states. Time and randomness are handed in.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Annotated, Protocol

from linker.backoff import BACKOFFS, Backoff, EqualJitteredBackoff, Random
from namer.plugin import Registry
from namer.records import config_class

ACCRUALS = Registry("failure accrual")

DEFAULT_BACKOFF = EqualJitteredBackoff(start=5.0, longest=300.0)


class Policy(Protocol):
    """When is one endpoint dead?"""

    def on_success(self, now: float) -> None:
        """A request succeeded while the endpoint was alive."""
        ...

    def on_failure(self, now: float) -> float | None:
        """A request (or a probe) failed: seconds to stay dead from now on, None: it lives on."""
        ...

    def revived(self) -> None:
        """A probe succeeded: begin anew, delays too."""
        ...


class Delays:
    """The backoff of one endpoint: longer at each failed probe, from the beginning after a revival."""

    __slots__ = ("_backoff", "_random", "_rest")

    def __init__(self, backoff: Backoff, random: Random) -> None:
        self._backoff = backoff
        self._random = random
        self._rest: Iterator[float] | None = None  # made at the first failure: most endpoints never need one

    def next(self) -> float:
        """Seconds."""
        if self._rest is None:
            self._rest = self._backoff.delays(self._random)
        return next(self._rest)

    def restart(self) -> None:
        self._rest = None


@config_class
class AccrualConfig(ABC):
    """A kind of failure accrual."""

    backoff: Annotated[Backoff, BACKOFFS] | None = None  # how long to stay dead; absent: 5 to 300 s, equal jitter

    @abstractmethod
    def policy(self, delays: Delays) -> Policy | None:
        """The policy of one endpoint; None: it never dies."""

    def mk(self, random: Random = random.random) -> Policy | None:
        """The policy of one endpoint, with a backoff of its own."""
        return self.policy(Delays(self.backoff or DEFAULT_BACKOFF, random))
