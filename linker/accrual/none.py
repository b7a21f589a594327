"""none: an endpoint is never dead."""

from __future__ import annotations

from linker.accrual.base import ACCRUALS, AccrualConfig, Delays
from namer.records import config_class


@ACCRUALS.register("none")
@config_class
class NoAccrualConfig(AccrualConfig):
    def policy(self, delays: Delays) -> None:
        return None
