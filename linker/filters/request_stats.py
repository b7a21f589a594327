"""Counts requests by outcome: `requests`, `success`, `failures` with their causes, latency, pending (linkerd.md 8.2).

The same filter serves at three places, each with its own scope and its own idea of success: the server
(`by_success_class`), the service and the client (the service's classifier). An exchange whose client went away counts
nowhere, as in the original.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from time import perf_counter

from linker.classifiers.classifier import SURE_SUCCESS, Outcome, Verdict
from linker.errors import ClientGone, ConnectFailed, ProxyError, RequestTimeout, TooManyWaiters, UpstreamError
from linker.http.message import Request, Response
from linker.http.watched import when_over
from linker.metrics import DEFERRED, Counter, Metrics
from linker.service import Clock, PlainFilter

JUDGED = ("com.twitter.finagle.service.ResponseClassificationSyntheticException",)
"""The cause of a failure that came as a response."""

_SUCCESS = Verdict.SUCCESS
_FOLD = DEFERRED - 1


class RequestCounts:
    """What RequestStats counts into. One per scope; several filters may share it.

    Only what cannot be worked out later is counted: begun, ended without a verdict (`ignored`), success and failed.
    """

    __slots__ = ("begun", "ignored", "success", "failures", "latency", "defer", "_metrics", "_causes")

    def __init__(self, metrics: Metrics) -> None:
        self.begun = 0
        self.ignored = 0
        self.failures = 0
        self.success = metrics.counter("success")
        self.latency = metrics.stat("request_latency_ms")
        self.defer = self.latency.defer
        self._metrics = metrics
        self._causes: dict[tuple[tuple[str, ...], str], list[Counter]] = {}
        metrics.sampled_counter("requests", self, _REQUESTS)
        metrics.gauge_of("pending", self, _PENDING)

    @property
    def requests(self) -> int:
        """Requests that ended with a verdict."""
        return self.success.value + self.failures

    @property
    def pending(self) -> int:
        """Requests under way."""
        return self.begun - self.ignored - self.requests

    def succeeded(self, ms: float) -> None:
        """Count a success after `ms` milliseconds."""
        success = self.success
        success.value = n = success.value + 1
        self.defer(ms)
        if not n & _FOLD:
            self.latency.fold()

    def ends_well_or_not(self, request: Request, response: Response, ms: float) -> None:
        """Count a success when the body of `response`, a stream, has ended, and a failure when it breaks off."""

        def over(error: UpstreamError | None) -> None:
            if error is None:
                self.succeeded(ms)
            else:
                self.latency.add(ms)
                self.failed(error.metric, source_of(request, error))

        when_over(response, over)

    def failed(self, cause: tuple[str, ...], source: str = "") -> None:
        """Count a failure: `failures`, one counter for each prefix of `cause`, and the same below its `source`."""
        self.failures += 1
        counters = self._causes.get((cause, source))
        if counters is None:
            counters = self._causes[cause, source] = self._counters(cause, source)
        for counter in counters:
            counter.value += 1

    def _counters(self, cause: tuple[str, ...], source: str) -> list[Counter]:
        bases = ["failures", f"sourcedfailures/{source}"] if source else ["failures"]
        return [self._metrics.counter("/".join((base, *cause[:n]))) for base in bases for n in range(len(cause) + 1)]


_REQUESTS: Callable[[RequestCounts], int] = attrgetter("requests")
_PENDING: Callable[[RequestCounts], int] = attrgetter("pending")


class RequestStats(PlainFilter):
    """See above. `clock` gives seconds; latencies are counted in milliseconds."""

    def __init__(
        self, counts: RequestCounts, classify: Callable[[Request, Outcome], Verdict], *, clock: Clock = perf_counter
    ) -> None:
        self._counts = counts
        self._success, self._defer = counts.success, counts.defer
        self._classify = classify
        self._sure = 0 if classify is by_success_class else SURE_SUCCESS
        self.clock = clock

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        self._counts.begun += 1

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        if type(response.body) is not bytes:
            self._streams(request, response, ms)
            return
        # A success is counted here and not by `succeeded`: a call is a third of it.
        if response.success or response.status < self._sure or self._classify(request, response) is _SUCCESS:
            success = self._success
            success.value = n = success.value + 1
            self._defer(ms)
            if not n & _FOLD:
                self._counts.latency.fold()
        else:
            self._counts.latency.add(ms)
            self._counts.failed(JUDGED)

    def _streams(self, request: Request, response: Response, ms: float) -> None:
        """An answer whose body is still arriving: when it breaks off, that is no success."""
        if self._classify(request, response) is _SUCCESS:
            self._counts.ends_well_or_not(request, response, ms)
        else:
            self._counts.latency.add(ms)
            self._counts.failed(JUDGED)

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        counts = self._counts
        if not isinstance(error, ProxyError) or isinstance(error, ClientGone):
            counts.ignored += 1
        elif self._classify(request, error) is _SUCCESS:
            counts.succeeded(ms)
        else:
            counts.latency.add(ms)
            counts.failed(error.metric, source_of(request, error))


def source_of(request: Request, error: ProxyError) -> str:
    """The client id an error came from, as `sourcedfailures` names it; "" for errors before the connection."""
    if request.bound is None or isinstance(error, ConnectFailed | TooManyWaiters):
        return ""
    return request.bound.id.show()[1:] if isinstance(error, UpstreamError | RequestTimeout) else ""


def by_success_class(request: Request, outcome: Outcome) -> Verdict:
    """The server's idea of success: `l5d-success-class` above 0 if there is one, else a status below 500."""
    if isinstance(outcome, ProxyError):
        return Verdict.NON_RETRYABLE
    if outcome.success is not None:  # this router's own verdict: nearly always
        return _SUCCESS if outcome.success else Verdict.NON_RETRYABLE
    value = outcome.headers.get(b"l5d-success-class")
    if value is None:
        return _SUCCESS if outcome.status < 500 else Verdict.NON_RETRYABLE
    try:
        return _SUCCESS if float(value) > 0.0 else Verdict.NON_RETRYABLE
    except ValueError:
        return Verdict.NON_RETRYABLE
