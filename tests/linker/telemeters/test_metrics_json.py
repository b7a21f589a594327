"""The JSON page: linkerd.md section 8.3."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.metrics import Metrics
from linker.telemeters.metrics_json import NoSuchSubtree, json_chunks, render_json

STAT = {
    "count": 2,
    "max": 30,
    "min": 10,
    "p50": 10,
    "p90": 30,
    "p95": 30,
    "p99": 30,
    "p9990": 30,
    "p9999": 30,
    "sum": 40,
    "avg": 20.0,
}


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics()
    server = metrics.scope("rt", "http", "server", "127.0.0.1/4140")
    server.counter("requests").value = 10
    server.counter("failures").value = 2
    server.counter("failures/a.B").value = 1
    server.gauge("pending", lambda: 1)
    server.stat("request_latency_ms").add(10)
    server.stat("request_latency_ms").add(30)
    server.stat("connect_latency_ms")
    return metrics


def test_flat_names_are_scopes_joined_by_slashes(metrics: Metrics) -> None:
    prefix = "rt/http/server/127.0.0.1/4140/"
    assert json.loads(render_json(metrics)) == {
        prefix + "requests": 10,
        prefix + "failures": 2,
        prefix + "failures/a.B": 1,
        prefix + "pending": 1.0,
        prefix + "connect_latency_ms.count": 0,
        **{f"{prefix}request_latency_ms.{field}": value for field, value in STAT.items()},
    }


def test_counters_are_integers_and_gauges_floats(metrics: Metrics) -> None:
    text = render_json(metrics)
    assert '/requests":10,' in text
    assert '/pending":1.0,' in text
    assert '/request_latency_ms.avg":20.0' in text


def test_pretty_is_indented_and_sorted(metrics: Metrics) -> None:
    text = render_json(metrics, pretty=True)
    lines = text.splitlines()
    assert lines[0] == "{" and lines[-1] == "}"
    assert lines[1] == '  "rt/http/server/127.0.0.1/4140/connect_latency_ms.count" : 0,'
    keys = [line.split('"')[1] for line in lines[1:-1]]
    assert keys == sorted(keys)
    assert json.loads(text) == json.loads(render_json(metrics))


@pytest.mark.parametrize("pretty", [False, True])
def test_tree_nests_scopes_and_puts_values_under_their_kind(metrics: Metrics, pretty: bool) -> None:
    assert json.loads(render_json(metrics, tree=True, pretty=pretty)) == {
        "rt": {
            "http": {
                "server": {
                    "127.0.0.1/4140": {
                        "requests": {"counter": 10},
                        "failures": {"counter": 2, "a.B": {"counter": 1}},
                        "pending": {"gauge": 1.0},
                        "request_latency_ms": {f"stat.{field}": value for field, value in STAT.items()},
                        "connect_latency_ms": {"stat.count": 0},
                    }
                }
            }
        }
    }


def test_a_pretty_tree_is_indented_by_depth() -> None:
    metrics = Metrics()
    metrics.scope("b").counter("x").value = 1
    metrics.counter("a").value = 2
    assert render_json(metrics, tree=True, pretty=True) == (
        '{\n  "a" : {\n    "counter" : 2\n  },\n  "b" : {\n    "x" : {\n      "counter" : 1\n    }\n  }\n}'
    )


def test_q_shows_a_subtree_with_relative_names(metrics: Metrics) -> None:
    shown = json.loads(render_json(metrics, q="rt/http/server"))
    assert shown["127.0.0.1/4140/requests"] == 10
    tree = json.loads(render_json(metrics, q="rt/http", tree=True))
    assert tree["server"]["127.0.0.1/4140"]["requests"] == {"counter": 10}


def test_q_finds_segments_that_contain_slashes(metrics: Metrics) -> None:
    assert json.loads(render_json(metrics, q="rt/http/server/127.0.0.1/4140"))["requests"] == 10


def test_q_on_a_leaf_shows_it_and_what_is_below_its_name(metrics: Metrics) -> None:
    q = "rt/http/server/127.0.0.1/4140/failures"
    assert json.loads(render_json(metrics, q=q)) == {"failures": 2, "a.B": 1}
    assert json.loads(render_json(metrics, q=q, tree=True)) == {"counter": 2, "a.B": {"counter": 1}}
    leaf = "rt/http/server/127.0.0.1/4140/requests"
    assert json.loads(render_json(metrics, q=leaf)) == {"requests": 10}


@pytest.mark.parametrize("q", ["a/b/c", "rt/htt", "rt/http/server/127.0.0.1", "rt/http/server/127.0.0.1/4140/x"])
def test_an_unknown_q_is_refused_before_anything_is_written(metrics: Metrics, q: str) -> None:
    with pytest.raises(NoSuchSubtree) as caught:
        json_chunks(metrics, q=q)
    assert caught.value.body == json.dumps({"error": f"No such subtree: {q}"})


@pytest.mark.parametrize("tree", [False, True])
@pytest.mark.parametrize("pretty", [False, True])
def test_an_empty_tree_is_an_empty_object(tree: bool, pretty: bool) -> None:
    assert json.loads(render_json(Metrics(), tree=tree, pretty=pretty)) == {}


def test_scopes_without_leaves_are_left_out_of_the_tree() -> None:
    metrics = Metrics()
    metrics.scope("a", "b")
    metrics.counter("c")
    assert render_json(metrics, tree=True) == '{"c":{"counter":0}}'


@pytest.mark.parametrize(
    ("value", "shown"), [(float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity")]
)
def test_numbers_that_json_has_not_are_texts(value: float, shown: str) -> None:
    metrics = Metrics()
    metrics.gauge("g", lambda: value)
    assert json.loads(render_json(metrics)) == {"g": shown}


@given(st.lists(st.lists(st.text(min_size=1), min_size=1, max_size=3), max_size=20))
def test_any_names_give_valid_json_in_every_form(paths: list[list[str]]) -> None:
    metrics = Metrics()
    for path in paths:
        metrics.scope(*path).counter("x").value += 1
    flat = json.loads(render_json(metrics))
    assert json.loads(render_json(metrics, pretty=True)) == flat
    assert set(flat) == {"/".join((*path, "x")) for path in paths}
    json.loads(render_json(metrics, tree=True))
    json.loads(render_json(metrics, tree=True, pretty=True))


@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("tree", [False, True])
def test_a_large_tree_comes_in_pieces_and_may_change_between_them(
    monkeypatch: pytest.MonkeyPatch, pretty: bool, tree: bool
) -> None:
    monkeypatch.setattr("linker.telemeters.metrics_json.CHUNK", 10)
    metrics = Metrics()
    for i in range(100):
        metrics.scope("client", f"#/{i}").counter("x").value = i
    pieces = []
    for seen, piece in enumerate(json_chunks(metrics, pretty=pretty, tree=tree)):
        pieces.append(piece)
        metrics.prune("client", f"#/{99 - seen}")
        metrics.scope("client", f"#/new{seen}").counter("x")
    assert len(pieces) > 5
    json.loads("".join(pieces))
