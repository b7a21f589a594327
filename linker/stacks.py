"""THE list: everything a request meets in a router, top to bottom going in, bottom to top coming out.

    server_side    every request, before it is named            one a server
    service_side   requests of one logical name                 one a name
    (dst lines)    requests to one bound name                   linker/routing.py, BoundEntry
    client_side    requests to one bound id                     one a client
    endpoint_side  attempts on one endpoint's connection        one a client

A None is a filter that the configuration left out. Where a line's place matters it says what it must be above or below.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from dtab import Path
from linker.classifiers import Classify, Outcome, Verdict
from linker.config.client import ClientParams
from linker.config.http import HttpRouterConfig, HttpServerConfig
from linker.config.retries import BudgetConfig
from linker.config.service import ServiceParams
from linker.filters.call_depth import CallDepth
from linker.filters.clear_context import ClearContext
from linker.filters.client_stats import ClientStats
from linker.filters.compression import Compression
from linker.filters.concurrency import Concurrency
from linker.filters.context_headers import ContextHeaders
from linker.filters.context_out import ContextOut
from linker.filters.diagnostic_tracer import DiagnosticTracer
from linker.filters.dst_headers import DstService
from linker.filters.failure_accrual import FailureAccrual
from linker.filters.hop_by_hop import HopByHop
from linker.filters.request_stats import RequestCounts, RequestStats, by_success_class
from linker.filters.requeue import Requeue
from linker.filters.retry import Retry
from linker.filters.status_stats import StatusStats
from linker.filters.success_class import SuccessClass
from linker.filters.timeout import attempt_timeout, server_timeout, total_timeout
from linker.filters.timestamp import Timestamp
from linker.filters.via import Via
from linker.http.client import exchange
from linker.http.message import Request, Response
from linker.metrics import Metrics
from linker.parts import RouterParts
from linker.retries import RetryBudget
from linker.service import PlainFilter, Service, stack


class ServerStats:
    """What is counted at one server; `metrics` is its scope. Shared by its two lists."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self.status = StatusStats(metrics)
        self.requests = RequestStats(RequestCounts(metrics), by_success_class)


def server_side(
    router: HttpRouterConfig, server: HttpServerConfig, stats: ServerStats, parts: RouterParts, naming: PlainFilter
) -> Service:
    """What every request meets until it is named; `naming` does that (linker/routing.py)."""
    label, metrics = parts.label, stats.metrics
    return stack(
        stats.status,  # at the top: counts what the client gets
        ClearContext() if server.clearContext else None,  # above ErrorResponder: its replies must be cleaned too
        Compression(router.compressionLevel) if router.compressionLevel else None,  # above ErrorResponder: likewise
        parts.generated_log,  # above ErrorResponder: logs the replies it writes
        parts.responder(metrics),  # the place where an exception becomes a response
        server.addForwardedHeader.mk(label) if server.addForwardedHeader else None,
        Timestamp(server.timestampHeader) if server.timestampHeader else None,
        CallDepth(server.maxCallDepth),
        ContextHeaders(),  # below ErrorResponder: a bad dtab is a 400
        stats.requests,
        Concurrency(server.maxConcurrentRequests, metrics) if server.maxConcurrentRequests else None,
        server_timeout(server.timeoutMs, parts.reactor.timeout, f"{server.ip}:{server.port}")
        if server.timeoutMs
        else None,
        naming,  # at the bottom: names the request and finds where it leads
        to=enter_service,
    )


def refused_side(server: HttpServerConfig, stats: ServerStats, parts: RouterParts, to: Service) -> Service:
    """What the answer to a request that broke HTTP passes on its way out; `to` raises its error."""
    return stack(
        stats.status,
        ClearContext() if server.clearContext else None,
        parts.responder(stats.metrics),
        stats.requests,
        to=to,
    )


def enter_service(request: Request) -> Coroutine[Any, Any, Response]:
    """From the bottom of the server's list to the top of the named service's."""
    name = request.name
    assert name is not None
    return name.enter(request)


def service_side(dst: Path, params: ServiceParams, classify: Classify, parts: RouterParts, to: Service) -> Service:
    """What the requests of one logical name meet before one of its bound names is picked."""
    shown = dst.show()
    metrics = parts.metrics.scope("service", shown[1:])
    retries = params.retries
    return stack(
        parts.responder(None),  # above Via and SuccessClass: replies made here carry neither
        DstService(dst),
        Via(),  # above HopByHop: sees the message as it came
        HopByHop(),
        SuccessClass(classify),
        RequestStats(RequestCounts(metrics), classify),
        total_timeout(params.totalTimeoutMs, parts.reactor.timeout, shown) if params.totalTimeoutMs else None,
        Retry(  # below the total timeout, which bounds it; above binding, so that each attempt picks again
            classify, _budget(retries.budget), retries.backoff, metrics, parts.reactor.sleep
        ),
        to=to,
    )


def client_side(
    params: ClientParams, metrics: Metrics, parts: RouterParts, is_open: Callable[[], bool], to: Service
) -> Service:
    """What requests to one bound id meet before an endpoint is chosen; `is_open`: whether the balancer has one."""
    return stack(
        parts.access_log,  # below retries: one line an attempt
        StatusStats(metrics),
        Requeue(_budget(params.requeueBudget), is_open, metrics),  # above the balancer: each attempt picks
        to=to,
    )


def endpoint_side(
    id_: Path,
    params: ClientParams,
    parts: RouterParts,
    stats: ClientStats,
    addresses: Callable[[], list[str]],
    *,
    trace: bool = False,
) -> Service:
    """What an attempt meets once it has a connection. `trace`: the list of TRACE requests."""
    ms = params.requestAttemptTimeoutMs
    return stack(
        FailureAccrual(by_service, monotonic),  # at the top: tells the endpoint how it went
        stats,
        attempt_timeout(ms, parts.reactor.timeout, id_.show()[1:]) if ms else None,
        ContextOut(),  # below every timeout: it tells the deadline
        DiagnosticTracer(parts.label, parts.explain(addresses)) if trace else None,
        to=exchange,
    )


def by_service(request: Request, outcome: Outcome) -> Verdict:
    """The verdict of the classifier of the request's own service: clients are shared by services."""
    name = request.name
    assert name is not None
    return name.classify(request, outcome)


def _budget(config: BudgetConfig) -> RetryBudget:
    return RetryBudget(ttl=config.ttlSecs, min_per_second=config.minRetriesPerSec, ratio=config.percentCanRetry)
