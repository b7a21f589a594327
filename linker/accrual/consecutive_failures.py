"""io.l5d.consecutiveFailures: dead after so many failures in a row."""

from __future__ import annotations

from linker.accrual.base import ACCRUALS, AccrualConfig, Delays, Policy
from namer.records import config_class
from namer.values import PositiveInt


class ConsecutiveFailures:
    """Counts failures; a success begins anew."""

    __slots__ = ("_limit", "_delays", "_failures")

    def __init__(self, limit: int, delays: Delays) -> None:
        self._limit = limit
        self._delays = delays
        self._failures = 0

    def on_success(self, now: float) -> None:
        self._failures = 0

    def on_failure(self, now: float) -> float | None:
        # Not reset when dead: the first failed probe is enough.
        self._failures += 1
        return self._delays.next() if self._failures >= self._limit else None

    def revived(self) -> None:
        self._failures = 0
        self._delays.restart()


@ACCRUALS.register("io.l5d.consecutiveFailures")
@config_class
class ConsecutiveFailuresConfig(AccrualConfig):
    failures: PositiveInt  # in a row

    def policy(self, delays: Delays) -> Policy:
        return ConsecutiveFailures(self.failures, delays)
