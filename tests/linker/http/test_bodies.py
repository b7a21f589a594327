"""Bodies that arrive: what `read` gives, and the one word to the connection at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from linker.errors import BadResponse, UpstreamClosed
from linker.http.bodies import ChunkedBody, CloseBody, LengthBody
from linker.http.framing import ChunkDecoder
from linker.http.message import BodyStream
from tests.linker.filters.fakes import run


class Wire:
    """A connection that gives these buffers, then its end or an error."""

    def __init__(self, *buffers: bytes | Exception, buffer: bytes = b"") -> None:
        self.buffer = buffer
        self.left = list(buffers)
        self.asked = 0

    async def more(self) -> bytes:
        self.asked += 1
        if not self.left:
            return b""
        next_ = self.left.pop(0)
        if isinstance(next_, Exception):
            raise next_
        return next_

    def cut_off(self) -> Exception:
        return UpstreamClosed("cut off")


Make = Callable[[Wire, Callable[[bool], None]], BodyStream]


def length(wire: Wire, ended: Callable[[bool], None]) -> BodyStream:
    return LengthBody(wire, 5, ended)


def chunked(wire: Wire, ended: Callable[[bool], None]) -> BodyStream:
    return ChunkedBody(wire, ChunkDecoder(BadResponse), ended)


def until_close(wire: Wire, ended: Callable[[bool], None]) -> BodyStream:
    return CloseBody(wire, ended)


def read(make: Make, wire: Wire) -> tuple[bytes, list[bool], bytes]:
    """The whole body, what the connection was told, and what is left for the next message."""
    told: list[bool] = []
    body, got = make(wire, told.append), b""
    while data := run(body.read()):
        got += data
    assert run(body.read()) == b"", "and so it stays"
    return got, told, wire.buffer


CHUNKS = b"2\r\nhe\r\n3\r\nllo\r\n0\r\nX: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("make", "wire", "left"),
    [
        (length, Wire(b"hello"), b""),
        (length, Wire(b"he", b"llo"), b""),
        (length, Wire(b"lo+next", buffer=b"hel"), b"+next"),
        (length, Wire(buffer=b"hello+next"), b"+next"),
        (chunked, Wire(CHUNKS), b""),
        (chunked, Wire(buffer=CHUNKS + b"+next"), b"+next"),
        (chunked, Wire(*[CHUNKS[n : n + 1] for n in range(len(CHUNKS))]), b""),
        (chunked, Wire(CHUNKS[4:] + b"+next", buffer=CHUNKS[:4]), b"+next"),
    ],
)
def test_a_body_ends_where_it_says_and_leaves_the_rest(make: Make, wire: Wire, left: bytes) -> None:
    assert read(make, wire) == (b"hello", [True], left)


def test_a_body_until_close_ends_with_its_connection_which_is_of_no_more_use() -> None:
    assert read(until_close, Wire(b"llo", buffer=b"he")) == (b"hello", [False], b"")


def test_nothing_is_asked_of_the_connection_beyond_the_end() -> None:
    wire = Wire(b"hello", b"next")
    read(length, wire)
    assert wire.asked == 1
    wire = Wire(CHUNKS, b"next")
    read(chunked, wire)
    assert wire.asked == 1


def test_trailers_are_known_after_the_end() -> None:
    body = chunked(Wire(CHUNKS), lambda clean: None)
    while run(body.read()):
        assert body.length is None
    assert body.trailers == b"X: 1\r\n"


@pytest.mark.parametrize(
    ("make", "wire", "error"),
    [
        (length, Wire(b"hel"), UpstreamClosed),
        (length, Wire(), UpstreamClosed),
        (length, Wire(b"he", UpstreamClosed("reset")), UpstreamClosed),
        (chunked, Wire(b"5\r\nhel"), UpstreamClosed),
        (chunked, Wire(b"5\r\nhello\r\n0\r\n"), UpstreamClosed),
        (chunked, Wire(b"5\r\nhelloXX"), BadResponse),
        (chunked, Wire(b"5\r\nhe", UpstreamClosed("reset")), UpstreamClosed),
        (until_close, Wire(b"he", UpstreamClosed("reset")), UpstreamClosed),
    ],
)
def test_a_body_that_breaks_off_raises_and_says_so_once(make: Make, wire: Wire, error: type[Exception]) -> None:
    told: list[bool] = []
    body = make(wire, told.append)

    def to_the_end() -> None:
        while run(body.read()):
            pass

    with pytest.raises(error):
        to_the_end()
    body.close()
    assert told == [False]


@pytest.mark.parametrize("make", [length, chunked, until_close])
def test_giving_up_says_so_once_and_reads_no_more(make: Make) -> None:
    told: list[bool] = []
    wire = Wire(b"2\r\nhe\r\n")
    body = make(wire, told.append)
    body.close()
    body.close()
    assert told == [False]
    assert run(body.read()) == b""
    assert wire.asked == 0


@pytest.mark.parametrize("make", [length, chunked, until_close])
def test_ready_tells_whether_a_read_would_wait(make: Make) -> None:
    wire = Wire(buffer=b"1")
    assert make(wire, lambda clean: None).ready
    wire.buffer = b""
    assert not make(wire, lambda clean: None).ready
