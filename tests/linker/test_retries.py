"""The retry budget: linkerd.md section 3.11, against a model that remembers every token."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from linker.retries import RetryBudget


def mk(*, ttl: float = 10, least: int = 10, ratio: float = 0.2) -> RetryBudget:
    """The defaults of linkerd."""
    return RetryBudget(ttl=ttl, min_per_second=least, ratio=ratio)


def test_a_fresh_budget_allows_its_reserve() -> None:
    budget = mk()
    assert budget.balance(0.0) == 100
    assert sum(budget.try_withdraw(0.0) for _ in range(200)) == 100
    assert budget.balance(0.0) == 0


def test_each_five_requests_allow_one_more_retry() -> None:
    budget = mk(least=0)
    assert not budget.try_withdraw(0.0)
    for _ in range(4):
        budget.deposit(0.0)
    assert not budget.try_withdraw(0.0)
    budget.deposit(0.0)
    assert budget.try_withdraw(0.0)
    assert not budget.try_withdraw(0.0)


def test_a_ratio_above_one_allows_several_retries_per_request() -> None:
    budget = mk(least=0, ratio=1000)
    budget.deposit(0.0)
    assert budget.balance(0.0) == 1000


def test_without_a_ratio_only_the_reserve_counts() -> None:
    budget = mk(ratio=0, least=2, ttl=5)
    for _ in range(100):
        budget.deposit(0.0)
    assert budget.balance(0.0) == 10
    assert [budget.try_withdraw(0.0) for _ in range(11)] == [True] * 10 + [False]


def test_with_neither_nothing_is_retried() -> None:
    budget = mk(ratio=0, least=0)
    for _ in range(100):
        budget.deposit(0.0)
    assert budget.balance(0.0) == 0
    assert not budget.try_withdraw(0.0)


def test_deposits_are_forgotten_after_the_ttl() -> None:
    budget = mk(least=0)
    for _ in range(50):
        budget.deposit(0.0)
    assert budget.balance(8.9) == 10
    assert budget.balance(10.0) == 0


def test_withdrawals_are_forgotten_too_so_that_the_reserve_refills() -> None:
    budget = mk()
    while budget.try_withdraw(3.0):
        pass
    assert budget.balance(11.9) == 0
    assert budget.balance(13.0) == 100


def test_a_long_silence_forgets_everything() -> None:
    budget = mk(least=0)
    budget.deposit(0.0)
    budget.deposit(1.0)
    assert budget.balance(1e9) == 0
    for _ in range(5):
        budget.deposit(1e9)
    assert budget.balance(1e9 + 5) == 1


def test_one_request_may_requeue_a_fifth_of_the_balance_rounded_up() -> None:
    budget = mk()
    assert budget.requeue_limit(0.0) == 20
    for _ in range(99):
        budget.try_withdraw(0.0)
    assert budget.requeue_limit(0.0) == 1
    budget.try_withdraw(0.0)
    assert budget.requeue_limit(0.0) == 0


def test_its_repr_is_a_status_line() -> None:
    assert repr(mk()) == "<RetryBudget 100 retries>"


class BudgetMachine(RuleBasedStateMachine):
    """The budget beside a list of (slice number, tokens)."""

    @initialize(
        ttl=st.integers(1, 60),
        least=st.integers(0, 5),
        ratio=st.sampled_from([0.0, 0.01, 0.2, 0.3, 1.0, 7.0, 1000.0]),
    )
    def start(self, ttl: int, least: int, ratio: float) -> None:
        self.budget = RetryBudget(ttl=ttl, min_per_second=least, ratio=ratio)
        # Slices in whole numbers of ticks, ten ticks each, so that the model has no rounding.
        self.tick = ttl / 100
        self.now = 0
        self.cost = max(1, int(1000 / ratio)) if ratio else 1
        self.deposit_tokens = 1000 if ratio else 0
        self.reserve = least * ttl * self.cost
        self.tokens: list[tuple[int, int]] = []
        self.budget.balance(0.0)

    def clock(self) -> float:
        return (self.now + 0.5) * self.tick  # in the middle of a tick, away from the edges of slices

    def known(self) -> int:
        current = self.now // 10
        return self.reserve + sum(tokens for at, tokens in self.tokens if at > current - 10)

    @rule(ticks=st.integers(1, 130))
    def wait(self, ticks: int) -> None:
        # An idle ttl starts the slices afresh: a budget that is looked at on the way keeps the model's slices.
        for _ in range(ticks):
            self.now += 1
            self.budget.balance(self.clock())

    @rule(count=st.integers(1, 20))
    def deposit(self, count: int) -> None:
        for _ in range(count):
            self.budget.deposit(self.clock())
        self.tokens.append((self.now // 10, count * self.deposit_tokens))

    @rule()
    def withdraw(self) -> None:
        allowed = self.known() >= self.cost
        assert self.budget.try_withdraw(self.clock()) == allowed
        if allowed:
            self.tokens.append((self.now // 10, -self.cost))

    @invariant()
    def the_balance_is_the_models(self) -> None:
        if hasattr(self, "budget"):
            assert self.budget.balance(self.clock()) == max(0, self.known() // self.cost)


TestBudget = BudgetMachine.TestCase
TestBudget.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
