"""HTTP/1 through a whole linker process: connections, framing, streaming, limits, timeouts."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.support import Answer, Backend, Process, get, linker, nginx, talk
from tests.support.client import read_answer
from tests.support.peers import NGINX_PREAMBLE, missing
from tests.support.procfs import open_files, rss_bytes
from tests.support.wire import read_head

NAMES = """
  dtab: /svc => /#/io.l5d.fs
  service:
    retries: {budget: {minRetriesPerSec: 100}}
    responseClassifier: {kind: %s}
  client:
    failureAccrual: {kind: none}
"""
CONFIG = f"""admin: {{port: {{ADMIN}}}}
usage: {{enabled: false}}
namers:
- {{kind: io.l5d.fs, rootDir: {{DIR}}}}
routers:
- protocol: http
  label: plain{NAMES % "io.l5d.http.nonRetryable5XX"}
  servers:
  - {{port: {{PORT}}}}
  - port: {{PORT_times}}
    serverSession: {{idleTimeMs: 300}}
    socketOptions: {{readTimeoutMs: 300}}
  - port: {{PORT_slow_reader}}
    socketOptions: {{writeTimeoutMs: 300}}
  - port: {{PORT_life}}
    serverSession: {{lifeTimeMs: 300}}
- protocol: http
  label: whole{NAMES % "io.l5d.http.retryableIdempotent5XX"}
  streamingEnabled: false
  servers:
  - {{port: {{PORT_whole}}}}
- protocol: http
  label: retries{NAMES % "io.l5d.http.retryableIdempotent5XX"}
  servers:
  - {{port: {{PORT_retries}}}}
- protocol: http
  label: impatient{NAMES % "io.l5d.http.nonRetryable5XX"}
    socketOptions: {{readTimeoutMs: 300}}
  servers:
  - {{port: {{PORT_impatient}}}}
"""
MIB = 1 << 20
COUNTED = ("pool_size", "connections", "loadbalancer/load", "pool_cached", "pool_waiters")


class Scripted:
    """A backend that does with each connection exactly what the test says."""

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._act = act
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._play, args=(sock,), daemon=True).start()

    def _play(self, sock: socket.socket) -> None:
        with sock:
            sock.settimeout(10)
            try:
                self._act(sock)
            except OSError:
                pass

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend("B0") as started:
        yield started


@pytest.fixture(scope="module")
def proxy(backend: Backend) -> Iterator[Process]:
    with linker(CONFIG, files={"web": f"127.0.0.1 {backend.port}\n"}) as process:
        yield process
        assert "Traceback" not in process.stderr()


def to(port: int) -> str:
    """The field that leads a request to this port."""
    return f"l5d-dtab: /svc/web => /$/inet/127.0.0.1/{port}"


Script = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def scripted() -> Iterator[Script]:
    """Makes a scripted backend and gives the field that leads to it."""
    made: list[Scripted] = []

    def make(act: Callable[[socket.socket], None]) -> str:
        backend = Scripted(act)
        made.append(backend)
        return to(backend.port)

    yield make
    for backend in made:
        backend.close()


@contextmanager
def connected(port: int, timeout: float = 8.0) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        yield sock


def exchange(sock: socket.socket, *requests: bytes) -> list[Answer]:
    """Send all at once, then read as many answers."""
    sock.sendall(b"".join(requests))
    with sock.makefile("rb") as file:
        return [read_answer(file, request.split(b" ", 1)[0].decode()) for request in requests]


def closed(sock: socket.socket, within: float = 3.0) -> bool:
    """Whether the server closes the connection."""
    sock.settimeout(within)
    try:
        return sock.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def seen(backend: Backend, path: str) -> list[str]:
    return [f"{each.method} {each.target}" for each in backend.seen if path in each.target]


# ---- connections


def test_a_connection_serves_one_request_after_another(proxy: Process) -> None:
    with connected(proxy.port) as sock:
        for number in range(5):
            (answer,) = exchange(sock, get(f"/{number}"))
            assert (answer.status, answer.text) == (200, f"B0 GET /{number}")


def test_pipelined_requests_are_answered_in_order(proxy: Process) -> None:
    asked = [get("/slow/100"), get("/big/20000"), get("/x", method="HEAD"), get("/chunked"), get("/status/204")]
    asked += [get("/echo", method="POST", body=b"y" * 9000), get("/last", "Connection: close")]
    with connected(proxy.port) as sock:
        answers = exchange(sock, *asked)
        assert closed(sock)
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 204, 200, 200]
    assert [len(answer.body) for answer in answers] == [16, 20000, 0, 7, 0, 9000, 12]


@pytest.mark.parametrize("slice_size", [1, 7])
def test_requests_may_come_in_any_pieces(proxy: Process, slice_size: int) -> None:
    data = get("/a") + get("/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n0\r\n\r\n" + get("/b")
    with connected(proxy.port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(data), slice_size):
            sock.sendall(data[at : at + slice_size])
        with sock.makefile("rb") as file:
            assert [read_answer(file, "GET").text for _ in range(3)] == ["B0 GET /a", "abc", "B0 GET /b"]


def test_the_connection_to_the_backend_is_used_again(proxy: Process, backend: Backend) -> None:
    before = backend.connections
    with connected(proxy.port) as sock:
        for number in range(5):
            exchange(sock, get(f"/reuse/{number}"), get("/echo", method="POST", body=b"z" * 9000))
    assert backend.connections <= before + 1


@pytest.mark.parametrize(
    ("version", "fields", "kept"),
    [
        ("HTTP/1.1", [], True),
        ("HTTP/1.1", ["Connection: close"], False),
        ("HTTP/1.0", [], False),
        ("HTTP/1.0", ["Connection: keep-alive"], True),
    ],
)
def test_who_keeps_the_connection(proxy: Process, version: str, fields: list[str], kept: bool) -> None:
    answer = talk(proxy.port, get("/", *fields, version=version))
    assert (answer.status, answer.version, answer.closed) == (200, "HTTP/1.1", not kept)
    said = {"HTTP/1.1": "", "HTTP/1.0": "keep-alive"}[version] if kept else "close"
    assert answer.get("Connection") == said


def test_a_1_0_client_gets_a_body_until_the_close(proxy: Process) -> None:
    answer = talk(proxy.port, get("/chunked", "Connection: keep-alive", version="HTTP/1.0"))
    assert (answer.text, answer.until_close, answer.get("Transfer-Encoding")) == ("abcdefg", True, "")


def test_an_idle_connection_is_closed_in_its_time(proxy: Process) -> None:
    with connected(proxy.ports["PORT_times"]) as sock:
        assert exchange(sock, get())[0].status == 200
        assert closed(sock)


def test_a_connection_that_lived_long_enough_is_closed(proxy: Process) -> None:
    with connected(proxy.ports["PORT_life"]) as sock:
        (answer,) = exchange(sock, get("/slow/350"))
        assert (answer.status, answer.get("Connection")) == (200, "close")
        assert closed(sock)
    with connected(proxy.ports["PORT_life"]) as sock:
        assert closed(sock)


# ---- framing


@pytest.mark.parametrize("port", ["PORT", "PORT_whole"])
def test_a_chunked_body_with_trailers_goes_up_and_down(proxy: Process, backend: Backend, port: str) -> None:
    body = b"3;ext=1\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n"
    fields = ("Transfer-Encoding: chunked", "Trailer: X-Sum")
    backend.take()
    answer = talk(proxy.ports[port], get("/echo/up", *fields, method="POST") + body, watch=False)
    assert answer.text == "abcdefg"
    (up,) = backend.take()
    if port == "PORT":
        assert (up.trailers, up.get("Transfer-Encoding")) == ([("X-Sum", "7")], "chunked")
    else:
        assert (up.get("Content-Length"), up.get("Transfer-Encoding")) == ("7", "")
    down = talk(proxy.ports[port], get("/trailers"), watch=False)
    assert (down.text, down.trailers) == ("abcdefg", [("X-Sum", "7")] if port == "PORT" else [])


def test_a_body_until_close_becomes_chunked_and_the_connection_is_kept(proxy: Process) -> None:
    answer = talk(proxy.port, get("/close"))
    assert (answer.text, answer.get("Transfer-Encoding"), answer.closed) == ("until close", "chunked", False)


def test_a_1_0_backend_is_answered_for_in_1_1(proxy: Process) -> None:
    answer = talk(proxy.port, get("/http10"))
    assert (answer.version, answer.text, answer.get("Via")) == ("HTTP/1.1", "ten", "1.0 linkerd")


@pytest.mark.parametrize(
    ("request_", "status"),
    [(get("/x", method="HEAD"), 200), (get("/status/204"), 204), (get("/status/304"), 304)],
)
def test_answers_without_body_end_with_their_head(proxy: Process, request_: bytes, status: int) -> None:
    with connected(proxy.port) as sock:
        bare, after = exchange(sock, request_, get("/after"))
    assert (bare.status, bare.body, after.text) == (status, b"", "B0 GET /after")
    assert bare.get("Transfer-Encoding") == ""
    if status != 200:
        assert bare.get("Content-Length") == ""


def test_interim_responses_pass(proxy: Process) -> None:
    answer = talk(proxy.port, get("/interim/103"), watch=False)
    assert [head.line.split()[1] for head in answer.interim] == ["103"]
    assert answer.text == "B0 GET /interim/103"
    assert talk(proxy.port, get("/interim/103", version="HTTP/1.0"), watch=False).interim == []


def test_a_switch_of_protocols_that_nobody_asked_for_is_refused(proxy: Process) -> None:
    answer = talk(proxy.port, get("/interim/101"))
    assert answer.status == 502


def test_100_continue_comes_from_the_backend(proxy: Process) -> None:
    with connected(proxy.port) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/echo", "Expect: 100-continue", "Content-Length: 3", method="POST"))
        head = read_head(file)
        assert head is not None
        assert head.line.startswith("HTTP/1.1 100 ")
        sock.sendall(b"abc")
        assert read_answer(file, "POST").text == "abc"
        sock.sendall(get("/again"))
        assert read_answer(file, "GET").text == "B0 GET /again"


def test_a_refused_expectation_reaches_the_client_before_its_body(proxy: Process, scripted: Script) -> None:
    def refuses(sock: socket.socket) -> None:
        sock.recv(9999)
        sock.sendall(b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
        sock.recv(1)

    request = get("/", scripted(refuses), "Expect: 100-continue", "Content-Length: 1000000", method="POST")
    answer = talk(proxy.port, request)
    assert (answer.status, answer.text, answer.interim) == (417, "no", [])
    assert answer.get("Connection") == "close"
    assert answer.closed


def test_no_100_for_a_request_that_is_refused(proxy: Process) -> None:
    request = get("/", "Expect: 100-continue", "Content-Length: 10", method="POST", host="nobody")
    answer = talk(proxy.port, request)
    assert (answer.status, answer.interim) == (502, [])


def test_an_early_answer_reaches_a_client_that_still_uploads(proxy: Process, scripted: Script) -> None:
    def refuses(sock: socket.socket) -> None:
        sock.recv(100)
        sock.sendall(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
        while sock.recv(65536):
            pass

    with connected(proxy.port) as sock:
        sock.sendall(get("/", scripted(refuses), "Content-Length: 100000000", method="POST") + b"x" * 100_000)
        with sock.makefile("rb") as file:
            answer = read_answer(file, "POST")
        assert (answer.status, answer.text, answer.get("Connection")) == (413, "no", "close")


def test_both_directions_of_one_exchange_stream_at_once(proxy: Process, scripted: Script) -> None:
    def echoes(sock: socket.socket) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            got += sock.recv(100)
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        rest = got.partition(b"\r\n\r\n")[2]
        while data := rest or sock.recv(100):
            sock.sendall(data)
            rest = b""
            if data.endswith(b"0\r\n\r\n"):
                sock.recv(1)
                return

    with connected(proxy.port) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/", scripted(echoes), "Transfer-Encoding: chunked", method="POST"))
        head = read_head(file)
        assert head is not None
        assert head.line == "HTTP/1.1 200 OK"
        for number in range(3):
            sock.sendall(b"1\r\n%d\r\n" % number)
            assert file.readline() + file.readline() == b"1\r\n%d\r\n" % number
        sock.sendall(b"0\r\n\r\n")
        assert file.readline() + file.readline() == b"0\r\n\r\n"


# ---- who goes away


def test_a_client_that_goes_away_ends_the_exchange_with_the_backend(proxy: Process, scripted: Script) -> None:
    gone = threading.Event()

    def waits(sock: socket.socket) -> None:
        sock.recv(9999)
        if sock.recv(1) == b"":
            gone.set()

    with connected(proxy.port) as sock:
        sock.sendall(get("/", scripted(waits)))
        time.sleep(0.05)
    assert gone.wait(5)


def test_a_client_that_goes_away_in_its_upload_ends_the_exchange(proxy: Process, scripted: Script) -> None:
    gone, got = threading.Event(), []

    def waits(sock: socket.socket) -> None:
        while data := sock.recv(65536):
            got.append(data)
        gone.set()

    with connected(proxy.port) as sock:
        sock.sendall(get("/", scripted(waits), "Transfer-Encoding: chunked", method="POST") + b"5\r\nhel")
        time.sleep(0.05)
    assert gone.wait(5)
    assert not b"".join(got).endswith(b"0\r\n\r\n"), "what was cut off must not look whole"


def test_a_half_closed_client_gets_its_answer(proxy: Process) -> None:
    with connected(proxy.port) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/slow/100"))
        sock.shutdown(socket.SHUT_WR)
        assert read_answer(file, "GET").text == "B0 GET /slow/100"


def test_a_backend_that_breaks_off_a_short_body_is_a_502(proxy: Process) -> None:
    answer = talk(proxy.port, get("/cut"), watch=False)
    assert (answer.status, bool(answer.get("l5d-err"))) == (502, True)


@pytest.mark.parametrize("head", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n8\r\n"])
def test_a_backend_that_breaks_off_a_streamed_body_cuts_the_client_off(
    proxy: Process, scripted: Script, head: bytes
) -> None:
    def cuts(sock: socket.socket) -> None:
        sock.recv(9999)
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"hel")

    answer = talk(proxy.port, get("/", scripted(cuts)))
    assert (answer.status, answer.cut, answer.body, answer.closed) == (200, True, b"hel", True)


def test_lost_backends_leave_the_pool_in_order(proxy: Process, backend: Backend) -> None:
    """Broken exchanges must not be counted twice."""
    for path in ("/cut", "/hangup", "/reset", "/garbage", "/cut"):
        assert talk(proxy.port, get(path), watch=False).status == 502
    metrics = json.loads(talk(proxy.admin, get("/admin/metrics.json", host="x"), watch=False).text)
    client = {name: metrics[f"rt/plain/client/#/io.l5d.fs/web/{name}"] for name in COUNTED}
    assert all(0 <= value < 60 for value in client.values()), client
    assert client["loadbalancer/load"] == 0


@pytest.mark.parametrize("path", ["/hangup", "/reset", "/garbage"])
def test_a_lost_answer_is_a_502_that_says_where(proxy: Process, backend: Backend, path: str) -> None:
    answer = talk(proxy.port, get(path), watch=False)
    assert (answer.status, answer.get("l5d-retryable")) == (502, "")
    assert f"127.0.0.1:{backend.port}" in answer.text


# ---- limits and times


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/" + "a" * 5000), 414),
        (get("/", "X: " + "v" * 9000), 431),
        (b"GET / HTTP/1.1\r\nHost: web\r\nBad\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: web\r\n\r\n", 505),
        (b"CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\n\r\n", 501),
        (get("/", "Transfer-Encoding: gzip, chunked", method="POST"), 501),
        (get("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n", 400),
        (get("/", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabcXX", 400),
    ],
)
def test_what_breaks_http_is_answered_and_the_connection_closed(proxy: Process, request_: bytes, status: int) -> None:
    answer = talk(proxy.port, request_)
    assert (answer.status, answer.closed, answer.get("Connection")) == (status, True, "close")
    assert answer.get("l5d-err")
    assert answer.all("Connection") == ["close"]


def test_an_answer_with_too_large_a_head_is_a_502(proxy: Process) -> None:
    assert talk(proxy.port, get("/bighead/7"), watch=False).status == 200
    answer = talk(proxy.port, get("/bighead/9"), watch=False)
    assert answer.status == 502
    assert "HTTP header is larger than 8192 bytes." in answer.text


def test_a_client_that_stops_in_its_body_is_let_go(proxy: Process) -> None:
    with connected(proxy.ports["PORT_times"]) as sock:
        sock.sendall(get("/echo", "Content-Length: 5", method="POST") + b"he")
        assert closed(sock)


def test_a_client_that_does_not_read_is_let_go(proxy: Process, scripted: Script) -> None:
    stopped = threading.Event()

    def never_ends(sock: socket.socket) -> None:
        sock.recv(9999)
        try:
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50_000_000)
        except OSError:
            stopped.set()

    with connected(proxy.ports["PORT_slow_reader"]) as sock:
        sock.sendall(get("/", scripted(never_ends)))
        assert stopped.wait(5)


def test_a_backend_that_says_nothing_is_given_up(proxy: Process) -> None:
    answer = talk(proxy.ports["PORT_impatient"], get("/slow/3000"), watch=False)
    assert answer.status == 502
    assert "readTimeoutMs" in answer.text


# ---- large bodies


def test_large_bodies_stream_both_ways_past_a_slow_reader_in_bounded_memory(proxy: Process) -> None:
    size = 10 * MIB
    body = os.urandom(1024) * (size // 1024)

    def one(_: int) -> bool:
        with connected(proxy.port, 20) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            sender = threading.Thread(target=sock.sendall, args=(get("/echo/up", method="POST", body=body),))
            sender.start()
            with sock.makefile("rb") as file:
                head = read_head(file)
                assert head is not None
                time.sleep(0.3)  # nobody reads: it must wait, not gather
                got = file.read(size)
            sender.join()
            return got == body

    before = rss_bytes(proxy.pid)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(4))) == [True] * 4
    assert rss_bytes(proxy.pid) - before < 6 * MIB


def test_a_slow_reader_holds_nobody_else_up(proxy: Process) -> None:
    with connected(proxy.port) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(get("/big/30000000"))
        began = time.monotonic()
        for _ in range(20):
            assert talk(proxy.port, get("/quick"), watch=False).status == 200
        assert time.monotonic() - began < 5


# ---- whole bodies, retries


def test_without_streaming_answers_are_whole_and_have_a_length(proxy: Process) -> None:
    answer = talk(proxy.ports["PORT_whole"], get("/chunked"), watch=False)
    assert (answer.text, answer.get("Content-Length"), answer.get("Transfer-Encoding")) == ("abcdefg", "7", "")
    large = talk(proxy.ports["PORT_whole"], get("/big/300000"), watch=False)
    assert (len(large.body), large.get("Content-Length")) == (300_000, "300000")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_replayed_byte_by_byte(proxy: Process, backend: Backend, chunked: bool) -> None:
    body, key = os.urandom(3000), f"replay{chunked}"
    port = proxy.ports["PORT_whole" if chunked else "PORT_retries"]
    if chunked:
        request = get(f"/echo/flaky/{key}/2", "Transfer-Encoding: chunked", method="PUT")
        request += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    else:
        request = get(f"/echo/flaky/{key}/2", method="PUT", body=body)
    answer = talk(port, request, watch=False)
    assert (answer.status, answer.body == body) == (200, True)
    attempts = [each for each in backend.seen if key in each.target]
    assert [each.body == body for each in attempts] == [True] * 3
    assert {each.get("Content-Length") for each in attempts} == {"3000"}


def test_a_streamed_body_is_not_retried(proxy: Process, backend: Backend) -> None:
    request = get("/flaky/streamed/2", method="PUT", body=b"x" * 6000)
    assert talk(proxy.ports["PORT_retries"], request, watch=False).status == 503
    assert len(seen(backend, "/flaky/streamed")) == 1


# ---- with others


def test_curl_gets_and_uploads_through_it(proxy: Process, tmp_path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    file = tmp_path / "upload"
    file.write_bytes(os.urandom(MIB))
    url = f"http://127.0.0.1:{proxy.port}/echo"
    common = [curl, "-sS", "-f", "-m", "10", "-H", "Host: web"]
    up = subprocess.run([*common, "-T", str(file), url], capture_output=True, check=True)
    assert up.stdout == file.read_bytes()
    chunked = [*common, "-T", "-", "-H", "Transfer-Encoding: chunked", url]
    piped = subprocess.run(chunked, input=file.read_bytes(), capture_output=True, check=True)
    assert piped.stdout == file.read_bytes()
    old = subprocess.run([*common, "-0", url.replace("echo", "old")], capture_output=True, check=True)
    assert old.stdout == b"B0 GET /old"


def test_nginx_behind_it(proxy: Process) -> None:
    if missing(["nginx"]) and not os.environ.get("CI"):
        pytest.skip("nginx is not installed")
    config = NGINX_PREAMBLE + (
        "server { listen 127.0.0.1:{PORT}; gzip on; gzip_min_length 0; gzip_types *; gzip_proxied any;"
        ' location / { default_type text/plain; return 200 "nginx says $request_method $http_host"; }'
        " location /big { client_max_body_size 1k; proxy_pass http://127.0.0.1:1; } } }\n"
    )
    with nginx(config) as process:
        there = to(process.port)
        plain, packed = get("/", there), get("/", there, "Accept-Encoding: gzip")
        with connected(proxy.port) as sock:
            answers = exchange(sock, plain, packed, get("/", there, method="HEAD"), plain)
        assert [answer.status for answer in answers] == [200] * 4
        assert answers[0].text == answers[3].text == "nginx says GET web"
        assert answers[1].get("Content-Encoding") == "gzip"
        upload = get("/big", there, method="POST", body=b"x" * 50_000)
        assert talk(proxy.port, upload).status == 413


def test_nothing_is_left_open_when_all_clients_are_gone(proxy: Process, backend: Backend) -> None:
    """Last in the file: after all the broken exchanges above, descriptors are back to a handful."""
    until = time.monotonic() + 5
    while (count := open_files(proxy.pid)) > 80 and time.monotonic() < until:
        time.sleep(0.05)
    assert count <= 80
