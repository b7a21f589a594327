"""The three timeouts: text, status, deadline. linkerd.md section 5.7; observed.md, timeout texts."""

from __future__ import annotations

import pytest

from linker.errors import AttemptTimeout, RequestTimeout, ServerTimeout
from linker.filters.timeout import attempt_timeout, server_timeout, show_duration, total_timeout
from namer.addr import Address
from tests.linker.filters.fakes import Answers, Clock, Timeouts, failure, request, response, run


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0.milliseconds"),
        (300, "300.milliseconds"),
        (1500, "1.seconds+500.milliseconds"),
        (10_000, "10.seconds"),
        (60_000, "1.minutes"),
        (90_061_001, "1.days+1.hours+1.minutes+1.seconds+1.milliseconds"),
    ],
)
def test_durations_are_shown_as_the_original_does(ms: int, text: str) -> None:
    assert show_duration(ms) == text


def test_the_total_timeouts_text() -> None:
    timeouts = Timeouts()
    error = failure(total_timeout(300, timeouts, "/svc/web"), request(), lambda _: timeouts.expire())
    assert type(error) is RequestTimeout and error.status == 503
    assert str(error) == (
        "exceeded 300.milliseconds to /svc/web while waiting for a response for the request, including retries "
        "(if applicable). Remote Info: Not Available"
    )
    assert timeouts.asked == [0.3]


def test_an_attempts_text_tells_the_endpoint() -> None:
    timeouts, asked = Timeouts(), request()
    asked.endpoint = Address("127.0.0.1", 80)
    error = failure(attempt_timeout(1500, timeouts, "#/io.l5d.fs/web"), asked, lambda _: timeouts.expire())
    assert isinstance(error, AttemptTimeout) and error.retryable_class
    assert str(error) == (
        "exceeded 1.seconds+500.milliseconds to #/io.l5d.fs/web while waiting for a response for an individual "
        "request, excluding retries. Remote Info: Downstream Address: 127.0.0.1:80"
    )


def test_the_servers_text_and_that_nobody_may_retry_it() -> None:
    timeouts = Timeouts()
    error = failure(server_timeout(300, timeouts, "127.0.0.1:4140"), request(), lambda _: timeouts.expire())
    assert isinstance(error, ServerTimeout) and not error.retryable_class
    assert str(error).startswith("exceeded 300.milliseconds to 127.0.0.1/4140 while waiting for a response for an ind")


@pytest.mark.parametrize(("before", "below"), [(None, 1002.0), (1001.0, 1001.0), (1005.0, 1002.0)])
def test_the_deadline_is_the_strictest_and_only_below(before: float | None, below: float) -> None:
    seen: list[float | None] = []

    def note(asked: object) -> object:
        seen.append(asked.deadline)  # type: ignore[attr-defined]
        return response()

    asked = request()
    asked.deadline = before
    run(attempt_timeout(2000, Timeouts(), "x", epoch=Clock(1000.0))(asked, Answers(note)))
    assert seen == [below] and asked.deadline == before
