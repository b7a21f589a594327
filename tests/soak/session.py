"""What every client of the soak has in hand: connections, a token for each request, the sign to stop."""

import itertools
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.client import Answer, get, read_answer

RST = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST
TIMEOUT_S = 20.0  # a good client's patience on a busy machine
_numbers = itertools.count(1)


class WrongAnswer(Exception):
    """A client that behaved got something else than its own whole answer."""


@dataclass
class Session:
    """One client's means. `stop` is set when the soak is over; `pause` returns early then."""

    port: int
    rng: random.Random
    stop: threading.Event
    done: int = 0
    wrong: list[str] = field(default_factory=list)

    def pause(self, seconds: float) -> bool:
        """Wait; True if the soak is over."""
        return self.stop.wait(seconds)

    @contextmanager
    def connect(self) -> Iterator[socket.socket]:
        """A connection to the proxy."""
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield sock

    def reset(self, sock: socket.socket) -> None:
        """Close with RST."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        sock.close()


def token(words: str = "") -> str:
    """A path no other request has: `words` say what the backend does."""
    return f"/t{next(_numbers)}{words}"


def expect(answer: Answer, target: str, body: bytes | None = None) -> None:
    """That the answer is this request's own, whole. `body`: what it must be instead of the echo of the target."""
    wanted = f"GET {target}".encode() if body is None else body
    said = answer.text.partition(" ")[2].encode("latin-1") if body is None else answer.body
    if answer.error or answer.cut or answer.status != 200 or said != wanted:
        got = f"{answer.status} {answer.error}{' cut' if answer.cut else ''} {answer.body[:80]!r}"
        raise WrongAnswer(f"{target}: got {got}")


def exchange(sock: socket.socket, request: bytes, method: str = "GET") -> Answer:
    """One request and its answer on an open connection."""
    sock.sendall(request)
    with sock.makefile("rb") as file:
        return read_answer(file, method)


def simple(sock: socket.socket, words: str = "") -> None:
    """A GET that must be answered with its own token."""
    target = token(words)
    expect(exchange(sock, get(target)), target)
