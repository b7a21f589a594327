"""The backend behind the proxy under attack: a strict reader that notes every request it got and every fault in one.

It answers `echo <target>`, so that each client can tell its own answer; what it cannot read strictly it refuses and
closes. For `/bad-####` it sends that payload's own bytes; for `/early-####` it answers when it has the head, before the
body.
"""

import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from tests.smuggling.payload import Payload, number
from tests.smuggling.strict import Message, read_request

PAUSE_S = 0.03  # between the parts of an answer: long enough to arrive apart
BAD = re.compile(rb"/bad-(\d{4})")
_REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused"


@dataclass
class Recorder:
    """`requests`: all that were read, with their faults; `leftovers`: what stayed unread when a connection ended."""

    answers: Mapping[int, Payload]
    requests: list[Message] = field(default_factory=list)
    leftovers: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in [self._listener, *self._open]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # already gone
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        connection = _Connection(sock)
        try:
            with sock:
                while self._one(connection):
                    pass
        except OSError:
            pass  # the proxy hung up
        with self._lock:
            self._open.discard(sock)
            if connection.data:
                self.leftovers.append(connection.data)

    def _one(self, connection: "_Connection") -> bool:
        """Read and answer one request; False: the connection is done."""
        message = connection.read()
        if message is None:
            return False
        with self._lock:
            self.requests.append(message)
        if message.faults:
            connection.sock.sendall(_REFUSAL)
            return False
        return connection.answered_early or self._answer(connection.sock, message)

    def _answer(self, sock: socket.socket, message: Message) -> bool:
        bad = BAD.search(message.start[1])
        if bad is None:
            sock.sendall(echo(message))
            return True
        payload = self.answers[int(bad[1])]
        for part in payload.answer:
            sock.sendall(number(part, int(bad[1])))
            time.sleep(PAUSE_S if len(payload.answer) > 1 else 0)
        return not payload.drop


class _Connection:
    """What has come on one connection and was not read yet."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.data = b""
        self.answered_early = False

    def read(self) -> Message | None:
        """The next request; None at the end."""
        self.answered_early = continued = False
        while (message := read_request(self.data)) is None:
            head = read_request(_without_framing(self.data)) if b"\r\n\r\n" in self.data else None
            if head and not head.faults:
                if not self.answered_early and b"/early-" in head.start[1]:
                    self.sock.sendall(echo(head))
                    self.answered_early = True
                elif not continued and b"100-continue" in b",".join(head.all(b"expect")).lower():
                    self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    continued = True
            received = self.sock.recv(65536)
            if not received:
                return None
            self.data += received
        self.data = self.data[message.end :]
        return message


def _without_framing(data: bytes) -> bytes:
    """The head alone, as a message without a body."""
    head = data[: data.index(b"\r\n\r\n") + 4]
    return re.sub(rb"(?i)\r\n(?:content-length|transfer-encoding):[^\r]*(?=\r\n)", b"", head)


def echo(message: Message) -> bytes:
    """The answer that names the request's path."""
    target = re.sub(rb"^[a-z]+://[^/]*", b"", message.start[1])
    text = b"echo " + target
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(text)
    return head + (b"" if message.start[0] == b"HEAD" else text)
