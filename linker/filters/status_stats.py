"""Counts responses by status: `status/<code>`, `status/<1-5>XX`, `status/error`, and their times in ms.

The names are those of linkerd.md section 8.2.

On a server it must be above ErrorResponder, to count the replies that one writes; on a client it counts what the
service said, and as `error` what it did not say.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from linker.errors import ClientGone, ProxyError
from linker.http.message import Request, Response
from linker.metrics import DEFERRED, Counter, Metrics, Stat
from linker.service import Clock, PlainFilter

_FOLD = DEFERRED - 1
_CLASSES = ("1XX", "2XX", "3XX", "4XX", "5XX")


class StatusStats(PlainFilter):
    """One per server and per client. `metrics` is its scope; `clock` gives seconds.

    Only codes are counted; a class is the sum of its codes when somebody reads it.
    """

    def __init__(self, metrics: Metrics, *, clock: Clock = perf_counter) -> None:
        self.clock = clock
        self._metrics = metrics
        self._errors = 0
        self._rows: dict[int, tuple[Counter, Callable[[float], None], Stat]] = {}
        for name, total in _TOTALS.items():
            metrics.sampled_counter(f"status/{name}", self, total)
            metrics.stat(f"time/{name}")

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        row = self._rows.get(response.status)
        if row is None:
            row = self._row(response.status)
        code, defer, time = row
        code.value = n = code.value + 1
        defer(ms)
        if not n & _FOLD:
            time.fold()

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        if isinstance(error, ProxyError) and not isinstance(error, ClientGone):
            self._errors += 1
            self._metrics.stat("time/error").add(ms)

    def _row(self, status: int) -> tuple[Counter, Callable[[float], None], Stat]:
        code, time = self._metrics.counter(f"status/{status}"), self._metrics.stat(f"time/{_class_of(status)}")
        row = self._rows[status] = (code, time.defer, time)
        return row

    def _total(self, name: str) -> int:
        """How often this class was met, without the errors that were no response."""
        return sum([row[0].value for status, row in self._rows.items() if _class_of(status) == name])


def _class_of(status: int) -> str:
    return _CLASSES[status // 100 - 1] if 100 <= status < 600 else "error"


_TOTALS: dict[str, Callable[[StatusStats], int]] = {
    "1XX": lambda stats: stats._total("1XX"),
    "2XX": lambda stats: stats._total("2XX"),
    "3XX": lambda stats: stats._total("3XX"),
    "4XX": lambda stats: stats._total("4XX"),
    "5XX": lambda stats: stats._total("5XX"),
    "error": lambda stats: stats._errors + stats._total("error"),
}
"""By class: what its counter shows. One function each for all clients."""
