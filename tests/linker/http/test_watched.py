"""Bodies that tell how they ended."""

from __future__ import annotations

import pytest

from linker.errors import ClientGone, ProxyError, UpstreamClosed
from linker.http.watched import when_over
from tests.linker.filters.fakes import Stream, response, run


class Breaks(Stream):
    """A body that gives one buffer and then fails."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(b"part")
        self.error = error

    async def read(self) -> bytes:
        data = await super().read()
        if not data:
            raise self.error
        return data


def test_a_whole_body_ends_once_for_all_who_watch_and_is_passed_as_it_is() -> None:
    ends: list[object] = []
    answer = response(body=Stream(b"a", b"b", length=2, trailers=b"X: 1\r\n"))
    for _ in range(2):
        when_over(answer, ends.append)
    body = answer.body
    assert (body.length, body.ready) == (2, True)  # type: ignore[union-attr]  # a stream
    assert [run(body.read()) for _ in range(2)] == [b"a", b"b"]  # type: ignore[union-attr]  # likewise
    assert ends == []
    assert run(body.read()) == b""  # type: ignore[union-attr]  # likewise
    assert body.trailers == b"X: 1\r\n"  # type: ignore[union-attr]  # likewise
    body.close()  # type: ignore[union-attr]  # likewise
    assert ends == [None, None]


@pytest.mark.parametrize(
    ("error", "told"), [(UpstreamClosed("x"), True), (ClientGone("x"), False), (KeyboardInterrupt(), False)]
)
def test_only_what_the_endpoint_broke_off_is_told_as_such(error: BaseException, told: bool) -> None:
    ends: list[object] = []
    answer = response(body=Breaks(error))
    when_over(answer, ends.append)
    assert run(answer.body.read()) == b"part"  # type: ignore[union-attr]  # a stream
    with pytest.raises((ProxyError, KeyboardInterrupt)):
        run(answer.body.read())  # type: ignore[union-attr]  # likewise
    assert ends == [error if told else None]


def test_a_body_that_nobody_wants_any_more_is_over() -> None:
    ends: list[object] = []
    stream = Stream(b"a")
    answer = response(body=stream)
    when_over(answer, ends.append)
    answer.discard()
    assert (ends, stream.closed) == ([None], True)
