"""A recording HTTP/1 backend whose behaviour is named by words in the request's path.

The words may stand anywhere in the path, so that prefixes which routing consumes may stand before them; `/status/503`,
`/slow/300`:

    status/N            answer N                                 reset    RST before an answer
    slow/MS             wait before answering                    hangup   close before an answer
    flaky/KEY/N         503 the first N times of that KEY        cut      promise 100 bytes, send 7, close
      …/retryable       with l5d-retryable: true                 garbage  bytes that are not HTTP
      …/nack            with Retry-After: 0                      bighead/N  N fields of 1,000 bytes
    chunked             a chunked body                           hdrs     fields that a proxy must mind
    trailers            a chunked body with a trailer            interim/N  a 1xx before the answer
    close               a body delimited by close                big/N    N bytes
    http10              an HTTP/1.0 answer                       echo     the request's body
"""

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Self

from tests.support.wire import Cut, Head, read_chunked, read_exactly, read_head

_RST = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST
_HEADERS = (
    "X-One: 1\r\nx-one: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: mine\r\nVia: 1.1 origin\r\n"
    "l5d-err: from-backend\r\nKeep-Alive: timeout=5\r\nLocation: http://elsewhere/x\r\n"
)


@dataclass(frozen=True)
class Seen:
    """One request as it reached the backend."""

    backend: str
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]] = field(default_factory=list)
    connection: int = 0  # which accepted connection, from 1

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, names compared without case."""
        return Head("", self.headers).get(name.lower(), default)

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return Head("", self.headers).all(name.lower())


class Backend:
    """Serves until closed, one thread a connection; `seen` holds every whole request in order, if `record`."""

    def __init__(self, name: str = "B0", port: int = 0, record: bool = True) -> None:
        self.name = name
        self.seen: list[Seen] = []
        self.connections = 0
        self._record = record
        self._flaky: dict[str, int] = {}
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and close every connection."""
        _shut(self._listener)
        with self._lock:
            connections = list(self._open)
        for sock in connections:
            _shut(sock)

    def take(self) -> list[Seen]:
        """What was seen since the last call."""
        with self._lock:
            seen, self.seen = self.seen, []
        return seen

    def failures_left(self, key: str, limit: int) -> bool:
        """Whether `flaky/key/limit` still fails; counts the call."""
        with self._lock:
            self._flaky[key] = self._flaky.get(key, 0) + 1
            return self._flaky[key] <= limit

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(sock)
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            with sock, sock.makefile("rb") as file:
                while (seen := self._read(sock, file, number)) is not None:
                    if self._record:
                        with self._lock:
                            self.seen.append(seen)
                    if not answer(self, sock, seen):
                        break
        except (OSError, ValueError, Cut):
            pass  # the proxy went away, or was cut off: what it sent whole is recorded
        finally:
            with self._lock:
                self._open.discard(sock)

    def _read(self, sock: socket.socket, file: BinaryIO, number: int) -> Seen | None:
        head = read_head(file)
        if head is None:
            return None
        method, target, version = head.line.split(" ", 2)
        if "100-continue" in head.get("expect").lower():
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, trailers = b"", list[tuple[str, str]]()
        if "chunked" in head.get("transfer-encoding").lower():
            body, trailers = read_chunked(file)
        elif length := head.get("content-length"):
            body = read_exactly(file, int(length))
        return Seen(self.name, method, target, version, head.headers, body, trailers, number)


def words(target: str) -> list[str]:
    """The path's segments, without an absolute form's authority and without the query."""
    path = target.split("://", 1)[-1] if "://" in target else target
    return path.split("?", 1)[0].strip("/").split("/")


def _after(path: list[str], word: str) -> list[str] | None:
    return path[path.index(word) + 1 :] if word in path else None


def answer(backend: Backend, sock: socket.socket, seen: Seen) -> bool:
    """Answer as the path says; False: the connection is done."""
    path = words(seen.target)
    if slow := _after(path, "slow"):
        time.sleep(int(slow[0]) / 1000)
    for word, act in _ACTS.items():
        if word in path:
            return act(sock)
    if interim := _after(path, "interim"):
        sock.sendall(f"HTTP/1.1 {interim[0]} Early\r\nLink: </s.css>\r\n\r\n".encode())
    status, extra = _status(backend, path)
    body = _body(backend, path, seen, status)
    head = f"HTTP/1.1 {status} Because\r\n{extra}"
    if status in (204, 304):
        sock.sendall(f'{head}ETag: "x"\r\n\r\n'.encode())
        return True
    head += f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode() + (b"" if seen.method == "HEAD" else body))
    return True


def _status(backend: Backend, path: list[str]) -> tuple[int, str]:
    status, extra = 200, _HEADERS if "hdrs" in path else ""
    if code := _after(path, "status"):
        status = int(code[0])
    if (flaky := _after(path, "flaky")) and backend.failures_left(flaky[0], int(flaky[1])):
        status = 503
        extra += "l5d-retryable: true\r\n" if "retryable" in path else ""
        extra += "Retry-After: 0\r\n" if "nack" in path else ""
    if big := _after(path, "bighead"):
        extra += "".join(f"X-{i}: {'v' * 1000}\r\n" for i in range(int(big[0])))
    return status, extra


def _body(backend: Backend, path: list[str], seen: Seen, status: int) -> bytes:
    if size := _after(path, "big"):
        return b"x" * int(size[0])
    if "echo" in path:
        return seen.body
    said = f"{backend.name} {seen.method} {seen.target}" if status == 200 else f"{backend.name} says {status}"
    return said.encode("latin-1")


def _send(raw: bytes, stay: bool) -> Callable[[socket.socket], bool]:
    def act(sock: socket.socket) -> bool:
        sock.sendall(raw)
        return stay

    return act


def _reset(sock: socket.socket) -> bool:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    return False


def _shut(sock: socket.socket) -> None:
    """Close so that a thread blocked on it wakes up."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # not connected any more
    sock.close()


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n"
_ACTS: dict[str, Callable[[socket.socket], bool]] = {
    "reset": _reset,
    "hangup": lambda _: False,
    "cut": _send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npartial", False),
    "garbage": _send(b"\x00\x01garbage\r\n\r\n", False),
    "chunked": _send(_CHUNKED + b"\r\n", True),
    "trailers": _send(_CHUNKED + b"X-Sum: 7\r\n\r\n", True),
    "close": _send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil close", False),
    "http10": _send(b"HTTP/1.0 200 OK\r\n\r\nten", False),
}
