"""Retry budgets and `service.retries`. linkerd.md section 3.11. Ranges are checked when building (`checks.py`)."""

from __future__ import annotations

from typing import Annotated, Any

from linker.backoff import BACKOFFS, ConstantBackoff
from namer.records import config_class


@config_class
class BudgetConfig:
    """percentCanRetry is a ratio (0.2: one retry for five requests), not a percentage. 0 and 0: no retries."""

    minRetriesPerSec: int = 10
    percentCanRetry: float = 0.2
    ttlSecs: int = 10


@config_class
class RetriesConfig:
    """backoff: between retries, by default none."""

    budget: BudgetConfig = BudgetConfig()
    backoff: Annotated[Any, BACKOFFS] = ConstantBackoff()
