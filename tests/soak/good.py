"""Good clients: each verifies every answer. Any deviation is an error of the proxy."""

from tests.soak.session import Session, WrongAnswer, exchange, expect, simple, token
from tests.support.client import get


def keep_alive(s: Session) -> None:
    """Many requests on one connection."""
    with s.connect() as sock:
        for _ in range(s.rng.randrange(1, 60)):
            simple(sock)
            s.done += 1
            if s.pause(s.rng.random() * 0.01):
                return


def one_each(s: Session) -> None:
    """A connection for each request, closed by the server."""
    with s.connect() as sock:
        target = token()
        expect(exchange(sock, get(target, "Connection: close")), target)
        s.done += 1
        if sock.recv(1):
            raise WrongAnswer(f"{target}: bytes after the answer")
    s.pause(0.01)


def uploads(s: Session) -> None:
    """Bodies of all sizes, by length and chunked, echoed."""
    with s.connect() as sock:
        for _ in range(10):
            body = s.rng.randbytes(s.rng.choice((0, 1, 100, 5_000, 70_000, 300_000)))
            target = token("/echo")
            if s.rng.random() < 0.5:
                request = get(target, method="POST", body=body)
            else:
                head = f"POST {target} HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
                request = head + chunk + b"0\r\n\r\n"
            expect(exchange(sock, request, "POST"), target, body)
            s.done += 1
            if s.pause(0.02):
                return


def downloads(s: Session) -> None:
    """Large and chunked answers."""
    with s.connect() as sock:
        for words, body in (("/big/2000000", b"x" * 2_000_000), ("/chunked", b"abcdefg"), ("/trailers", b"abcdefg")):
            target = token(words)
            expect(exchange(sock, get(target)), target, body)
            s.done += 1
            if s.pause(0.05):
                return


def patient(s: Session) -> None:
    """Answers that take their time."""
    with s.connect() as sock:
        simple(sock, f"/slow/{s.rng.randrange(300)}")
        s.done += 1
    s.pause(0.05)


CLIENTS = (keep_alive, keep_alive, keep_alive, one_each, uploads, downloads, patient)
