"""Counts the attempts of a client twice with one look: `client/<id>/…` and `client/<id>/service/<name>/…`.

What RequestStats does, for two scopes at once: half the cost on the path of every request. Attempts are judged by the
classifier of the service they came from, since services share clients.
"""

from __future__ import annotations

from time import perf_counter

from dtab import Path
from linker.classifiers.classifier import SURE_SUCCESS, Classify, Verdict
from linker.errors import ClientGone, ProxyError
from linker.filters.request_stats import JUDGED, RequestCounts, source_of
from linker.http.message import Request, Response
from linker.metrics import Metrics
from linker.service import Clock, PlainFilter

_SUCCESS = Verdict.SUCCESS

MOST_SERVICES = 1000
"""Services counted for one client, like the default of bindingCache.paths: strangers can make up names without end."""


class ClientStats(PlainFilter):
    """One per client; `metrics` is its scope."""

    def __init__(self, metrics: Metrics, classify: Classify, *, clock: Clock = perf_counter) -> None:
        self._metrics = metrics
        self._classify = classify
        self.clock = clock
        self._counts = RequestCounts(metrics)
        self._services: dict[Path, RequestCounts] = {}
        self._marks: dict[Path, int] = {}  # requests of each when it was last looked at

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        own = self._services.get(request.dst) or self._service(request.dst)
        self._counts.begun += 1
        own.begun += 1

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        own = self._services[request.dst]
        if type(response.body) is not bytes and self._classify(request, response) is _SUCCESS:
            for counts in (self._counts, own):
                counts.ends_well_or_not(request, response, ms)
        elif response.status < SURE_SUCCESS:
            self._counts.succeeded(ms)
            own.succeeded(ms)
        else:
            self._ended(own, ms, self._classify(request, response) is _SUCCESS, JUDGED, "")

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        own = self._services[request.dst]
        if not isinstance(error, ProxyError) or isinstance(error, ClientGone):
            self._counts.ignored += 1
            own.ignored += 1
            return
        success = self._classify(request, error) is _SUCCESS
        self._ended(own, ms, success, error.metric, source_of(request, error))

    def _service(self, dst: Path) -> RequestCounts:
        if len(self._services) >= MOST_SERVICES:
            self._drop_one()
        counts = self._services[dst] = RequestCounts(self._metrics.scope("service", dst.show()[1:]))
        self._marks[dst] = 1  # its first request is no sign that it comes again
        return counts

    def _drop_one(self) -> None:
        """Forget the oldest service that had no request since it was last looked at, and has none under way."""
        for dst in [*self._services, *self._services]:  # the second time round only those under way are kept
            counts = self._services.pop(dst)
            if not counts.pending and counts.requests <= self._marks[dst]:
                del self._marks[dst]
                self._metrics.prune("service", dst.show()[1:])
                return
            self._services[dst] = counts  # to the end, with a second chance
            self._marks[dst] = counts.requests

    def _ended(self, own: RequestCounts, ms: float, success: bool, cause: tuple[str, ...], source: str) -> None:
        for counts in (self._counts, own):
            if success:
                counts.succeeded(ms)
            else:
                counts.latency.add(ms)
                counts.failed(cause, source)
