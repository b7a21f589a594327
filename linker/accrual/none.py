"""none: an endpoint is never dead."""

from __future__ import annotations

from dataclasses import dataclass

from linker.accrual.base import ACCRUALS, AccrualConfig, Delays


@ACCRUALS.register("none")
@dataclass(frozen=True, kw_only=True)
class NoAccrualConfig(AccrualConfig):
    def policy(self, delays: Delays) -> None:
        return None
