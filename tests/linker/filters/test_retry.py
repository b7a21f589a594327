"""Retries of a service. linkerd.md section 3.11; the recorded retry scenarios."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linker.backoff import ConstantBackoff
from linker.classifiers import Verdict
from linker.classifiers.classifier import ALL, READS, Classify, Outcome, retrying
from linker.errors import ClientGone, RequestTimeout, UpstreamClosed
from linker.filters.retry import Retry
from linker.http.message import Request
from linker.metrics import Gauge, Metrics
from linker.retries import RetryBudget
from tests.linker.filters.fakes import Answers, Clock, Stream, counted, failure, request, response, run, through


class Slept:
    """A sleep that takes no time and remembers."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.delays.append(seconds)


class Once:
    """A backoff that allows two retries."""

    def delays(self, random: object) -> Iterator[float]:
        yield 0.0
        yield 0.1


def retry(
    classify: Classify, metrics: Metrics, *, allowed: int = 100, backoff: object = None, sleep: Slept | None = None
) -> Retry:
    budget = (
        RetryBudget(ttl=10, min_per_second=allowed, ratio=0)
        if allowed
        else RetryBudget(ttl=10, min_per_second=0, ratio=0)
    )
    return Retry(
        classify,
        budget,
        backoff or ConstantBackoff(ms=5),  # type: ignore[arg-type]  # a fake backoff
        metrics,
        sleep or Slept(),
        clock=Clock(),
    )


def test_a_read_is_tried_again_until_it_succeeds() -> None:
    metrics, sleep = Metrics(), Slept()
    filter_ = retry(retrying(READS), metrics, sleep=sleep)
    service = Answers(response(503), response(503), response(200))
    assert run(filter_(request(), service)).status == 200
    assert len(service.seen) == 3 and sleep.delays == [0.005, 0.005]
    assert counted(metrics) == {"retries/total": 2}
    assert metrics.stat("retries/per_request").sum == 2


def test_what_the_classifier_does_not_want_again_passes() -> None:
    metrics = Metrics()
    filter_ = retry(retrying(READS), metrics)
    for asked in (request(method=b"POST"), request(method=b"PUT", body=b"xyz")):
        assert through(filter_, asked, response(503)).status == 503
    assert through(filter_, request(), response(404)).status == 404
    assert counted(metrics) == {}
    assert metrics.stat("retries/per_request").summary().count == 3


def test_a_service_that_allows_it_is_asked_again_whatever_the_method() -> None:
    filter_ = retry(retrying(frozenset()), Metrics())
    failed = response(503, "l5d-retryable: true")
    assert through(filter_, request(method=b"POST", body=b"x"), failed, response(200)).status == 200


def test_200_failures_are_retried_200_times() -> None:
    metrics = Metrics()
    filter_ = retry(retrying(READS), metrics, allowed=100)
    assert through(filter_, request(), *[response(503)] * 200, response(200)).status == 200
    assert counted(metrics) == {"retries/total": 200}


def test_an_empty_budget_ends_it_with_the_last_outcome() -> None:
    metrics = Metrics()
    assert through(retry(retrying(READS), metrics, allowed=0), request(), response(503)).status == 503
    assert counted(metrics) == {"retries/budget_exhausted": 1}


def test_a_backoff_that_ends_ends_the_retries() -> None:
    sleep = Slept()
    service = Answers(response(503))
    assert run(retry(retrying(READS), Metrics(), backoff=Once(), sleep=sleep)(request(), service)).status == 503
    assert len(service.seen) == 3 and sleep.delays == [0.1]


def test_a_broken_channel_is_tried_again_and_the_last_error_is_raised() -> None:
    metrics = Metrics()
    filter_ = retry(retrying(READS), metrics)
    assert through(filter_, request(), UpstreamClosed("1"), response(200)).status == 200
    last = RequestTimeout("the total time is over")
    assert failure(filter_, request(), UpstreamClosed("1"), last) is last


def test_a_client_that_left_is_not_retried() -> None:
    service = Answers(ClientGone("gone"))
    with pytest.raises(ClientGone):
        run(retry(retrying(ALL), Metrics())(request(), service))
    assert len(service.seen) == 1


def test_a_streamed_request_is_never_sent_twice_even_if_the_classifier_says_so() -> None:
    def always(_: Request, __: Outcome) -> Verdict:
        return Verdict.RETRYABLE

    service = Answers(response(503))
    assert run(retry(always, Metrics())(request(body=Stream(b"x")), service)).status == 503
    assert len(service.seen) == 1


def test_a_discarded_response_gives_its_connection_back() -> None:
    body = Stream(b"x")
    through(retry(retrying(READS), Metrics()), request(), response(503, body=body), response(200))
    assert body.closed


def test_the_budget_is_shown() -> None:
    metrics = Metrics()
    retry(retrying(READS), metrics, allowed=3)
    gauge = metrics.scope("retries").leaves["budget"]
    assert isinstance(gauge, Gauge) and gauge.read() == 30
