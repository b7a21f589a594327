"""Keys whose effect only a whole linker shows: sockets, sessions, labels of connections, static entries."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.support import Backend, Process, get, linker, talk
from tests.support.client import read_answer

CONFIG = """\
admin:
  port: {ADMIN}
  socketOptions: {readTimeoutMs: 300, noDelay: false, reusePort: true, keepAlive: true, backlog: 7}
usage: {enabled: false}
namers:
- {kind: io.l5d.fs, rootDir: {DIR}}
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs
  client:
    clientSession: {lifeTimeMs: 200}
  servers:
  - port: {PORT}
    addForwardedHeader: {by: {kind: connectionRandom}, for: {kind: connectionRandom}}
    socketOptions: {readTimeoutMs: 300, noDelay: false, keepAlive: true, reusePort: true, backlog: 7}
- protocol: http
  label: patterns
  dtab: /svc => /#/io.l5d.fs
  service: {kind: io.l5d.static, configs: [{prefix: /svc/web}, {prefix: /svc/short/*, totalTimeoutMs: 9}]}
  client: {kind: io.l5d.static, configs: [{prefix: /#/io.l5d.fs/web2/*/*, failFast: true}]}
  servers:
  - port: {PORT_patterns}
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend("B") as started:
        yield started


@pytest.fixture(scope="module")
def process(backend: Backend) -> Iterator[Process]:
    address = f"127.0.0.1 {backend.port}\n"
    with linker(CONFIG, files=dict.fromkeys(("web", "web2", "short"), address)) as started:
        yield started


def test_a_label_is_the_connections_own(process: Process, backend: Backend) -> None:
    backend.take()
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", process.port)) as sock, sock.makefile("rb") as file:
            for _ in range(2):
                sock.sendall(get())
                assert read_answer(file, "GET").status == 200
    labels = [seen.get("forwarded") for seen in backend.take()]
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert labels[0].startswith("by=_")


@pytest.mark.parametrize("port", ["PORT", "ADMIN"])
def test_a_connection_that_says_nothing_for_read_timeout_ms_is_closed(process: Process, port: str) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", process.ports[port])) as sock:
        sock.settimeout(5)
        assert sock.recv(1) == b""
    assert 0.2 < time.monotonic() - began < 5
    if port == "PORT":
        counted = talk(
            process.admin, get(f"/admin/metrics.json?q=rt/http/server/127.0.0.1/{process.port}"), watch=False
        )
        assert json.loads(counted.text)["read_timeout"] >= 1
        assert json.loads(counted.text)["write_timeout"] == 0


def test_an_idle_connection_to_a_backend_ends_with_its_life(process: Process, backend: Backend) -> None:
    assert talk(process.port, get(), watch=False).status == 200
    end = time.monotonic() + 5
    while backend._open and time.monotonic() < end:
        time.sleep(0.01)
    assert not backend._open


@pytest.mark.parametrize("port", ["PORT", "ADMIN"])
def test_another_process_may_share_the_port_and_the_queue_is_as_long_as_said(process: Process, port: str) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", process.ports[port]))  # never listens, so that it gets no connection
    with socket.socket() as sock, pytest.raises(OSError, match="in use"):
        sock.bind(("127.0.0.1", process.ports[port]))
    assert _backlog(process.ports[port]) == 7


def _backlog(port: int) -> int:
    """What the listener's queue may hold, asked of the kernel (sock_diag(7), inet_diag_req_v2)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as diag:
        listening = 1 << 10
        request = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, listening) + bytes(48)
        diag.send(struct.pack("=IHHII", 16 + len(request), 20, 0x301, 1, 0) + request)
        while True:
            data = diag.recv(1 << 18)
            at = 0
            while at + 16 <= len(data):
                length, kind = struct.unpack_from("=IH", data, at)
                if kind in (2, 3):
                    raise AssertionError(f"nobody listens on {port}")
                source = struct.unpack_from("!H", data, at + 20)[0]
                if source == port:
                    # After the 4 bytes and the 48 of the socket's id: expires, rqueue, wqueue, uid, inode.
                    return int(struct.unpack_from("=I", data, at + 16 + 4 + 48 + 8)[0])
                at += (length + 3) & ~3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("short", "service configuration: the path /svc/short has no element for a '*' of the pattern '/svc/short/*'"),
        ("web2", "client configuration: the path /#/io.l5d.fs/web2 has no element for a '*' of the pattern "),
    ],
)
def test_a_pattern_that_is_longer_than_a_name_fails_the_request_and_nothing_else(
    process: Process, name: str, text: str
) -> None:
    for _ in range(2):
        answer = talk(process.ports["PORT_patterns"], get(host=name), watch=False)
        assert (answer.status, answer.text[: len(text)]) == (502, text)
    assert talk(process.ports["PORT_patterns"], get(), watch=False).status == 200
    assert "failed unexpectedly" not in process.stderr()
    assert "Traceback" not in process.stderr()
