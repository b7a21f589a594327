"""The Prometheus page: linkerd.md section 8.4, and what Prometheus' own parser makes of it."""

from __future__ import annotations

from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from linker.metrics import Metrics
from linker.telemeters import TELEMETERS
from linker.telemeters.prometheus import PrometheusConfig, prometheus_chunks, render_prometheus

EXCEPTION = "com.twitter.finagle.service.ResponseClassificationSyntheticException"


def parsed(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def rendered(*path: str, leaf: str = "x") -> str:
    metrics = Metrics()
    metrics.scope(*path).counter(leaf).value = 1
    return render_prometheus(metrics)


@pytest.mark.parametrize(
    ("path", "leaf", "line"),
    [
        ((), "x", "x"),
        (("jvm", "mem"), "used-now", "jvm:mem:used_now"),
        (("rt", "http"), "originator", 'rt:originator{rt="http"}'),
        (("rt", "http", "bindcache", "path"), "misses", 'rt:bindcache:path:misses{rt="http"}'),
        (
            ("rt", "http", "server", "0.0.0.0/4140"),
            "status/200",
            'rt:server:status:200{rt="http", server="0.0.0.0/4140"}',
        ),
        (
            ("rt", "http", "service", "svc/web"),
            "retries/total",
            'rt:service:retries:total{rt="http", service="svc/web"}',
        ),
        (
            ("rt", "http", "client", "#/io.l5d.fs/web", "loadbalancer"),
            "algorithm/p2c_least_loaded",
            'rt:client:loadbalancer:algorithm:p2c_least_loaded{rt="http", client="#/io.l5d.fs/web"}',
        ),
        (
            ("rt", "http", "client", "#/a", "service", "svc/web"),
            "success",
            'rt:client:service:success{rt="http", client="#/a", service="svc/web"}',
        ),
        (
            ("rt", "http", "client", "#/a"),
            f"failures/{EXCEPTION}",
            f'rt:client:failures{{rt="http", client="#/a", exception="{EXCEPTION}"}}',
        ),
        (
            ("rt", "http", "service", "svc/down"),
            "failures/restartable/a.B",
            'rt:service:failures{rt="http", service="svc/down", exception="restartable:a.B"}',
        ),
        (
            ("rt", "http", "client", "#/a"),
            "exn/a.B",
            'rt:client:exceptions{rt="http", client="#/a", exception="a.B"}',
        ),
        (
            ("rt", "http", "client", "#/a", "service", "svc/web"),
            "failures/a.b.C",
            'rt:client:service:failures:a_b_C{rt="http", client="#/a", service="svc/web"}',
        ),
        (("rt", "http", "client", "#/a"), "failures", 'rt:client:failures{rt="http", client="#/a"}'),
        (
            ("rt", "http", "client", "#/a", "service_creation"),
            "failures/a.B",
            'rt:client:service_creation:failures:a_B{rt="http", client="#/a"}',
        ),
        (("namer", "#/io.l5d.consul"), "lookups", "namer:__io_l5d_consul:lookups"),
        (("9lives",), "x", "_9lives:x"),
    ],
)
def test_scopes_become_names_and_labels(path: tuple[str, ...], leaf: str, line: str) -> None:
    assert rendered(*path, leaf=leaf) == f"{line} 1\n"
    assert len(parsed(rendered(*path, leaf=leaf))) == 1


def test_the_prefix_is_glued_to_every_name() -> None:
    metrics = Metrics()
    metrics.scope("rt", "http").counter("x")
    metrics.counter("4")
    assert render_prometheus(metrics, "l5d_") == 'l5d_4 0\nl5d_rt:x{rt="http"} 0\n'


def test_gauges_are_floats() -> None:
    metrics = Metrics()
    metrics.gauge("a", lambda: 3)
    metrics.gauge("b", lambda: 1.5e7)
    metrics.gauge("c", lambda: nan)
    metrics.gauge("d", lambda: inf)
    metrics.gauge("e", lambda: -inf)
    text = render_prometheus(metrics)
    assert text == "a 3.0\nb 15000000.0\nc NaN\nd +Inf\ne -Inf\n"
    values = [sample.value for sample in parsed(text)]
    assert values[:2] == [3.0, 1.5e7] and isnan(values[2]) and values[3:] == [inf, -inf]


def test_a_stat_is_a_summary_without_a_type() -> None:
    metrics = Metrics()
    stat = metrics.scope("rt", "http", "server", "a/1").stat("request_latency_ms")
    assert render_prometheus(metrics) == ""
    for value in (10, 20, 31):
        stat.add(value)
    name, labels = "rt:server:request_latency_ms", 'rt="http", server="a/1"'
    quantiles = (
        ("0", 10),
        ("0.5", 20),
        ("0.9", 31),
        ("0.95", 31),
        ("0.99", 31),
        ("0.999", 31),
        ("0.9999", 31),
        ("1", 31),
    )
    assert render_prometheus(metrics) == (
        f"{name}_count{{{labels}}} 3\n{name}_sum{{{labels}}} 61\n{name}_avg{{{labels}}} {61 / 3}\n"
        + "".join(f'{name}{{{labels}, quantile="{q}"}} {value}\n' for q, value in quantiles)
    )
    assert len(parsed(render_prometheus(metrics))) == 11


def test_a_stat_without_labels_has_only_the_quantile() -> None:
    metrics = Metrics()
    metrics.stat("x").add(1)
    assert 'x{quantile="0.5"} 1\n' in render_prometheus(metrics)
    assert "x_count 1\n" in render_prometheus(metrics)


@pytest.mark.parametrize("service", ['a"b', "a\\b", "a\nb", 'a\\"', "\\n", "ü {x=1}, y"])
def test_label_values_come_back_as_they_were(service: str) -> None:
    (sample,) = parsed(rendered("rt", "http", "service", service))
    assert sample.labels == {"rt": "http", "service": service}


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"), min_size=1))
def test_any_client_id_is_readable(client: str) -> None:
    (sample,) = parsed(rendered("rt", "http", "client", client, leaf="requests"))
    assert sample.name == "rt:client:requests"
    assert sample.labels == {"rt": "http", "client": client}


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_any_scopes_give_one_line(path: list[str]) -> None:
    assert rendered(*path).count("\n") == 1


def test_a_large_tree_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linker.telemeters.prometheus.CHUNK", 10)
    metrics = Metrics()
    for i in range(100):
        metrics.scope("rt", "http", "client", f"#/{i}").counter("x").value = i
    pieces = list(prometheus_chunks(metrics))
    assert len(pieces) == 11
    assert len(parsed("".join(pieces))) == 100


def test_the_telemeter_is_a_page() -> None:
    page = PrometheusConfig(prefix="p_").mk()
    metrics = Metrics()
    metrics.counter("x")
    assert (page.path, page.content_type) == ("/admin/metrics/prometheus", "text/plain")
    assert "".join(page.chunks(metrics)) == "p_x 0\n"


def test_the_other_kinds_of_the_original_are_known_but_refused() -> None:
    assert list(TELEMETERS.kinds) == ["io.l5d.prometheus"]
    for kind in ("influxdb", "statsd", "tracelog", "recentRequests", "zipkin"):
        assert TELEMETERS.refusal(f"io.l5d.{kind}") == "not implemented yet"
