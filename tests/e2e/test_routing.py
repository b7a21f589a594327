"""Routing through a whole linker process: dtabs, files that change, weights, fallback, overrides, what is told."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import Answer, Backend, Process, free_port, get, linker, talk
from tests.support.client import read_answer
from tests.support.procfs import rss_bytes

CONFIG = """admin: {port: {ADMIN}}
usage: {enabled: false}
namers:
- {kind: io.l5d.fs, rootDir: {DIR}}
routers:
- protocol: http
  label: names
  dtab: |
    /svc          => /#/io.l5d.fs;
    /svc/split    => 3 * /#/io.l5d.fs/web & 1 * /#/io.l5d.fs/other;
    /svc/half     => 1 * /#/io.l5d.fs/web & 1 * $;
    /svc/fallback => /#/io.l5d.fs/absent | /#/io.l5d.fs/web;
    /svc/failing  => ! | /#/io.l5d.fs/web;
    /svc/status   => /$/io.buoyant.http.status/418;
    /svc/loop     => /svc/loop;
  servers: [{port: {PORT}}]
- protocol: http
  label: stored
  bindingTimeoutMs: 300
  interpreter: {kind: io.l5d.fs, dtabFile: {DIR}/stored.dtab}
  servers: [{port: {PORT_stored}}]
- protocol: http
  label: absent
  bindingTimeoutMs: 300
  interpreter: {kind: io.l5d.fs, dtabFile: {DIR}/absent.dtab}
  servers: [{port: {PORT_absent}}]
- protocol: http
  label: small
  dtab: /svc => /#/io.l5d.fs/web
  bindingCache: {paths: 2, trees: 2, bounds: 2, clients: 2}
  servers: [{port: {PORT_small}}]
"""
OBEYED_S = 5.0  # a loaded machine; by itself it takes milliseconds


@pytest.fixture(scope="module")
def web() -> Iterator[Backend]:
    with Backend("web") as backend:
        yield backend


@pytest.fixture(scope="module")
def other() -> Iterator[Backend]:
    with Backend("other") as backend:
        yield backend


@pytest.fixture(scope="module")
def proxy(web: Backend, other: Backend) -> Iterator[Process]:
    files = {
        "web": f"127.0.0.1 {web.port}\n",
        "other": f"127.0.0.1 {other.port}\n",
        "stored.dtab": "/svc => /#/io.l5d.fs/web",
    }
    with linker(CONFIG, files=files) as process:
        yield process
        assert "Traceback" not in process.stderr()


def ask(proxy: Process, host: str, *fields: str, target: str = "/", port: str = "PORT") -> Answer:
    return talk(proxy.ports[port], get(target, *fields, host=host), watch=False)


def until(what: Callable[[], bool]) -> None:
    """Ask again until it holds."""
    end = time.monotonic() + OBEYED_S
    while not what():
        assert time.monotonic() < end, "not obeyed in time"


def metrics(proxy: Process, prefix: str) -> dict[str, float]:
    told = json.loads(talk(proxy.admin, get("/admin/metrics.json"), watch=False).text)
    return {name.removeprefix(prefix): value for name, value in told.items() if name.startswith(prefix)}


# ---- dtabs


def test_a_name_leads_to_its_backend_and_says_so(proxy: Process, web: Backend) -> None:
    web.take()
    assert ask(proxy, "web").text == "web GET /"
    (seen,) = web.take()
    assert (seen.get("l5d-dst-service"), seen.get("l5d-dst-client")) == ("/svc/web", "/#/io.l5d.fs/web")
    assert seen.get("l5d-dst-residual") == ""


def test_weights_are_shares(proxy: Process) -> None:
    shares = Counter(ask(proxy, "split").text for _ in range(300))
    assert 180 < shares["web GET /"] < 270
    assert shares["web GET /"] + shares["other GET /"] == 300


def test_an_empty_branch_fails_its_share(proxy: Process) -> None:
    statuses = Counter(ask(proxy, "half").status for _ in range(100))
    assert set(statuses) == {200, 502}
    assert statuses[502] > 20


def test_fallback_goes_on_after_neg_and_stops_at_fail(proxy: Process) -> None:
    assert ask(proxy, "fallback").text == "web GET /"
    assert ask(proxy, "failing").status == 502


def test_a_status_is_answered_by_the_router(proxy: Process) -> None:
    assert ask(proxy, "status").status == 418


def test_a_loop_ends_with_its_depth(proxy: Process) -> None:
    answer = ask(proxy, "loop")
    assert answer.status == 502
    assert "Max recursion level" in answer.text


def test_an_unknown_name_tells_the_dtabs_in_force(proxy: Process) -> None:
    answer = ask(proxy, "nobody", "l5d-dtab: /svc/x => /y")
    assert answer.status == 502
    assert answer.text.startswith("Unable to route request!\n\nservice name: /svc/nobody\n")
    assert "base dtab:\n  /svc => /#/io.l5d.fs\n" in answer.text
    assert "override dtab:\n  /svc/x => /y" in answer.text


def test_who_asks_is_told_which_way_was_tried_and_the_log_tells_it_once(proxy: Process) -> None:
    plain = ask(proxy, "tell", "l5d-dtab: /svc/tell => /beta | /$/nil")
    asked = ask(proxy, "tell", "l5d-dtab: /svc/tell => /beta | /$/nil", "l5d-add-context: true")
    drawing = (
        "/svc/tell\n"
        "  | /beta (/svc/tell => /beta | /$/nil): no such name\n"
        "  | /$/nil (/svc/tell => /beta | /$/nil): empty, as written\n"
        "  | /#/io.l5d.fs/tell (/svc => /#/io.l5d.fs): no such name"
    )
    assert (plain.status, asked.status) == (502, 502)
    assert asked.text == f"{plain.text.rstrip()}\n\n{drawing}\n"
    assert asked.get("l5d-err") == plain.get("l5d-err")
    until(lambda: drawing in proxy.stderr())
    assert proxy.stderr().count("cannot route /svc/tell,") == 1
    assert "W " in proxy.stderr().split("cannot route /svc/tell,")[0].splitlines()[-1]


# ---- a request's own dtab


def test_a_request_can_override(proxy: Process, other: Backend) -> None:
    other.take()
    answer = ask(proxy, "web", "l5d-dtab: /svc/web => /#/io.l5d.fs/other")
    assert answer.text == "other GET /"
    (seen,) = other.take()
    assert seen.get("l5d-dtab") == ""
    assert seen.get("l5d-ctx-dtab") == "/svc/web=>/#/io.l5d.fs/other"
    assert ask(proxy, "web").text == "web GET /"


def test_the_override_of_the_context_comes_first_and_the_users_wins(proxy: Process) -> None:
    ctx, user = "/svc/web => /#/io.l5d.fs/absent", "/svc/web => /#/io.l5d.fs/other"
    assert ask(proxy, "web", f"l5d-ctx-dtab: {ctx}", f"l5d-dtab: {user}").text == "other GET /"
    assert ask(proxy, "web", f"l5d-dtab: {user}", f"l5d-ctx-dtab: {ctx}").text == "other GET /"


def test_an_override_that_does_not_parse_is_the_clients_mistake(proxy: Process) -> None:
    answer = ask(proxy, "web", "l5d-dtab: /svc =>")
    assert answer.status == 400
    assert answer.get("l5d-err")


# ---- what changes


def test_new_addresses_are_obeyed(proxy: Process, web: Backend, other: Backend) -> None:
    proxy.write("moves", f"127.0.0.1 {web.port}\n")
    until(lambda: ask(proxy, "moves").text == "web GET /")
    proxy.write("moves", f"127.0.0.1 {other.port}\n")
    until(lambda: ask(proxy, "moves").text == "other GET /")
    assert {ask(proxy, "moves").text for _ in range(20)} == {"other GET /"}
    (proxy.directory / "files" / "moves").unlink()
    until(lambda: ask(proxy, "moves").status == 502)


def test_an_exchange_under_way_ends_where_it_began(proxy: Process, web: Backend, other: Backend) -> None:
    proxy.write("slow", f"127.0.0.1 {web.port}\n")
    until(lambda: ask(proxy, "slow").status == 200)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(ask, proxy, "slow", target="/slow/400")
        until(lambda: any(seen.target == "/slow/400" for seen in web.seen))
        proxy.write("slow", f"127.0.0.1 {other.port}\n")
        until(lambda: ask(proxy, "slow").text == "other GET /")
        assert not under_way.done()
        assert under_way.result().text == "web GET /slow/400"


def test_a_stored_dtab_is_obeyed_and_a_broken_one_is_not(proxy: Process) -> None:
    def answers(text: str) -> bool:
        return ask(proxy, "x", port="PORT_stored").text == text

    assert answers("web GET /")
    proxy.write("stored.dtab", "/svc => /#/io.l5d.fs/other")
    until(lambda: answers("other GET /"))
    proxy.write("stored.dtab", "/svc =>")
    assert all(answers("other GET /") for _ in range(20))
    proxy.write("stored.dtab", "/svc => /#/io.l5d.fs/web")
    until(lambda: answers("web GET /"))


def test_a_store_that_says_nothing_is_a_binding_timeout(proxy: Process) -> None:
    answer = ask(proxy, "web", port="PORT_absent")
    assert answer.status == 502
    assert answer.text == "Exceeded 300.milliseconds binding timeout while resolving name: /svc/web"
    proxy.write("absent.dtab", "/svc => /#/io.l5d.fs")
    until(lambda: ask(proxy, "web", port="PORT_absent").text == "web GET /")


# ---- caches, connections, figures


def test_a_small_cache_serves_any_number_of_names(proxy: Process) -> None:
    def one(number: int) -> str:
        return ask(proxy, f"name{number % 7}", port="PORT_small", target=f"/slow/5/{number}").text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(100))) == [f"web GET /slow/5/{number}" for number in range(100)]
    told = metrics(proxy, "rt/small/bindcache/path/")
    assert told["misses"] > 7
    assert told["evicts"] + told["oneshots"] > 0
    assert len([name for name in metrics(proxy, "rt/small/service/") if name.endswith("/requests")]) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("override", [[], ["l5d-dtab: /svc => /$/inet/127.1/nobody"]])
def test_names_made_up_without_end_cost_bounded_memory(proxy: Process, override: list[str]) -> None:
    sizes = []
    with (
        socket.create_connection(("127.0.0.1", proxy.ports["PORT_small"])) as sock,
        sock.makefile("rb") as file,
    ):
        for number in range(4000):
            sock.sendall(get("/", *override, host=f"made-up-{number}-{len(override)}"))
            assert read_answer(file, "GET").status == (502 if override else 200)
            if number % 1000 == 999:
                sizes.append((len(metrics(proxy, "rt/small/")), rss_bytes(proxy.pid)))
    (_, _), (names, first), *_, (last_names, last) = sizes
    assert last_names <= names + 100
    assert last - first < 4 << 20


def test_an_endpoint_that_refuses_is_told_and_counted_as_recorded(proxy: Process) -> None:
    port = free_port()
    proxy.write("refused", f"127.0.0.1 {port}\n")
    until(lambda: "Unable to establish" in ask(proxy, "refused").text)
    told = metrics(proxy, "rt/names/client/#/io.l5d.fs/refused/")
    assert told["retries/requeues"] == 4
    assert told["retries/not_open"] >= 1
    assert told["service_creation/failures"] >= 5
    answer = ask(proxy, "refused")
    assert answer.text.startswith(
        f"Unable to establish connection to 127.0.0.1:{port}.\n\nservice name: /svc/refused\n"
    )
    assert f"addresses: [127.0.0.1:{port}]" in answer.text
    assert answer.get("l5d-retryable") == ""


def test_a_request_moves_on_from_an_endpoint_that_refuses(proxy: Process, web: Backend) -> None:
    proxy.write("half-dead", f"127.0.0.1 {free_port()}\n127.0.0.1 {web.port}\n")
    until(lambda: ask(proxy, "half-dead").status == 200)
    assert {ask(proxy, "half-dead").status for _ in range(40)} == {200}
