"""Counts responses by status: `status/<code>`, `status/<1-5>XX`, `status/error`, and their times in ms.

The names are those of linkerd.md section 8.2.

On a server it must be above ErrorResponder, to count the replies that one writes; on a client it counts what the
service said, and as `error` what it did not say.
"""

from __future__ import annotations

from time import perf_counter

from linker.errors import ClientGone, ProxyError
from linker.http.message import Request, Response
from linker.metrics import Counter, Metrics, Stat
from linker.service import Clock, PlainFilter

_CLASSES = ("1XX", "2XX", "3XX", "4XX", "5XX")


class StatusStats(PlainFilter):
    """One per server and per client. `metrics` is its scope; `clock` gives seconds."""

    def __init__(self, metrics: Metrics, *, clock: Clock = perf_counter) -> None:
        self._metrics = metrics
        self.clock = clock
        self._classes = {name: self._class(name) for name in (*_CLASSES, "error")}
        self._rows: dict[int, tuple[Counter, Counter, Stat]] = {}

    def _class(self, name: str) -> tuple[Counter, Stat]:
        return self._metrics.counter(f"status/{name}"), self._metrics.stat(f"time/{name}")

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        row = self._rows.get(response.status)
        if row is None:
            row = self._row(response.status)
        code, class_, time = row
        code.value += 1
        class_.value += 1
        time.add(ms)

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        if isinstance(error, ProxyError) and not isinstance(error, ClientGone):
            failures, time = self._classes["error"]
            failures.value += 1
            time.add(ms)

    def _row(self, status: int) -> tuple[Counter, Counter, Stat]:
        class_, time = self._classes[_CLASSES[status // 100 - 1] if 100 <= status < 600 else "error"]
        row = self._rows[status] = (self._metrics.counter(f"status/{status}"), class_, time)
        return row
