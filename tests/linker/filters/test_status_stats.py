"""Counting by status. linkerd.md section 8.2; the names are those recorded."""

from __future__ import annotations

import pytest

from linker.errors import ClientGone, UpstreamClosed
from linker.filters.status_stats import StatusStats
from linker.metrics import Metrics, Stat
from tests.linker.filters.fakes import Clock, counted, failure, request, response, through


def test_all_classes_are_there_from_the_start() -> None:
    metrics = Metrics()
    StatusStats(metrics)
    names = {"/".join((*path, name)) for path, name, _ in metrics.walk()}
    assert names == {
        f"{kind}/{class_}" for kind in ("status", "time") for class_ in ("1XX", "2XX", "3XX", "4XX", "5XX", "error")
    }


@pytest.mark.parametrize(
    ("status", "counters"),
    [
        (200, {"status/200": 1, "status/2XX": 1}),
        (304, {"status/304": 1, "status/3XX": 1}),
        (599, {"status/599": 1, "status/5XX": 1}),
        (700, {"status/700": 1, "status/error": 1}),
    ],
)
def test_a_response_counts_by_code_and_class(status: int, counters: dict[str, int]) -> None:
    metrics = Metrics()
    through(StatusStats(metrics), request(), response(status))
    assert counted(metrics) == counters


def test_the_time_is_counted_in_milliseconds() -> None:
    metrics, clock = Metrics(), Clock()
    through(StatusStats(metrics, clock=clock), request(), clock.passes(0.25, response(404)))
    time = metrics.stat("time/4XX")
    assert isinstance(time, Stat)
    assert (time.summary().count, time.sum) == (1, 250.0)


def test_an_exception_counts_as_error_and_a_client_that_left_does_not() -> None:
    metrics = Metrics()
    filter_ = StatusStats(metrics)
    failure(filter_, request(), UpstreamClosed("x"))
    failure(filter_, request(), ClientGone("x"))
    assert counted(metrics) == {"status/error": 1}
