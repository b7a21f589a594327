"""A raw-socket client: send exactly these bytes, read one final answer."""

import socket
from dataclasses import dataclass, field
from typing import BinaryIO

from tests.support.wire import Cut, Head, read_chunked, read_exactly, read_head

CLOSED_S = 0.3  # how long an open connection is watched before it counts as kept


@dataclass
class Answer:
    """One final response, or why there is none (`error`). `interim` holds the 1xx heads before it."""

    version: str = ""
    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    interim: list[Head] = field(default_factory=list)
    closed: bool = False  # by the server, within CLOSED_S of the answer's end
    until_close: bool = False  # the body had no length
    cut: bool = False  # the body ended before its promised length
    error: str = ""  # "closed", or the name of the OSError

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, names compared without case."""
        return Head("", self.headers).get(name.lower(), default)

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return Head("", self.headers).all(name.lower())

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("latin-1")


def get(
    target: str = "/",
    *fields: str,
    host: str | None = "web",
    method: str = "GET",
    body: bytes | None = None,
    version: str = "HTTP/1.1",
) -> bytes:
    """The bytes of a well-formed request; `fields` are whole lines without line end (`"Cookie: a=1"`)."""
    lines = [f"{method} {target} {version}", *([f"Host: {host}"] if host is not None else []), *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n" + (body or b"")


def talk(port: int, request: bytes, *, method: str | None = None, timeout: float = 8.0, watch: bool = True) -> Answer:
    """Send `request` on a new connection and read one final answer; network errors land in `Answer.error`.

    `method` is needed only where the first word of `request` does not say that the answer has no body. `watch=False`
    skips the look whether the server closes afterwards.
    """
    method = method or request.split(b" ", 1)[0].decode("latin-1")
    answer = Answer()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as sock:
            sock.sendall(request)
            with sock.makefile("rb") as file:
                read_answer(file, method, answer)
                if watch and not answer.error:
                    sock.settimeout(CLOSED_S)
                    answer.closed = answer.until_close or answer.cut or _closed(file)
    except (OSError, ValueError) as e:
        answer.error = type(e).__name__
    return answer


def read_answer(file: BinaryIO, method: str, answer: Answer | None = None) -> Answer:
    """Read one final response to a `method` request."""
    answer = answer or Answer()
    while True:
        try:
            head = read_head(file)
        except Cut:
            head = None
        if head is None:
            answer.error = "closed"
            return answer
        answer.version, _, rest = head.line.partition(" ")
        status, _, answer.reason = rest.partition(" ")
        answer.status = int(status)
        if answer.status >= 200 or answer.status == 101:
            break
        answer.interim.append(head)
    answer.headers = head.headers
    try:
        _read_body(file, head, method, answer)
    except Cut as cut:
        answer.cut, answer.body = True, cut.body
    return answer


def _read_body(file: BinaryIO, head: Head, method: str, answer: Answer) -> None:
    if method == "HEAD" or answer.status in (101, 204, 304):
        return
    if "chunked" in head.get("transfer-encoding").lower():
        answer.body, answer.trailers = read_chunked(file)
    elif length := head.get("content-length"):
        answer.body = read_exactly(file, int(length))
    else:
        answer.body, answer.until_close = file.read(), True


def _closed(file: BinaryIO) -> bool:
    try:
        return file.read(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
