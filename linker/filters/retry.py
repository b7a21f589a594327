"""Retries of a service: the classifier asks for one, the budget allows it, the backoff says when (linkerd.md 3.11).

There is no limit for one request but the budget and `totalTimeoutMs`, which must stand above (observed.md: 200 failures
were retried 200 times). Must be above binding: each attempt picks again on the then-current tree. A request whose body
was streamed is not retried; the classifier says so already, and this filter makes sure.
"""

from __future__ import annotations

from collections.abc import Callable
from random import random
from time import monotonic

from linker.backoff import Backoff
from linker.classifiers.classifier import SURE_SUCCESS, Classify, Outcome, Verdict
from linker.errors import ProxyError
from linker.http.message import Request, Response
from linker.metrics import Metrics
from linker.retries import RetryBudget
from linker.service import Clock, RepeatingFilter, Service, Sleep

_RETRYABLE = Verdict.RETRYABLE


class Retry(RepeatingFilter):
    """One per service; `metrics` is its scope. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        classify: Classify,
        budget: RetryBudget,
        backoff: Backoff,
        metrics: Metrics,
        sleep: Sleep,
        *,
        clock: Clock = monotonic,
        random: Callable[[], float] = random,
    ) -> None:
        self._classify = classify
        self._budget = budget
        self._backoff = backoff
        self._sleep = sleep
        self._clock = clock
        self._random = random
        scope = metrics.scope("retries")
        self._total = scope.counter("total")
        self._exhausted = scope.counter("budget_exhausted")
        self._per_request = scope.stat("per_request")
        scope.gauge("budget", lambda: budget.balance(clock()))

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        budget = self._budget
        budget.fresh = n = budget.fresh + 1  # a deposit, spelt out; the time is looked at now and then
        if not n & 15:
            budget.settle(self._clock())

    def wants_again(self, request: Request, outcome: Outcome) -> bool:
        """See `RepeatingFilter.wants_again`."""
        if isinstance(outcome, Response) and outcome.status < SURE_SUCCESS:
            self._per_request.zeros += 1
            return False
        if self._classify(request, outcome) is _RETRYABLE and not request.streaming:
            return True
        self._per_request.zeros += 1
        return False

    async def again(self, request: Request, outcome: Outcome, next: Service, /) -> Response:
        """See `RepeatingFilter.again`."""
        outcome, retries = await self._retry(request, next, outcome)
        self._per_request.add(retries)
        if isinstance(outcome, ProxyError):
            raise outcome
        return outcome

    async def _retry(self, request: Request, next: Service, outcome: Outcome) -> tuple[Outcome, int]:
        """The last outcome, and how many retries it took."""
        retries = 0
        for delay in self._backoff.delays(self._random):
            if not self._budget.try_withdraw(self._clock()):
                self._exhausted.value += 1
                break
            if isinstance(outcome, Response):
                outcome.discard()
            if delay > 0:
                await self._sleep(delay)
            retries += 1
            self._total.value += 1
            try:
                outcome = await next(request)
            except ProxyError as error:
                outcome = error
            if self._classify(request, outcome) is not _RETRYABLE:
                break
        return outcome, retries
