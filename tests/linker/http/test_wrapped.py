"""A body around another passes on what the other is, and tells of its end once."""

from __future__ import annotations

import pytest

from linker.errors import UpstreamClosed
from linker.http.wrapped import EndingBody, WrappedBody
from tests.linker.filters.fakes import Stream, read_all, run


def test_everything_is_the_others() -> None:
    below = Stream(b"a", b"b", length=2, trailers=b"X: 1\r\n")
    body = WrappedBody(below)
    assert (body.length, body.ready, body.trailers) == (2, below.ready, b"X: 1\r\n")
    assert read_all(body) == [b"a", b"b"]
    body.close()
    assert below.closed


class Told(EndingBody):
    def __init__(self, body: Stream) -> None:
        super().__init__(body)
        self.ends: list[BaseException | None] = []

    def over(self, error: BaseException | None) -> None:
        self.ends.append(error)


class Breaks(Stream):
    async def read(self) -> bytes:
        raise UpstreamClosed("cut off")


def test_the_end_is_told_when_all_was_read_or_given_up() -> None:
    read, left = Told(Stream(b"a")), Told(Stream(b"a"))
    read_all(read)
    left.close()
    assert read.ends == left.ends == [None]


def test_a_body_that_breaks_tells_with_what() -> None:
    body = Told(Breaks())
    with pytest.raises(UpstreamClosed):
        run(body.read())
    assert [str(end) for end in body.ends] == ["cut off"]
