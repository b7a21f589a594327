"""A backend that breaks off in the middle of a body that streams: the client sees it, and it counts as a failure."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support import Process, get, linker, talk
from tests.support.client import read_answer

CONFIG = """admin: {port: {ADMIN}}
usage: {enabled: false}
namers:
- {kind: io.l5d.fs, rootDir: {DIR}}
routers:
- protocol: http
  label: alive
  dtab: /svc => /#/io.l5d.fs
  client: {failureAccrual: {kind: none}}
  servers: [{port: {PORT}}]
- protocol: http
  label: dying
  dtab: /svc => /#/io.l5d.fs
  servers: [{port: {PORT_dying}}]
"""
HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    b"/length": HEAD + b"Content-Length: 100000\r\n\r\npartial",
    b"/chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\npartial\r\n",
    b"/garbled": HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\npartial\r\nzz\r\n",
    b"/whole": HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\npartial\r\n0\r\n\r\n",
}
SOURCED = "sourcedfailures/#/io.l5d.fs/web"
CLOSED = "com.twitter.finagle.ChannelClosedException"


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        with sock:
            target = sock.recv(65536).split(b" ", 2)[1]
            sock.sendall(ANSWERS[target])


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def process(backend: int) -> Iterator[Process]:
    with linker(CONFIG, files={"web": f"127.0.0.1 {backend}\n"}) as started:
        yield started


def counters(process: Process, below: str) -> dict[str, float]:
    told = json.loads(talk(process.admin, get(f"/admin/metrics.json?q={below}"), watch=False).text)
    wanted = ("requests", "success", "failures", "pending", f"failures/{CLOSED}", f"{SOURCED}/{CLOSED}")
    return {name: told[name] for name in wanted}


def test_it_is_cut_for_the_client_and_a_failure_for_all_who_count(process: Process) -> None:
    for target in ("/length", "/chunked", "/whole"):
        answer = talk(process.port, get(target))
        assert (answer.status, answer.cut) == (200, target != "/whole")
        assert answer.body == b"partial"
        assert answer.get("l5d-success-class") == "1.0"  # the head was sent before anybody knew
    client, service = "client/#/io.l5d.fs/web", "service/svc/web"
    for scope in (client, service, f"{client}/{service}", f"server/127.0.0.1/{process.port}"):
        assert list(counters(process, f"rt/alive/{scope}").values()) == [3, 1, 2, 0, 2, 2], scope


@pytest.mark.parametrize("target", ["/length", "/chunked", "/garbled"])
def test_an_endpoint_that_always_breaks_off_is_dead_in_the_end(process: Process, target: str) -> None:
    removals = "/admin/metrics.json?q=rt/dying/client/%23/io.l5d.fs/web/failure_accrual/removals"
    for _ in range(5):
        assert talk(process.ports["PORT_dying"], get(target), watch=False).status == 200
    assert json.loads(talk(process.admin, get(removals), watch=False).text) == {"removals": 1}


def test_a_1_0_client_is_reset_where_only_the_close_ends_a_body(process: Process) -> None:
    with socket.create_connection(("127.0.0.1", process.port)) as sock:
        sock.sendall(get("/chunked", version="HTTP/1.0"))
        with sock.makefile("rb") as file, pytest.raises(ConnectionResetError):
            file.read()
    with socket.create_connection(("127.0.0.1", process.port)) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/whole", version="HTTP/1.0"))
        assert read_answer(file, "GET").body == b"partial"
