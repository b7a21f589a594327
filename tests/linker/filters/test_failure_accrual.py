"""What becomes of an attempt is told to its endpoint."""

from __future__ import annotations

import pytest

from linker.accrual.consecutive_failures import ConsecutiveFailuresConfig
from linker.classifiers.classifier import Outcome, Verdict
from linker.endpoint import Endpoint
from linker.endpoint_health import AccrualStats, EndpointHealth, State
from linker.errors import AttemptTimeout, ClientGone, NoBrokers, ProxyError, UpstreamClosed
from linker.filters.failure_accrual import FailureAccrual
from linker.http.message import Request
from linker.metrics import Metrics
from namer.addr import Address
from tests.linker.filters.fakes import failure, request, response, through


def classify(request: Request, outcome: Outcome) -> Verdict:
    good = not isinstance(outcome, ProxyError) and outcome.status < 500
    return Verdict.SUCCESS if good else Verdict.NON_RETRYABLE


def endpoint(failures: int = 1) -> Endpoint:
    policy = ConsecutiveFailuresConfig(failures=failures).mk(lambda: 0.0)
    return Endpoint(Address("10.0.0.1", 80), EndpointHealth(policy, AccrualStats(Metrics())), None)


def asked(node: Endpoint) -> Request:
    made = request()
    made.node = node
    return made


def accrual() -> FailureAccrual:
    return FailureAccrual(classify, lambda: 1.0)


def test_a_failed_answer_removes_the_endpoint_and_a_good_one_does_not() -> None:
    node = endpoint()
    through(accrual(), asked(node), response(200))
    assert node.available
    through(accrual(), asked(node), response(500))
    assert not node.available and node.health.state is State.DEAD


def test_a_success_between_failures_begins_the_count_anew() -> None:
    node = endpoint(failures=2)
    for status in (500, 200, 500):
        through(accrual(), asked(node), response(status))
    assert node.available


@pytest.mark.parametrize("error", [UpstreamClosed("x"), AttemptTimeout("x")])
def test_an_endpoint_that_breaks_off_or_is_too_slow_fails(error: ProxyError) -> None:
    node = endpoint()
    failure(accrual(), asked(node), error)
    assert not node.available


@pytest.mark.parametrize("error", [ClientGone("x"), NoBrokers("x")])
def test_what_is_not_the_endpoints_fault_is_not_held_against_it(error: ProxyError) -> None:
    node = endpoint()
    failure(accrual(), asked(node), error)
    assert node.available


class Spare:
    """A connection that was acquired."""

    def __init__(self) -> None:
        self.given_back = 0

    def give_back(self) -> None:
        self.given_back += 1


def test_a_connection_that_was_not_used_goes_back_once() -> None:
    spare, made = Spare(), asked(endpoint())
    made.upstream = spare  # type: ignore[assignment]  # all that the filter does with it is to give it back
    through(accrual(), made, response(200))
    assert (spare.given_back, made.upstream) == (1, None)
