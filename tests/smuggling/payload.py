"""What a payload is, and the pieces that families build theirs from.

Every payload has a number, put in place of `####` (same length, so that lengths can be computed beforehand). Its
targets say what they are:

    /outer-####    the request that the client sends openly; may or may not reach the backend
    /hidden-####   lies in another message's body, or behind a request to be refused: must never reach the backend
    /next-####     a further request sent openly, on the same connection or another: must get its own answer
    /bad-####      the backend answers with the payload's own bytes
    stolen-####    is what only a misled reader takes for an answer
"""

from dataclasses import dataclass

HIDDEN = b"GET /hidden-#### HTTP/1.1\r\nHost: web\r\n\r\n"
NEXT = b"GET /next-#### HTTP/1.1\r\nHost: web\r\n\r\n"
STOLEN = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nstolen-####"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"


@dataclass(frozen=True)
class Payload:
    """One attempt. `parts` are sent with a pause between them."""

    family: str
    name: str
    parts: tuple[bytes, ...]
    method: str = "GET"  # of the first request, to delimit its answer
    answer: tuple[bytes, ...] = ()  # response families: what the backend sends for /bad-####
    drop: bool = False  # response families: the backend closes after `answer`
    idle: bool = False  # response families: parts after the first come when the connection is idle, alone on the proxy
    partial: bool = False  # response families: `answer` ends early, and the client must see that
    echoes: tuple[bytes, ...] = ()  # well-formed messages: the targets whose answers must arrive, in this order
    only: str = ""  # the one kind of target it makes sense for


def number(payload_bytes: bytes, n: int) -> bytes:
    """The bytes of payload number `n`."""
    return payload_bytes.replace(b"####", b"%04d" % n)


def request(
    fields: bytes = b"", body: bytes = b"", *, line: bytes = b"POST /outer-#### HTTP/1.1", host: bytes = b"web"
) -> bytes:
    """A request with a Host field first, then `fields` (whole lines), then `body` as it is."""
    return line + b"\r\nHost: " + host + b"\r\n" + fields + b"\r\n" + body


def length(body: bytes) -> bytes:
    """A Content-Length line for a body."""
    return b"Content-Length: %d\r\n" % len(body)


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def named(value: bytes) -> str:
    """A payload's name from the odd bytes that make it."""
    return repr(value)[2:-1]
