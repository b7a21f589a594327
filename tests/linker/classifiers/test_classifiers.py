"""Every HTTP classifier against the table of linkerd.md section 3.12."""

from __future__ import annotations

import pytest

from linker.classifiers import CLASSIFIERS, Classify, Outcome, Verdict
from linker.errors import (
    AttemptTimeout,
    BadResponse,
    ClientGone,
    ConnectFailed,
    NoBrokers,
    ProxyError,
    RequestTimeout,
    ServerTimeout,
    UpstreamClosed,
)
from namer.config import bind_kind
from tests.linker.filters.fakes import Stream, request, response

S, R, N = Verdict.SUCCESS, Verdict.RETRYABLE, Verdict.NON_RETRYABLE
GROUPS = (
    (b"GET", b"HEAD", b"OPTIONS", b"TRACE"),
    (b"PUT", b"DELETE"),
    (b"POST", b"PATCH"),
    (b"CONNECT", b"PROPFIND", b"get"),
)
KINDS = {  # kind → verdict on 5xx for each group of methods
    "nonRetryable5XX": (N, N, N, N),
    "retryableRead5XX": (R, N, N, N),
    "retryableIdempotent5XX": (R, R, N, N),
    "retryableAll5XX": (R, R, R, N),
    "allSuccessful": (S, S, S, S),
}
CLASS_A: list[ProxyError] = [AttemptTimeout("x"), UpstreamClosed("x"), ConnectFailed("x")]
OTHERS: list[ProxyError] = [NoBrokers("x"), BadResponse("x"), RequestTimeout("x"), ServerTimeout("x"), ClientGone("x")]


def mk(kind: str) -> Classify:
    made: Classify = bind_kind(CLASSIFIERS, f"kind: io.l5d.http.{kind}", "t.yaml").mk()
    return made


ROWS = [
    (kind, method, verdict)
    for kind, verdicts in KINDS.items()
    for group, verdict in zip(GROUPS, verdicts, strict=True)
    for method in group
]


@pytest.mark.parametrize(("kind", "method", "verdict"), ROWS)
def test_the_table(kind: str, method: bytes, verdict: Verdict) -> None:
    classify, asked = mk(kind), request(method=method)
    assert [classify(asked, response(status)) for status in (500, 503, 599)] == [verdict] * 3
    assert [classify(asked, response(status)) for status in (200, 302, 404, 499)] == [S] * 4
    broken = R if verdict is R else N
    assert [classify(asked, error) for error in CLASS_A] == [broken] * 3
    assert [classify(asked, error) for error in OTHERS] == [N] * 5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "allSuccessful"])
@pytest.mark.parametrize("method", [b"GET", b"POST", b"CONNECT"])
def test_a_service_may_allow_a_retry_whatever_the_method(kind: str, method: bytes) -> None:
    assert mk(kind)(request(method=method), response(503, "L5d-Retryable: True")) is R
    assert mk(kind)(request(method=b"POST"), response(200, "l5d-retryable: true")) is S


def test_all_successful_has_nothing_to_retry() -> None:
    assert mk("allSuccessful")(request(), response(503, "l5d-retryable: true")) is S


@pytest.mark.parametrize("value", ["false", "", "1", "yes"])
def test_only_true_allows_it(value: str) -> None:
    assert mk("nonRetryable5XX")(request(), response(503, f"l5d-retryable: {value}")) is N


@pytest.mark.parametrize("outcome", [response(503), response(503, "l5d-retryable: true"), UpstreamClosed("x")])
def test_what_was_streamed_is_never_retried(outcome: Outcome) -> None:
    assert mk("retryableAll5XX")(request(body=Stream(b"x")), outcome) is N


def test_the_default_kind_is_non_retryable() -> None:
    assert type(CLASSIFIERS.default_config()).__name__ == "NonRetryable5xxConfig"
