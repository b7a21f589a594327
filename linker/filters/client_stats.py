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
from linker.service import Clock, Service

_SUCCESS = Verdict.SUCCESS


class ClientStats:
    """One per client; `metrics` is its scope. `forget` a service whose name has expired."""

    def __init__(self, metrics: Metrics, classify: Classify, *, clock: Clock = perf_counter) -> None:
        self._metrics = metrics
        self._classify = classify
        self._clock = clock
        self._counts = RequestCounts(metrics)
        self._services: dict[Path, RequestCounts] = {}

    async def __call__(self, request: Request, next: Service, /) -> Response:
        all_ = self._counts
        own = self._services.get(request.dst)
        if own is None:
            own = self._service(request.dst)
        clock = self._clock
        all_.pending += 1
        own.pending += 1
        started = clock()
        try:
            response = await next(request)
        except ProxyError as error:
            if not isinstance(error, ClientGone):
                success = self._classify(request, error) is _SUCCESS
                self._ended(own, (clock() - started) * 1000, success, error.metric, source_of(request, error))
            raise
        finally:
            all_.pending -= 1
            own.pending -= 1
        if response.status < SURE_SUCCESS:
            elapsed = (clock() - started) * 1000
            for counts in (all_, own):
                counts.requests.value += 1
                counts.success.value += 1
                counts.latency.add(elapsed)
        else:
            success = self._classify(request, response) is _SUCCESS
            self._ended(own, (clock() - started) * 1000, success, JUDGED, "")
        return response

    def forget(self, service: Path) -> None:
        """Drop the scope of a service that does not come here any more."""
        if self._services.pop(service, None) is not None:
            self._metrics.prune("service", service.show()[1:])

    def _service(self, dst: Path) -> RequestCounts:
        counts = self._services[dst] = RequestCounts(self._metrics.scope("service", dst.show()[1:]))
        return counts

    def _ended(self, own: RequestCounts, elapsed: float, success: bool, cause: tuple[str, ...], source: str) -> None:
        for counts in (self._counts, own):
            counts.requests.value += 1
            counts.latency.add(elapsed)
            if success:
                counts.success.value += 1
            else:
                counts.failed(cause, source)
