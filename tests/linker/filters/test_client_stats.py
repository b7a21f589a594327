"""A client's attempts, counted for itself and for each service. linkerd.md section 8.2."""

from __future__ import annotations

import pytest

from dtab import Path
from linker.classifiers.classifier import READS, retrying
from linker.errors import ClientGone, UpstreamClosed
from linker.filters import client_stats
from linker.filters.client_stats import ClientStats
from linker.filters.request_stats import RequestCounts, RequestStats
from linker.http.message import Request, Response
from linker.metrics import Gauge, Metrics
from tests.linker.filters.fakes import Answers, Clock, bound, counted, request, response, run

CLASSIFY = retrying(READS)


def asked(service: str = "web") -> Request:
    made = request()
    made.dst, made.bound = Path.of("svc", service), bound()
    return made


@pytest.mark.parametrize("outcome", [response(200), response(503), UpstreamClosed("x"), ClientGone("x"), KeyError("x")])
def test_both_scopes_count_what_request_stats_would(outcome: object) -> None:
    metrics, plain, clock = Metrics(), Metrics(), Clock()
    for filter_ in (
        ClientStats(metrics, CLASSIFY, clock=clock),
        RequestStats(RequestCounts(plain), CLASSIFY, clock=clock),
    ):
        try:
            run(filter_(asked(), Answers(clock.passes(0.25, outcome))))
        except Exception as error:
            assert error is outcome  # noqa: PT017  # it may also answer
    own = metrics.scope("service", "svc/web")
    expected = counted(plain)
    assert counted(own) == expected
    assert {name: value for name, value in counted(metrics).items() if not name.startswith("service/")} == expected
    for scope in (metrics, own):
        assert scope.stat("request_latency_ms").sum == plain.stat("request_latency_ms").sum
        gauge = scope.leaves["pending"]
        assert isinstance(gauge, Gauge) and gauge.read() == 0


def test_each_service_counts_for_itself() -> None:
    metrics = Metrics()
    stats = ClientStats(metrics, CLASSIFY)
    for service in ("a", "a", "b"):
        run(stats(asked(service), Answers()))
    assert counted(metrics) == {
        "requests": 3, "success": 3,
        "service/svc/a/requests": 2, "service/svc/a/success": 2,
        "service/svc/b/requests": 1, "service/svc/b/success": 1,
    }  # fmt: skip


def test_services_beyond_the_limit_are_forgotten_but_not_those_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_stats, "MOST_SERVICES", 3)
    metrics = Metrics()
    stats = ClientStats(metrics, CLASSIFY)

    async def meanwhile(_: Request) -> Response:
        for number in range(20):
            for service in (f"once{number}", "often"):
                run(stats(asked(service), Answers()))
        return response()

    run(stats(asked("slow"), meanwhile))
    services = metrics.scope("service").scopes
    assert len(services) == 3 and {"svc/slow", "svc/often", "svc/once19"} == set(services)
    assert counted(metrics)["requests"] == 41 and counted(metrics)["service/svc/slow/requests"] == 1
    assert counted(metrics)["service/svc/often/requests"] == 20
