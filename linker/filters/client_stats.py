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


class ClientStats(PlainFilter):
    """One per client; `metrics` is its scope. `forget` a service whose name has expired."""

    def __init__(self, metrics: Metrics, classify: Classify, *, clock: Clock = perf_counter) -> None:
        self._metrics = metrics
        self._classify = classify
        self.clock = clock
        self._counts = RequestCounts(metrics)
        self._services: dict[Path, RequestCounts] = {}

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        own = self._services.get(request.dst) or self._service(request.dst)
        self._counts.pending += 1
        own.pending += 1

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        own = self._services[request.dst]
        if response.status < SURE_SUCCESS:
            for counts in (self._counts, own):
                counts.pending -= 1
                counts.requests.value += 1
                counts.success.value += 1
                counts.latency.add(ms)
        else:
            self._ended(own, ms, self._classify(request, response) is _SUCCESS, JUDGED, "")

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        own = self._services[request.dst]
        if not isinstance(error, ProxyError) or isinstance(error, ClientGone):
            self._counts.pending -= 1
            own.pending -= 1
            return
        success = self._classify(request, error) is _SUCCESS
        self._ended(own, ms, success, error.metric, source_of(request, error))

    def forget(self, service: Path) -> None:
        """Drop the scope of a service that does not come here any more."""
        if self._services.pop(service, None) is not None:
            self._metrics.prune("service", service.show()[1:])

    def _service(self, dst: Path) -> RequestCounts:
        counts = self._services[dst] = RequestCounts(self._metrics.scope("service", dst.show()[1:]))
        return counts

    def _ended(self, own: RequestCounts, elapsed: float, success: bool, cause: tuple[str, ...], source: str) -> None:
        for counts in (self._counts, own):
            counts.pending -= 1
            counts.requests.value += 1
            counts.latency.add(elapsed)
            if success:
                counts.success.value += 1
            else:
                counts.failed(cause, source)
