"""What a classifier is: request and outcome → verdict; and what every HTTP classifier shares (linkerd.md 3.12).

A kind says which methods may be sent again after a failure. `retrying` adds what holds for all:
a failed response that carries `l5d-retryable: true` may be retried whatever the method, and nothing may be retried
whose body was streamed, because it cannot be sent again.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol

from linker.errors import ProxyError
from linker.http.message import Request, Response
from namer.plugin import Registry

Outcome = Response | ProxyError
"""How an exchange ended."""


class Verdict(enum.Enum):
    """What an outcome means for statistics and retries."""

    SUCCESS = "success"
    RETRYABLE = "retryable failure"
    NON_RETRYABLE = "non-retryable failure"


Classify = Callable[[Request, Outcome], Verdict]
"""The judgement itself: pure, synchronous, asked several times a request."""


class ClassifierConfig(Protocol):
    """The configuration of one kind."""

    def mk(self) -> Classify:
        """The classifier, with the common wrapping."""


SURE_SUCCESS = 500
"""Below this status every kind says SUCCESS (the table of linkerd.md section 3.12, and an invariant of new kinds):
filters do not ask, since each question costs a tenth of a microsecond and several would be asked a request."""

CLASSIFIERS = Registry("response classifier", default="io.l5d.http.nonRetryable5XX")

READS = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE"))
IDEMPOTENT = READS | {b"PUT", b"DELETE"}
ALL = IDEMPOTENT | {b"POST", b"PATCH"}
"""Methods whose failures a kind may retry; CONNECT and unknown ones are in none."""

_SUCCESS, _RETRYABLE, _NON_RETRYABLE = Verdict.SUCCESS, Verdict.RETRYABLE, Verdict.NON_RETRYABLE


def retrying(methods: frozenset[bytes]) -> Classify:
    """A response ≥ 500, or an error that leaves the outcome open, may be retried for `methods`; wrapped."""

    def classify(request: Request, outcome: Outcome) -> Verdict:
        if isinstance(outcome, Response):
            if outcome.status < SURE_SUCCESS:
                return _SUCCESS
            retry = request.method in methods or says_retryable(outcome)
        else:
            retry = outcome.retryable_class and request.method in methods
        return _RETRYABLE if retry and not request.streaming else _NON_RETRYABLE

    return classify


def says_retryable(response: Response) -> bool:
    """Whether the service itself allows another attempt."""
    value = response.headers.get(b"l5d-retryable")
    return value is not None and value.lower() == b"true"
