"""Stopping a linker: SIGTERM, SIGINT and /admin/shutdown drain within the grace. linkerd.md section 1."""

import re
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.backend import Backend
from tests.support.client import Answer, get, talk
from tests.support.process import POLL_S, Process, linker

CONFIG = """\
admin: {port: {ADMIN}, shutdownGraceMs: %d}
routers:
- protocol: http
  dtab: /svc => /$/inet/127.0.0.1
  identifier: {kind: io.l5d.static, path: /%d}
  servers:
  - port: {PORT}
"""
LONG_MS = 5000  # longer than any drain here takes
SHORT_MS = 200


@pytest.fixture
def backend() -> Iterator[Backend]:
    with Backend("B") as started:
        yield started


def config(backend: Backend, grace_ms: int = LONG_MS) -> str:
    return CONFIG % (grace_ms, backend.port)


class Asking(threading.Thread):
    """A request under way in a thread; `answer` once joined."""

    def __init__(self, process: Process, backend: Backend, path: str) -> None:
        super().__init__()
        self.request = (process.port, get(path))
        self.answer = Answer()
        before = len(backend.seen)
        self.start()
        while len(backend.seen) == before:  # until it has reached the backend
            time.sleep(POLL_S)

    def run(self) -> None:
        self.answer = talk(*self.request, watch=True)

    def answered(self) -> Answer:
        self.join()
        return self.answer


def by_signal(number: signal.Signals):
    def stop(process: Process) -> None:
        process.popen.send_signal(number)

    return stop


def by_admin(process: Process) -> None:
    answer = talk(process.admin, get("/admin/shutdown", method="POST"), watch=False)
    assert (answer.status, answer.text) == (200, "quitting\n")


WAYS = {"SIGTERM": by_signal(signal.SIGTERM), "SIGINT": by_signal(signal.SIGINT), "admin": by_admin}


@pytest.mark.parametrize("way", WAYS)
def test_a_request_under_way_is_answered_and_then_the_process_ends(backend, way):
    with linker(config(backend)) as process:
        asking = Asking(process, backend, "/slow/300")
        WAYS[way](process)
        answer = asking.answered()
        assert (answer.status, answer.text, answer.closed) == (200, "B GET /slow/300", True)
        assert process.wait() == 0
        if way != "admin":
            assert f"Received {way}. Shutting down ..." in process.stderr()
        assert "Traceback" not in process.stderr()


def test_nobody_is_let_in_any_more_and_who_is_idle_is_let_go(backend):
    with linker(config(backend)) as process, socket.create_connection(("127.0.0.1", process.port)) as idle:
        idle.sendall(get("/"))
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        asking = Asking(process, backend, "/slow/500")
        process.popen.send_signal(signal.SIGTERM)
        idle.settimeout(5)
        assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", process.port))
        assert asking.answered().status == 200


def test_what_takes_longer_than_the_grace_is_cut(backend):
    with linker(config(backend, SHORT_MS)) as process:
        asking = Asking(process, backend, f"/slow/{2 * LONG_MS}")
        process.popen.send_signal(signal.SIGTERM)
        assert process.wait(LONG_MS / 1000) == 0
        assert asking.answered().error or asking.answer.status >= 500


def test_a_shutdown_may_bring_its_own_grace(backend):
    with linker(config(backend)) as process:
        asking = Asking(process, backend, f"/slow/{2 * LONG_MS}")
        talk(process.admin, get("/admin/shutdown?grace=100.milliseconds", method="POST"), watch=False)
        assert process.wait(LONG_MS / 1000) == 0
        assert asking.answered().error or asking.answer.status >= 500


def test_the_lines_that_people_match_on(backend):
    with linker(config(backend)) as process:
        process.stop()
        said = process.stderr()
    for line in (
        r"linker \S+ \(",
        rf"serving http admin on /127\.0\.0\.1:{process.admin}",
        rf"serving http on /127\.0\.0\.1:{process.port}",
        "initialized",
        r"Received SIGTERM\. Shutting down \.\.\.",
    ):
        assert re.search(rf"^I \d{{4}} \S+ UTC THREAD1: {line}", said, re.MULTILINE), f"{line} not in\n{said}"
