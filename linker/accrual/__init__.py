"""Failure accrual: when an endpoint gets no requests for a while. One file a kind; the README has the options.

`ACCRUALS` knows every kind imported here. An absent block is `DEFAULT_ACCRUAL`.
"""

from linker.accrual import consecutive_failures, none, success_rate, success_rate_windowed
from linker.accrual.base import ACCRUALS, AccrualConfig, Policy

KINDS = (consecutive_failures, success_rate, success_rate_windowed, none)

DEFAULT_ACCRUAL = consecutive_failures.ConsecutiveFailuresConfig(failures=5)
"""Five failures in a row, as linkerd."""

__all__ = ["ACCRUALS", "DEFAULT_ACCRUAL", "KINDS", "AccrualConfig", "Policy"]
