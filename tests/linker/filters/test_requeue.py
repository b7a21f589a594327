"""Requeues of a client. linkerd.md section 3.11; observed.md, connect refused and nacks."""

from __future__ import annotations

import pytest

from linker.errors import ConnectFailed, ProxyError, TooManyWaiters, UpstreamClosed
from linker.filters.requeue import Requeue
from linker.metrics import Metrics
from linker.retries import RetryBudget
from tests.linker.filters.fakes import Answers, Clock, Stream, counted, failure, request, response, run, through


class Open:
    """A balancer that closes after being asked so often."""

    def __init__(self, times: int = 1000) -> None:
        self.times = times

    def __call__(self) -> bool:
        self.times -= 1
        return self.times >= 0


def requeue(metrics: Metrics, *, open_: Open | None = None, retries: int = 100) -> Requeue:
    budget = RetryBudget(ttl=1, min_per_second=retries, ratio=0)
    return Requeue(budget, open_ or Open(), metrics, clock=Clock())


def nack(name: str = "Retry-After: 0", **more: object) -> object:
    return response(503, name, **more)


def test_one_dead_endpoint_is_tried_five_times_until_its_accrual_closes_it() -> None:
    metrics = Metrics()
    service = Answers(ConnectFailed("refused"))
    with pytest.raises(ConnectFailed):
        run(requeue(metrics, open_=Open(4))(request(), service))
    assert len(service.seen) == 5
    assert counted(metrics) == {"retries/requeues": 4, "retries/not_open": 1}
    assert metrics.stat("retries/requeues_per_request").sum == 4


@pytest.mark.parametrize("error", [ConnectFailed, TooManyWaiters])
def test_acquisitions_cost_no_budget_and_end_after_25(error: type[ProxyError]) -> None:
    metrics = Metrics()
    service = Answers(error("x"))
    with pytest.raises(error):
        run(requeue(metrics, retries=0)(request(), service))
    assert len(service.seen) == 26
    assert counted(metrics) == {"retries/requeues": 25}


def test_a_streamed_body_is_no_obstacle_before_a_connection() -> None:
    assert through(requeue(Metrics()), request(body=Stream(b"x")), ConnectFailed("x"), response(200)).status == 200


@pytest.mark.parametrize("name", ["Retry-After: 0", "finagle-http-nack: true"])
def test_a_nack_is_sent_again_and_its_body_given_up(name: str) -> None:
    metrics, body = Metrics(), Stream(b"x")
    assert through(requeue(metrics), request(method=b"POST"), nack(name, body=body), response(200)).status == 200
    assert counted(metrics) == {"retries/requeues": 1} and body.closed


@pytest.mark.parametrize("answer", [response(503), response(503, "Retry-After: 1"), response(200, "Retry-After: 0")])
def test_other_answers_pass(answer: object) -> None:
    metrics = Metrics()
    service = Answers(answer)
    assert run(requeue(metrics)(request(), service)) is answer
    assert len(service.seen) == 1 and counted(metrics) == {}


def test_a_nack_of_a_streamed_request_passes_to_the_client() -> None:
    service = Answers(nack())
    assert run(requeue(Metrics())(request(body=Stream(b"x")), service)).status == 503
    assert len(service.seen) == 1


def test_one_request_may_use_a_fifth_of_the_balance() -> None:
    metrics = Metrics()
    service = Answers(nack())
    assert run(requeue(metrics, retries=100)(request(), service)).status == 503
    assert len(service.seen) == 21
    assert counted(metrics) == {"retries/requeues": 20, "retries/request_limit": 1}


def test_an_empty_budget_allows_nothing() -> None:
    metrics = Metrics()
    assert through(requeue(metrics, retries=0), request(), nack()).status == 503
    assert counted(metrics) == {"retries/request_limit": 1}


def test_a_closed_balancer_allows_nothing() -> None:
    metrics = Metrics()
    assert through(requeue(metrics, open_=Open(0)), request(), nack()).status == 503
    assert counted(metrics) == {"retries/cannot_retry": 1}


def test_an_error_that_may_have_been_processed_passes() -> None:
    service = Answers(UpstreamClosed("x"))
    with pytest.raises(UpstreamClosed):
        run(requeue(Metrics())(request(), service))
    assert len(service.seen) == 1


def test_what_follows_a_requeue_is_judged_anew() -> None:
    last = UpstreamClosed("after it was sent")
    assert failure(requeue(Metrics()), request(), ConnectFailed("x"), nack(), last) is last
    assert through(requeue(Metrics()), request(), ConnectFailed("x"), response(500)).status == 500
