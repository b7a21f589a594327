"""Counting by outcome. linkerd.md section 8.2; observed.md, unidentified requests in metrics."""

from __future__ import annotations

import pytest

from linker.classifiers import Verdict, all_successful
from linker.classifiers.classifier import retrying
from linker.errors import (
    AttemptTimeout,
    ClientGone,
    ConnectFailed,
    NoBrokers,
    ProxyError,
    UnknownDst,
    UpstreamClosed,
)
from linker.filters.request_stats import RequestCounts, RequestStats, by_success_class
from linker.metrics import Gauge, Metrics
from tests.linker.filters.fakes import Clock, bound, counted, failure, request, response, run, through

FIVE_HUNDRED = retrying(frozenset())
JUDGED = "com.twitter.finagle.service.ResponseClassificationSyntheticException"


def stats(metrics: Metrics) -> RequestStats:
    return RequestStats(RequestCounts(metrics), FIVE_HUNDRED)


def test_a_success_counts() -> None:
    metrics, clock = Metrics(), Clock()
    filter_ = RequestStats(RequestCounts(metrics), FIVE_HUNDRED, clock=clock)
    through(filter_, request(), clock.passes(0.003, response(404)))
    assert counted(metrics) == {"requests": 1, "success": 1}
    assert metrics.stat("request_latency_ms").summary().sum == pytest.approx(3.0)


def test_a_response_judged_a_failure_counts_under_the_originals_synthetic_exception() -> None:
    metrics = Metrics()
    through(stats(metrics), request(), response(503))
    assert counted(metrics) == {"requests": 1, "failures": 1, f"failures/{JUDGED}": 1}


BROKEN = "com.twitter.finagle.ChannelClosedException"
SLOW = "com.twitter.finagle.IndividualRequestTimeoutException"
REFUSED = "com.twitter.finagle.naming.buoyant.RichConnectionFailedExceptionWithPath"


@pytest.mark.parametrize(
    ("error", "leaves"),
    [
        (UnknownDst("x"), ["failures/io.buoyant.router.RoutingFactory$UnknownDst"]),
        (NoBrokers("x"), ["failures/com.twitter.finagle.naming.buoyant.RichNoBrokersAvailableException"]),
        (ConnectFailed("x"), ["failures/restartable", f"failures/restartable/{REFUSED}"]),
        (
            UpstreamClosed("x"),
            [f"failures/{BROKEN}", "sourcedfailures/#/io.l5d.fs/web", f"sourcedfailures/#/io.l5d.fs/web/{BROKEN}"],
        ),
        (
            AttemptTimeout("x"),
            [f"failures/{SLOW}", "sourcedfailures/#/io.l5d.fs/web", f"sourcedfailures/#/io.l5d.fs/web/{SLOW}"],
        ),
    ],
)
def test_an_error_counts_by_its_chain_and_after_connecting_by_its_source(error: ProxyError, leaves: list[str]) -> None:
    metrics = Metrics()
    asked = request()
    asked.bound = bound("/#/io.l5d.fs/web")
    assert failure(stats(metrics), asked, error) is error
    assert counted(metrics) == {"requests": 1, "failures": 1, **dict.fromkeys(leaves, 1)}


def test_an_exchange_whose_client_left_counts_nowhere() -> None:
    metrics = Metrics()
    failure(stats(metrics), request(), ClientGone("gone"))
    assert counted(metrics) == {} and metrics.stat("request_latency_ms").summary().sum == 0


def test_an_unexpected_exception_leaves_pending_right() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError):
        through(stats(metrics), request(), KeyError("x"))
    assert pending(metrics) == 0


def pending(metrics: Metrics) -> float:
    gauge = metrics.leaves["pending"]
    assert isinstance(gauge, Gauge)
    return gauge.read()


def test_pending_is_what_is_under_way_over_all_filters_of_a_scope() -> None:
    metrics = Metrics()
    counts = RequestCounts(metrics)
    outer, inner = RequestStats(counts, FIVE_HUNDRED), RequestStats(counts, all_successful.all_successful)
    seen: list[float] = []

    async def service(_: object) -> object:
        seen.append(pending(metrics))
        return response()

    run(outer(request(), lambda asked: inner(asked, service)))  # type: ignore[arg-type]  # any service will do
    assert seen == [2.0] and pending(metrics) == 0


@pytest.mark.parametrize(
    ("status", "class_", "success"),
    [
        (200, None, True),
        (500, None, False),
        (200, "0.0", False),
        (500, "1.0", True),
        (200, "0.5", True),
        (500, "0.01", True),
        (200, "junk", False),
        (200, "", False),
        (200, "-1", False),
    ],
)
def test_a_server_goes_by_the_success_class_before_the_status(status: int, class_: str | None, success: bool) -> None:
    answer = response(status, *([] if class_ is None else [f"l5d-success-class: {class_}"]))
    assert (by_success_class(request(), answer) is Verdict.SUCCESS) is success


def test_a_server_takes_every_exception_for_a_failure() -> None:
    assert by_success_class(request(), UnknownDst("x")) is not Verdict.SUCCESS
