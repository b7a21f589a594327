"""maxConcurrentRequests: no queue. linkerd.md section 3.5."""

from __future__ import annotations

import pytest

from linker.errors import Rejected, UpstreamClosed
from linker.filters.concurrency import Concurrency
from linker.http.message import Request, Response
from linker.metrics import Gauge, Metrics
from tests.linker.filters.fakes import failure, request, response, run, through


def test_one_too_many_is_rejected_at_once_and_the_place_is_free_afterwards() -> None:
    metrics = Metrics()
    limit = Concurrency(1, metrics)
    gauge = metrics.leaves["request_concurrency"]
    assert isinstance(gauge, Gauge)

    async def busy(_: Request) -> Response:
        assert gauge.read() == 1
        assert isinstance(failure(limit, request()), Rejected)
        return response()

    assert run(limit(request(), busy)).status == 200
    assert gauge.read() == 0
    assert through(limit, request()).status == 200


@pytest.mark.parametrize("error", [UpstreamClosed("x"), KeyError("x")])
def test_a_failure_frees_its_place_too(error: Exception) -> None:
    limit = Concurrency(1, Metrics())
    for _ in range(3):
        with pytest.raises(type(error)):
            through(limit, request(), error)
