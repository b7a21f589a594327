"""Streaming bodies are counted. observed.md, metric names."""

from __future__ import annotations

import pytest

from linker.errors import ClientError
from linker.filters.stream_stats import StreamStats
from linker.http.message import Request, Response
from linker.metrics import Gauge, Metrics
from tests.linker.filters.fakes import Stream, counted, read_all, request, response, run, through


def pending(metrics: Metrics, direction: str) -> float:
    gauge = metrics.scope("http", "stream", direction).leaves["pending"]
    assert isinstance(gauge, Gauge)
    return gauge.read()


def test_whole_bodies_are_not_counted() -> None:
    metrics = Metrics()
    through(StreamStats(metrics), request(body=b"x"), response(body=b"y"))
    assert counted(metrics) == {}


def test_a_stream_is_open_until_it_was_read_and_passes_unchanged() -> None:
    metrics = Metrics()

    async def echo(asked: Request) -> Response:
        assert not isinstance(asked.body, bytes)
        assert pending(metrics, "request") == 1
        assert read_all(asked.body) == [b"a", b"b"]
        assert pending(metrics, "request") == 0
        return response(body=Stream(b"c", length=1, trailers=b"X: 1\r\n"))

    answer = run(StreamStats(metrics)(request(body=Stream(b"a", b"b")), echo))
    body = answer.body
    assert not isinstance(body, bytes)
    assert (body.length, body.trailers, body.ready, pending(metrics, "response")) == (1, b"X: 1\r\n", True, 1)
    assert read_all(body) == [b"c"]
    body.close()
    ends = {f"http/stream/{way}/{end}": 1 for way in ("request", "response") for end in ("opened", "closed")}
    assert counted(metrics) == ends


def test_giving_up_closes_once_and_closes_through() -> None:
    metrics, body = Metrics(), Stream(b"x")
    answer = through(StreamStats(metrics), request(), response(body=body))
    answer.discard()
    answer.discard()
    assert body.closed and pending(metrics, "response") == 0
    assert counted(metrics)["http/stream/response/closed"] == 1


class Breaks(Stream):
    async def read(self) -> bytes:
        raise ClientError("cut off")


def test_a_stream_that_breaks_is_closed() -> None:
    metrics = Metrics()
    answer = through(StreamStats(metrics), request(), response(body=Breaks()))
    assert not isinstance(answer.body, bytes)
    with pytest.raises(ClientError):
        run(answer.body.read())
    assert pending(metrics, "response") == 0
