"""io.l5d.successRateWindowed: dead when too few requests succeeded, on a moving average over time."""

from __future__ import annotations

from math import exp

from linker.accrual.base import ACCRUALS, AccrualConfig, Delays, Policy
from namer.records import config_class
from namer.values import Fraction, PositiveSeconds

LEAST_REQUESTS = 5
"""Fewer say nothing: finagle's threshold."""


class SuccessRateWindowed:
    """An exponential moving average: an outcome (1 or 0) weighs 1 - e^(-t/window) after t seconds without one."""

    __slots__ = ("_required", "_window", "_delays", "_seen", "_stamp", "rate")

    def __init__(self, required: float, window: float, delays: Delays) -> None:
        self._required = required
        self._window = window
        self._delays = delays
        self._seen = 0
        self._stamp = 0.0
        self.rate = 1.0

    def on_success(self, now: float) -> None:
        self._enter(now, 1.0)

    def on_failure(self, now: float) -> float | None:
        self._enter(now, 0.0)
        return self._delays.next() if self._seen >= LEAST_REQUESTS and self.rate < self._required else None

    def revived(self) -> None:
        self._seen = 0
        self.rate = 1.0
        self._delays.restart()

    def _enter(self, now: float, outcome: float) -> None:
        self._seen += 1
        keep = exp((self._stamp - now) / self._window) if self._seen > 1 and now > self._stamp else 1.0
        self.rate = outcome if self._seen == 1 else self.rate * keep + outcome * (1.0 - keep)
        self._stamp = now


@ACCRUALS.register("io.l5d.successRateWindowed")
@config_class
class SuccessRateWindowedConfig(AccrualConfig):
    successRate: Fraction  # the share of successes below which the endpoint is dead
    window: PositiveSeconds  # of the average, seconds

    def policy(self, delays: Delays) -> Policy:
        return SuccessRateWindowed(self.successRate, self.window, delays)
