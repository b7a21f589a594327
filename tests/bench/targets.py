"""The servers of a run: the backend beside the load generator, and the proxies, each pinned to the other core."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.cases import HOST, SIZES
from tests.support.client import get, read_answer
from tests.support.peers import NGINX_PREAMBLE, nginx, proxy
from tests.support.process import Process, linker

PROXY_CORE, LOAD_CORE = 0, 1
TARGETS = ("linker", "haproxy", "nginx", "envoy")

# Everything on that costs something by default: statistics, p2c, failure accrual, l5d headers.
LINKER = """admin: {ip: 127.0.0.1, port: {ADMIN}}
usage: {enabled: false}
namers:
- kind: io.l5d.fs
  rootDir: {DIR}
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs
  servers:
  - {ip: 127.0.0.1, port: {PORT}}
"""


def _backend_config() -> str:
    """Small bodies from memory, large ones from files: a few µs a request, less than any proxy."""
    small = "".join(f'location = /{name} {{ return 200 "{"x" * n}"; }}\n' for name, n in SIZES.items() if n <= 1024)
    return (
        NGINX_PREAMBLE
        + "sendfile on; open_file_cache max=10; default_type application/octet-stream; keepalive_requests 1000000000;\n"
        + "server { listen 127.0.0.1:{PORT} backlog=4096; root {TMP}/bodies;\n"
        + small
        + "location / { etag off; if_modified_since off; } } }\n"
    )


@contextmanager
def backend() -> Iterator[Process]:
    """The server behind the proxies."""
    with nginx(_backend_config(), wrapper=["taskset", "-c", str(LOAD_CORE)]) as process:
        bodies = process.directory / "bodies"
        bodies.mkdir()
        for name, size in SIZES.items():
            (bodies / name).write_bytes(b"x" * size)
        yield process


@contextmanager
def target(name: str, backend_port: int, python: tuple[str, ...], wait: bool = True) -> Iterator[Process]:
    """A proxy, ready to answer unless `wait` is off. `python` starts the interpreter (perhaps with a profiler)."""
    wrapper = ["taskset", "-c", str(PROXY_CORE)]
    if name == "linker":
        files = {HOST: f"127.0.0.1 {backend_port}\n"}
        with linker(LINKER, files=files, wrapper=wrapper, python=python, ready=wait) as process:
            yield process
    else:
        with proxy(name, backend_port, wrapper=wrapper, ready=wait) as process:
            yield process


def first_answer(port: int, since: float, limit_s: float = 30.0) -> float:
    """Seconds from `since` (monotonic) to the first 200."""
    while time.monotonic() - since < limit_s:
        try:
            with socket.create_connection(("127.0.0.1", port), 1.0) as sock, sock.makefile("rb") as file:
                sock.sendall(get("/0", host=HOST))
                if read_answer(file, "GET").status == 200:
                    return time.monotonic() - since
        except OSError:
            time.sleep(0.001)
    raise TimeoutError(f"no 200 on port {port} within {limit_s} s")
