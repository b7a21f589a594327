"""Requeues of a client: what is known not to have been processed is sent again at once (linkerd.md 3.11, observed.md).

Two cases, as in the original:
- No session could be had (ConnectFailed, TooManyWaiters): up to 25 further acquisitions while the balancer has an
  endpoint that is open, outside the budget. Nothing of the body was read, so a streamed one is no obstacle. A single
  dead endpoint is tried 5 times: then its failure accrual closes it, and the balancer with it.
- The endpoint refused the request (a nack, or an error that is `retry_safe`): paid from the budget, per request at most
  a fifth of its balance; the body must be whole.

Must be above the balancer, so that each attempt picks an endpoint, and below retries, which pick a client.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from linker.errors import ConnectFailed, ProxyError, TooManyWaiters
from linker.http.message import Request, Response
from linker.metrics import Metrics
from linker.retries import RetryBudget
from linker.service import Clock, RepeatingFilter, Service

MAX_ACQUISITIONS = 25
"""Further attempts to get a session; finagle's `Retries.Effort`."""


class Requeue(RepeatingFilter):
    """One per client; `metrics` is its scope.

    is_open: whether the balancer has an endpoint that takes requests. clock: monotonic, in seconds.
    """

    def __init__(
        self, budget: RetryBudget, is_open: Callable[[], bool], metrics: Metrics, *, clock: Clock = monotonic
    ) -> None:
        self._budget = budget
        self._is_open = is_open
        self._clock = clock
        scope = metrics.scope("retries")
        self._requeues = scope.counter("requeues")
        self._per_request = scope.stat("requeues_per_request")
        self._exhausted = scope.counter("budget_exhausted")
        self._limit = scope.counter("request_limit")
        self._cannot = scope.counter("cannot_retry")
        self._not_open = scope.counter("not_open")
        scope.gauge("budget", lambda: budget.balance(clock()))

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        budget = self._budget
        budget.fresh = n = budget.fresh + 1  # a deposit, spelt out; the time is looked at now and then
        if not n & 15:
            budget.settle(self._clock())

    def wants_again(self, request: Request, outcome: Response | ProxyError) -> bool:
        """See `RepeatingFilter.wants_again`."""
        if isinstance(outcome, ProxyError):
            return outcome.retry_safe
        if outcome.status == 503 and is_nack(outcome):
            return True
        self._per_request.zeros += 1
        return False

    async def again(self, request: Request, outcome: Response | ProxyError, next: Service, /) -> Response:
        """Send again while it is known to be safe and is allowed; the last outcome."""
        acquisitions, left, sent = MAX_ACQUISITIONS, self._budget.requeue_limit(self._clock()), 0
        while True:
            if isinstance(outcome, ConnectFailed | TooManyWaiters):
                acquisitions -= 1
                allowed = self._may_acquire(acquisitions)
            elif isinstance(outcome, Response) and not is_nack(outcome):
                break
            elif isinstance(outcome, ProxyError) and not outcome.retry_safe:
                break
            else:
                left -= 1
                allowed = not request.streaming and self._may_send(left)
            if not allowed:
                break
            if isinstance(outcome, Response):
                outcome.discard()
            self._requeues.value += 1
            sent += 1
            try:
                outcome = await next(request)
            except ProxyError as error:
                outcome = error
        self._per_request.add(sent)
        if isinstance(outcome, ProxyError):
            raise outcome
        return outcome

    def _may_acquire(self, left: int) -> bool:
        if left < 0:
            return False
        if not self._is_open():
            self._not_open.value += 1
            return False
        return True

    def _may_send(self, left: int) -> bool:
        if not self._is_open():
            self._cannot.value += 1
            return False
        if left < 0:
            self._limit.value += 1
            return False
        if not self._budget.try_withdraw(self._clock()):
            self._exhausted.value += 1
            return False
        return True


def is_nack(response: Response) -> bool:
    """Whether the endpoint says that it did not look at the request: 503 and one of two fields."""
    headers = response.headers
    return response.status == 503 and (b"finagle-http-nack" in headers or headers.get(b"retry-after") == b"0")
