"""Counts responses by status: `status/<code>`, `status/<1-5>XX`, `status/error`, and their times in ms.

The names are those of linkerd.md section 8.2.

On a server it must be above ErrorResponder, to count the replies that one writes; on a client it counts what the
service said, and as `error` what it did not say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
        self._times = {name: metrics.stat(f"time/{name}") for name in (*_CLASSES, "error")}
        self._codes: dict[str, list[Counter]] = {name: [] for name in (*_CLASSES, "error")}
        self._errors = Counter()
        self._codes["error"].append(self._errors)
        self._rows: dict[int, tuple[Counter, Callable[[float], None], Stat]] = {}
        for name, codes in self._codes.items():
            metrics.sampled_counter(f"status/{name}", partial(_total, codes))

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
            self._errors.value += 1
            self._times["error"].add(ms)

    def _row(self, status: int) -> tuple[Counter, Callable[[float], None], Stat]:
        name = _CLASSES[status // 100 - 1] if 100 <= status < 600 else "error"
        code, time = self._metrics.counter(f"status/{status}"), self._times[name]
        self._codes[name].append(code)
        row = self._rows[status] = (code, time.defer, time)
        return row


def _total(codes: list[Counter]) -> int:
    return sum([code.value for code in codes])
