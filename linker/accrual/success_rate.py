"""io.l5d.successRate: dead when too few of the last requests succeeded, on a moving average over their number."""

from __future__ import annotations

from math import exp

from linker.accrual.base import ACCRUALS, AccrualConfig, Delays, Policy
from namer.records import config_class
from namer.values import Fraction, PositiveInt


class SuccessRate:
    """An exponential moving average: each outcome (1 or 0) weighs 1 - e^(-1/window), the past the rest.

    The first outcome is the average; nothing is decided before `window` outcomes are in.
    """

    __slots__ = ("_required", "_window", "_keep", "_delays", "_seen", "rate")

    def __init__(self, required: float, window: int, delays: Delays) -> None:
        self._required = required
        self._window = window
        self._keep = exp(-1 / window)
        self._delays = delays
        self._seen = 0
        self.rate = 1.0

    def on_success(self, now: float) -> None:
        # From 1.0 on, a success as the first outcome needs no case of its own.
        self._seen += 1
        self.rate = self.rate * self._keep + (1.0 - self._keep)

    def on_failure(self, now: float) -> float | None:
        self._seen += 1
        self.rate = self.rate * self._keep if self._seen > 1 else 0.0
        return self._delays.next() if self._seen >= self._window and self.rate < self._required else None

    def revived(self) -> None:
        self._seen = 0
        self.rate = 1.0
        self._delays.restart()


@ACCRUALS.register("io.l5d.successRate")
@config_class
class SuccessRateConfig(AccrualConfig):
    successRate: Fraction  # the share of successes below which the endpoint is dead
    requests: PositiveInt  # window of the average, and least number of requests before it counts

    def policy(self, delays: Delays) -> Policy:
        return SuccessRate(self.successRate, self.requests, delays)
