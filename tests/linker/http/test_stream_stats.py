"""Streaming bodies are counted. observed.md, metric names."""

from __future__ import annotations

import pytest

from linker.errors import ClientError
from linker.http.stream_stats import StreamStats
from linker.metrics import Gauge, Metrics
from tests.linker.filters.fakes import Stream, counted, read_all, run


def pending(metrics: Metrics, direction: str) -> float:
    gauge = metrics.scope("http", "stream", direction).leaves["pending"]
    assert isinstance(gauge, Gauge)
    return gauge.read()


@pytest.mark.parametrize("direction", ["request", "response"])
def test_a_stream_is_open_until_it_was_read_and_passes_unchanged(direction: str) -> None:
    metrics = Metrics()
    body = getattr(StreamStats(metrics), direction)(Stream(b"a", b"b", length=2, trailers=b"X: 1\r\n"))
    assert (body.length, body.trailers, body.ready, pending(metrics, direction)) == (2, b"X: 1\r\n", True, 1)
    assert read_all(body) == [b"a", b"b"]
    body.close()
    assert pending(metrics, direction) == 0
    assert counted(metrics) == {f"http/stream/{direction}/{end}": 1 for end in ("opened", "closed")}


def test_giving_up_closes_once_and_closes_through() -> None:
    metrics, below = Metrics(), Stream(b"x")
    body = StreamStats(metrics).response(below)
    body.close()
    body.close()
    assert below.closed and pending(metrics, "response") == 0
    assert counted(metrics)["http/stream/response/closed"] == 1


class Breaks(Stream):
    async def read(self) -> bytes:
        raise ClientError("cut off")


def test_a_stream_that_breaks_is_closed() -> None:
    metrics = Metrics()
    body = StreamStats(metrics).request(Breaks())
    with pytest.raises(ClientError):
        run(body.read())
    assert pending(metrics, "request") == 0
