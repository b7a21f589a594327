"""Bad clients. Where one still behaves in part (half-close, pipelining), the answers it gets are verified too."""

import socket

from tests.soak.session import Session, WrongAnswer, expect, simple, token
from tests.support.client import get, read_answer

MIB = 1024 * 1024
UPLOAD = "POST {} HTTP/1.1\r\nHost: web\r\n{}\r\n\r\n"


def vanish_in_head(s: Session) -> None:
    """Half a head, then gone."""
    with s.connect() as sock:
        request = get(token(), "Cookie: a=b")
        sock.sendall(request[: s.rng.randrange(1, len(request) - 1)])
        s.pause(0.02)


def vanish_waiting(s: Session) -> None:
    """A whole request, gone before the answer, by FIN or RST."""
    with s.connect() as sock:
        sock.sendall(get(token(f"/slow/{s.rng.randrange(200)}")))
        s.pause(s.rng.random() * 0.1)
        if s.rng.random() < 0.5:
            s.reset(sock)


def vanish_in_body(s: Session) -> None:
    """A promised body that stops half way, by length or chunked."""
    with s.connect() as sock:
        framing = s.rng.choice(("Content-Length: 100000", "Transfer-Encoding: chunked"))
        head = UPLOAD.format(token("/echo"), framing).encode()
        sock.sendall(head + (b"186a0\r\n" if "chunked" in framing else b"") + b"x" * s.rng.randrange(90_000))
        s.pause(s.rng.random() * 0.1)
        if s.rng.random() < 0.5:
            s.reset(sock)


def vanish_in_answer(s: Session) -> None:
    """A large answer, dropped after its beginning."""
    with s.connect() as sock:
        sock.sendall(get(token(f"/big/{4 * MIB}")))
        sock.recv(s.rng.randrange(1, 100_000))
        s.reset(sock)
    s.pause(0.05)


def one_byte_a_second(s: Session) -> None:
    """A head that never ends."""
    with s.connect() as sock:
        for byte in get(token())[: s.rng.randrange(3, 12)]:
            sock.sendall(bytes([byte]))
            if s.pause(1.0):
                return


def slow_reader(s: Session) -> None:
    """A large answer read in small bites: the proxy must not gather it in memory."""
    with s.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        sock.sendall(get(token(f"/big/{32 * MIB}")))
        for _ in range(s.rng.randrange(10, 100)):
            sock.recv(16_384)
            if s.pause(0.05):
                return


def half_close(s: Session) -> None:
    """Says that it will send no more, and waits: its answer must still come."""
    with s.connect() as sock:
        target = token(f"/slow/{s.rng.randrange(100)}")
        sock.sendall(get(target))
        sock.shutdown(socket.SHUT_WR)
        with sock.makefile("rb") as file:
            answer = read_answer(file, "GET")
        if answer.error != "closed":  # a proxy may take a half-close for a close; a wrong answer is another matter
            expect(answer, target)
    s.pause(0.02)


def pipeline(s: Session) -> None:
    """Twenty requests at once; the answers must be its own, in order. Sometimes gone after a few."""
    with s.connect() as sock:
        targets = [token(s.rng.choice(("", "", "/slow/5"))) for _ in range(20)]
        sock.sendall(b"".join(get(target) for target in targets))
        with sock.makefile("rb") as file:
            for target in targets[: s.rng.choice((3, 20))]:
                expect(read_answer(file, "GET"), target)
    s.pause(0.05)


def garbage(s: Session) -> None:
    """Bytes that are not HTTP, or far too much of it; then a good request on a new connection."""
    with s.connect() as sock:
        kind = s.rng.randrange(3)
        head = b"GET / HTTP/1.1\r\nHost: web\r\n"
        sock.sendall((s.rng.randbytes(500), head + b"X: " + b"y" * 100_000, head + b"Content-Length: x\r\n\r\n")[kind])
        s.pause(0.05)
    with s.connect() as sock:
        simple(sock)


def unlucky(s: Session) -> None:
    """A good client whose backend resets, hangs up, cuts, babbles: it may get an error, never another's answer."""
    with s.connect() as sock:
        target = token(
            s.rng.choice(("/reset", "/hangup", "/cut", "/garbage", "/slow/100", "/interim/103", "/status/503"))
        )
        sock.sendall(get(target, host="odd"))
        with sock.makefile("rb") as file:
            answer = read_answer(file, "GET")
        if answer.status == 200 and not answer.cut and not answer.text.endswith(target):
            raise WrongAnswer(f"{target}: got {answer.body[:80]!r}")
    s.pause(0.03)


CLIENTS = (
    vanish_in_head,
    vanish_waiting,
    vanish_in_body,
    vanish_in_answer,
    one_byte_a_second,
    slow_reader,
    half_close,
    pipeline,
    garbage,
    unlucky,
)
