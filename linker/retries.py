"""The retry budget: how many retries a service, or requeues a client, may add to its traffic. linkerd.md section 3.11.

A leaky token bucket: each request deposits tokens, each retry takes some, and both are forgotten after the ttl; a
reserve lets quiet services retry too. One budget a service and one a client, never shared.

Strategy: time is cut into slices of a tenth of the ttl; a sum over the last ten is kept as they come and go, so that a
deposit is a comparison and two additions.
"""

from __future__ import annotations

from math import ceil

DEPOSIT = 1000
"""Tokens for one request: finagle's scale, so that a withdrawal of 1000 / percentCanRetry is a whole number."""

SLICES = 10
"""Of the ttl, as in finagle: a deposit leaves at most a tenth of the ttl early."""

REQUEUE_SHARE = 0.2
"""Of the balance: what one request may requeue."""


class RetryBudget:
    """Tokens over time; `now` is in seconds, monotonic.

    fresh: deposits not counted yet; until: when the running slice ends. The path of every request adds to `fresh`
    itself and calls `settle` every few, so that a deposit may count as made some requests later.
    """

    __slots__ = ("fresh", "until", "_deposit", "_cost", "_reserve", "_width", "_slices", "_sum", "_at")

    def __init__(self, *, ttl: float, min_per_second: int, ratio: float) -> None:
        """ttl: seconds until deposits and withdrawals are forgotten. min_per_second: retries always allowed.
        ratio: retries allowed per request, on top."""
        self._deposit = DEPOSIT if ratio else 0
        # Without a ratio only the reserve counts, in units of one retry.
        self._cost = max(1, int(DEPOSIT / ratio)) if ratio else 1
        self._reserve = int(min_per_second * ttl) * self._cost
        self._width = ttl / SLICES
        self._slices = [0] * SLICES
        self._sum = 0
        self._at = 0
        self.fresh = 0
        self.until = float("-inf")

    def __repr__(self) -> str:
        return f"<RetryBudget {(self._reserve + self._sum) // self._cost} retries>"

    def deposit(self, now: float) -> None:
        """A request has come (not a retry of one)."""
        if now >= self.until:
            self.expire(now)
        self.fresh += 1

    def try_withdraw(self, now: float) -> bool:
        """Pay for a retry; False, and nothing paid, when the budget does not allow it."""
        self.settle(now)
        if self._reserve + self._sum < self._cost:
            return False
        self._slices[self._at] -= self._cost
        self._sum -= self._cost
        return True

    def balance(self, now: float) -> int:
        """How many retries it would allow now."""
        self.settle(now)
        return max(0, (self._reserve + self._sum) // self._cost)

    def requeue_limit(self, now: float) -> int:
        """How often one request may be requeued: 20 % of the balance, rounded up."""
        return ceil(REQUEUE_SHARE * self.balance(now))

    def settle(self, now: float) -> None:
        """Count the fresh deposits, and forget what is older than the ttl."""
        if now >= self.until:
            self.expire(now)
        else:
            self._bank()

    def _bank(self) -> None:
        """Put the fresh deposits into the running slice."""
        tokens, self.fresh = self.fresh * self._deposit, 0
        self._slices[self._at] += tokens
        self._sum += tokens

    def expire(self, now: float) -> None:
        """Forget the slices that are older than the ttl, and begin the one of `now`. Call it when `until` has come."""
        self._bank()
        passed = SLICES if self.until == float("-inf") else int((now - self.until) / self._width) + 1
        if passed >= SLICES:
            self._slices = [0] * SLICES
            self.until = now + self._width
        else:
            for _ in range(passed):
                self._at = (self._at + 1) % SLICES
                self._slices[self._at] = 0
            self.until += passed * self._width
        self._sum = sum(self._slices)
