"""One connection to an endpoint: what is sent, what comes back, and whether the connection can be used again."""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import BadResponse, ClientError, ClientGone, UpstreamClosed
from linker.http.client import MAX_INTERIM, ClientOptions, Upstream
from linker.http.heads import HeadLimits
from linker.http.message import Headers, Request, Response
from linker.http.stats import TimeoutStats
from linker.http.stream_stats import StreamStats
from linker.metrics import Metrics
from linker.reactor import SUSPENDED, Cancelled, Reactor
from linker.sockets import Socket
from tests.linker.driving import drive, pair, read_to_close, read_until

GET = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n"
Backend = Callable[[Socket], Awaitable[None]]


class Late(Exception):
    pass


class Line:
    """An upstream connection, its far end played by a coroutine, and what its pool was told."""

    def __init__(self, reactor: Reactor, options: ClientOptions | None = None) -> None:
        near, self.far = pair(reactor)
        self.reactor = reactor
        self.told: list[bool] = []
        self.owner: Callable[[Upstream, bool], None] = self._done
        self.streams, self.timeouts = StreamStats(Metrics()), TimeoutStats(Metrics())
        self.upstream = Upstream(near, "at 10.0.0.1:80", options or ClientOptions(), self)

    def _done(self, upstream: Upstream, reusable: bool) -> None:
        self.told.append(reusable)
        if not reusable:
            upstream.close()

    async def ask(self, request: Request, *answers: bytes, close: bool = True) -> tuple[Response, bytes]:
        """The response with its whole body, which the far end gives in these writes after it saw the head."""

        async def far() -> None:
            await read_until(self.far, b"\r\n\r\n")
            try:
                for answer in answers:
                    await self.far.send(answer)
                    await self.reactor.sleep(0.001)
            except OSError:
                pass  # closed: what was wanted of it has been said
            if close:
                self.far.close()

        backend = self.reactor.spawn(far())
        try:
            response = await self.upstream.exchange(request)
            return response, await whole(response)
        finally:
            await self.reactor.join(backend)

    def close(self) -> None:
        self.upstream.close()
        self.far.close()


async def whole(response: Response) -> bytes:
    if isinstance(response.body, bytes):
        return response.body
    parts = []
    while data := await response.body.read():
        parts.append(data)
    return b"".join(parts)


def request(method: bytes = b"GET", *lines: str, body: Any = b"", minor: int = 1) -> Request:
    raw = "".join(f"{line}\r\n" for line in ("Host: web", *lines)).encode()
    return Request(method, b"/", Headers(raw), body, minor=minor)


def asked(
    *answers: bytes,
    method: bytes = b"GET",
    minor: int = 1,
    close: bool = False,
    options: ClientOptions | None = None,
) -> tuple[Response, bytes, list[bool]]:
    """What comes of one exchange."""

    async def main(reactor: Reactor) -> tuple[Response, bytes, list[bool]]:
        line = Line(reactor, options)
        try:
            response, body = await line.ask(request(method, minor=minor), *answers, close=close)
            return response, body, line.told
        finally:
            line.close()

    return drive(main)


def failed(*answers: bytes, options: ClientOptions | None = None, method: bytes = b"GET") -> Exception:
    """The error of one exchange; the pool is told once, that the connection is of no use."""

    async def main(reactor: Reactor) -> Exception:
        line = Line(reactor, options)
        try:
            await line.ask(request(method), *answers)
        except Exception as error:
            assert line.told == [False]
            return error
        finally:
            line.close()
        raise AssertionError("no error")

    return drive(main)


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answers", "body", "reusable"),
    [
        ([OK + b"Content-Length: 0\r\n\r\n"], b"", True),
        ([OK + b"Content-Length: 5\r\n\r\nhello"], b"hello", True),
        ([OK + b"Content-Length: 5\r\n\r\n", b"he", b"llo"], b"hello", True),
        ([OK[:9], OK[9:], b"Content-Length: 5\r", b"\n\r\nhel", b"lo"], b"hello", True),
        ([OK + b"Content-Length: 6000\r\n\r\n", b"x" * 3000, b"y" * 3000], b"x" * 3000 + b"y" * 3000, True),
        ([OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello"], b"hello", False),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], b"hello", True),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhe", b"llo\r", b"\n0\r\n", b"\r\n"], b"hello", True),
        ([OK + b"Transfer-Encoding: chunked\r\nConnection: x, Close\r\n\r\n5\r\nhello\r\n0\r\n\r\n"], b"hello", False),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"], b"hello", False),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"], b"hello", True),
        ([b"HTTP/1.1 204 No\r\n\r\n"], b"", True),
        ([b"HTTP/1.1 304 No\r\nContent-Length: 500\r\n\r\n"], b"", True),
    ],
)
def test_an_answer_of_any_framing_in_any_pieces(answers: list[bytes], body: bytes, reusable: bool) -> None:
    response, got, told = asked(*answers)
    assert (got, told) == (body, [reusable])
    assert response.from_service


def test_an_answer_may_end_with_its_connection() -> None:
    response, body, told = asked(OK + b"\r\n", b"until ", b"close", close=True)
    assert (response.status, body, told) == (200, b"until close", [False])


def test_head_gets_no_body_whatever_its_length_says() -> None:
    _, body, told = asked(OK + b"Content-Length: 5\r\n\r\n", method=b"HEAD")
    assert (body, told) == (b"", [True])


def test_a_204_loses_its_content_length() -> None:
    response, _, told = asked(b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n")
    assert (b"content-length" in response.headers, told) == (False, [True])


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
        b"HTTP/1.1 204 No\r\n\r\nbody",
    ],
)
def test_bytes_beyond_the_answer_end_the_connection(answer: bytes) -> None:
    assert asked(answer)[2] == [False]


def test_a_connection_that_the_endpoint_closes_behind_its_answer_is_not_reused() -> None:
    async def main(reactor: Reactor) -> list[bool]:
        line = Line(reactor)

        async def answers_and_closes() -> None:
            await line.far.recv()
            await line.far.send(OK + b"Content-Length: 0\r\n\r\n")
            line.far.close()

        reactor.spawn(answers_and_closes())
        await line.upstream.exchange(request())
        line.close()
        return line.told

    assert drive(main) == [False]


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([], "connection closed before the answer was whole"),
        ([OK], "connection closed before the answer was whole"),
        ([OK + b"Content-Length: 5\r\n\r\nhel"], "connection closed before the answer was whole"),
        ([OK + b"Content-Length: 5\r\n\r\n"], "connection closed before the answer was whole"),
        ([OK + b"Content-Length: 6000\r\n\r\nhel"], "connection closed before the answer was whole"),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"], "connection closed before the answer was whole"),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"], "connection closed before the answer"),
    ],
)
def test_an_answer_that_breaks_off_is_closed_and_given_back_once(answers: list[bytes], text: str) -> None:
    error = failed(*answers)
    assert isinstance(error, UpstreamClosed)
    assert str(error).startswith(text)
    assert str(error).endswith("at 10.0.0.1:80")
    assert not error.retry_safe


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"\x00\x01garbage\r\n\r\n", "not an HTTP/1 response"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "not an HTTP/1 response"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "malformed response head"),
        (OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "Multiple Content-Length values found: [3, 3]"),
        (OK + b"Content-Length: x\r\n\r\n", "Content-Length is not a number"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding is not exactly"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed chunk size"),
        (OK + b"X: " + b"v" * 9000 + b"\r\n\r\n", "HTTP header is larger than 8192 bytes."),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "101 Switching Protocols was not asked for"),
        (b"HTTP/1.1 103 Early\r\n\r\n" * (MAX_INTERIM + 1), f"more than {MAX_INTERIM} interim responses"),
    ],
)
def test_an_answer_that_is_not_acceptable_is_refused(answer: bytes, text: str) -> None:
    error = failed(answer)
    assert isinstance(error, BadResponse)
    assert text in str(error)


def test_a_short_answer_that_breaks_off_is_told_once_when_it_is_cancelled() -> None:
    async def main(reactor: Reactor) -> list[bool]:
        line = Line(reactor)
        await line.far.send(OK + b"Content-Length: 5\r\n\r\nhel")
        with pytest.raises(Late), reactor.timeout(1, Late):
            await line.upstream.exchange(request())
        line.close()
        return line.told

    assert drive(main) == [False]


def test_a_failed_exchange_took_as_long_as_it_took() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor, ClientOptions(read_timeout=5.0))
        line.upstream.rtt = 0.001  # of the exchange before
        with pytest.raises(UpstreamClosed):
            await line.upstream.exchange(request())
        assert line.upstream.rtt == pytest.approx(5.0, abs=0.1)
        line.close()

    drive(main)


def test_a_cancelled_exchange_closes_the_connection() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor)
        with pytest.raises(Late), reactor.timeout(1, Late):
            await line.upstream.exchange(request())
        assert line.told == [False]
        assert await read_to_close(line.far) == GET
        line.close()

    drive(main)


def test_giving_up_a_body_closes_the_connection() -> None:
    async def main(reactor: Reactor) -> list[bool]:
        line = Line(reactor)
        await line.far.send(OK + b"Content-Length: 10000\r\n\r\nhel")
        response = await line.upstream.exchange(request())
        response.discard()
        response.discard()
        line.close()
        return line.told

    assert drive(main) == [False]


def test_a_reset_is_told_by_its_name() -> None:
    async def main(reactor: Reactor) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        near = socket.create_connection(listener.getsockname())
        near.setblocking(False)
        peer, _ = listener.accept()
        line = Line(reactor)
        upstream = Upstream(Socket(reactor, near), "at here", ClientOptions(), line)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        task = reactor.spawn(exchange_fails(upstream))
        peer.close()
        await reactor.join(task)
        assert line.told == [False]
        line.close()
        listener.close()

    async def exchange_fails(upstream: Upstream) -> None:
        with pytest.raises(UpstreamClosed, match="Connection reset by peer at here") as caught:
            await upstream.exchange(request())
        assert not caught.value.retry_safe

    drive(main)


def test_a_write_that_the_kernel_refuses_is_safe_to_retry_on_a_used_connection_only() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor)
        await line.ask(request(), OK + b"Content-Length: 0\r\n\r\n", close=True)
        with pytest.raises(UpstreamClosed) as caught:
            await line.upstream.exchange(request())
        assert caught.value.retry_safe
        line.close()

        fresh = Line(reactor)
        fresh.far.close()
        with pytest.raises(UpstreamClosed) as caught:
            await fresh.upstream.exchange(request())
        assert not caught.value.retry_safe
        fresh.close()

    drive(main)


@pytest.mark.parametrize("timeout", [None, 100.0])
def test_a_request_of_which_a_part_was_sent_is_not_safe_to_retry(timeout: float | None) -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor, ClientOptions(write_timeout=timeout))
        await line.ask(request(), OK + b"Content-Length: 0\r\n\r\n", close=False)

        async def reads_a_part_and_leaves() -> None:
            await line.far.recv()
            line.far.close()

        reactor.spawn(reads_a_part_and_leaves())
        with pytest.raises(UpstreamClosed) as caught:
            await line.upstream.exchange(request(b"POST", body=b"x" * 5_000_000))
        assert not caught.value.retry_safe
        line.close()

    drive(main)


# ---- interim responses


def test_interim_responses_go_to_the_client_and_the_final_one_is_the_answer() -> None:
    async def main(reactor: Reactor) -> tuple[list[bytes], int]:
        line, interim = Line(reactor), list[bytes]()
        early = request()

        async def passes(head: bytes) -> None:
            interim.append(head)

        early.interim = passes
        one = b"HTTP/1.1 103 Early\r\nLink: </s.css>\r\nConnection: x\r\nContent-Length: 0\r\n\r\n"
        response, _ = await line.ask(
            early, one + b"HTTP/1.1 102 Still", b"\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n"
        )
        line.close()
        return interim, response.status

    assert drive(main) == (
        [b"HTTP/1.1 103 Early\r\nLink: </s.css>\r\n\r\n", b"HTTP/1.1 102 Still\r\n\r\n"],
        200,
    )


def test_a_client_that_takes_no_interim_response_gets_none() -> None:
    response, body, told = asked(b"HTTP/1.1 103 Early\r\n\r\n", OK + b"Content-Length: 2\r\n\r\nok")
    assert (response.status, body, told) == (200, b"ok", [True])


def test_a_client_that_breaks_while_it_is_sent_an_interim_response_is_not_the_endpoints_fault() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor)
        early = request()

        async def broken(head: bytes) -> None:
            raise BrokenPipeError(32, "Broken pipe")

        early.interim = broken
        with pytest.raises(ClientGone):
            await line.ask(early, b"HTTP/1.1 103 Early\r\n\r\n", OK + b"\r\n")
        assert line.told == [False]
        line.close()

    drive(main)


# ---- request bodies


class Uploads:
    """A request body that arrives as the test says."""

    def __init__(self, *buffers: bytes | Exception, length: int | None = None, trailers: bytes = b"") -> None:
        self.length = length
        self.trailers = trailers
        self.ready = True
        self.buffers = list(buffers)
        self.waits: Reactor | None = None

    async def read(self) -> bytes:
        if not self.buffers:
            while self.waits is not None:
                await SUSPENDED
            return b""
        next_ = self.buffers.pop(0)
        if isinstance(next_, Exception):
            raise next_
        return next_

    def close(self) -> None:
        pass


def test_a_body_of_known_length_goes_as_it_comes() -> None:
    async def main(reactor: Reactor) -> bytes:
        line = Line(reactor)
        upload = request(b"POST", "Content-Length: 6", body=Uploads(b"abc", b"def", length=6))
        task = reactor.spawn(answers(line.far, b"abcdef"))
        response = await line.upstream.exchange(upload)
        await reactor.join(task)
        assert response.status == 200
        assert line.told == [True]
        line.close()
        return sent[0]

    sent: list[bytes] = []

    async def answers(far: Socket, end: bytes) -> None:
        sent.append(await read_until(far, end))
        await far.send(OK + b"Content-Length: 0\r\n\r\n")

    assert drive(main) == b"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 6\r\n\r\nabcdef"


def test_a_body_without_length_goes_chunked_with_its_trailers() -> None:
    async def main(reactor: Reactor) -> bytes:
        line = Line(reactor)
        upload = request(b"POST", body=Uploads(b"abc", b"0123456789abcdef", trailers=b"X-Sum: 3\r\n"))
        got: list[bytes] = []

        async def far() -> None:
            got.append(await read_until(line.far, b"X-Sum: 3\r\n\r\n"))
            await line.far.send(OK + b"Content-Length: 0\r\n\r\n")

        task = reactor.spawn(far())
        await line.upstream.exchange(upload)
        await reactor.join(task)
        assert line.told == [True]
        line.close()
        return got[0]

    assert drive(main) == (
        b"POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 3\r\n\r\n"
    )


def test_an_answer_before_the_body_was_sent_is_passed_and_the_connection_closed() -> None:
    async def main(reactor: Reactor) -> tuple[int, list[bool]]:
        line = Line(reactor)
        body = Uploads(b"abc", length=1000)
        body.waits = reactor
        response, _ = await line.ask(
            request(b"POST", "Content-Length: 1000", body=body), b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"
        )
        await reactor.sleep(0.01)
        line.close()
        return response.status, line.told

    assert drive(main) == (413, [False])


def test_an_answer_is_passed_when_the_endpoint_takes_no_more_of_the_body() -> None:
    async def main(reactor: Reactor) -> tuple[int, list[bool]]:
        line = Line(reactor)
        buffers = [b"x" * 100_000] * 100

        async def refuses() -> None:
            await line.far.recv()
            await line.far.send(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
            line.far.sock.shutdown(socket.SHUT_RD)

        reactor.spawn(refuses())
        response = await line.upstream.exchange(request(b"POST", body=Uploads(*buffers)))
        line.close()
        return response.status, line.told

    assert drive(main) == (413, [False])


@pytest.mark.parametrize("error", [ClientGone("left"), ClientError("malformed chunk size")])
def test_a_client_that_fails_in_its_body_ends_the_exchange(error: Exception) -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor)
        with pytest.raises(type(error)):
            await line.upstream.exchange(request(b"POST", body=Uploads(b"abc", error)))
        assert line.told == [False]
        assert (await read_to_close(line.far)).endswith(b"3\r\nabc\r\n"), "no last chunk: it must not look whole"
        line.close()

    drive(main)


def test_an_error_of_the_upload_does_not_reach_what_its_task_does_next() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor, ClientOptions(write_timeout=1.0))
        body = Uploads(*[b"x" * 100_000] * 100, length=10_000_000)
        await line.far.send(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
        response = await line.upstream.exchange(request(b"POST", "Content-Length: 10000000", body=body))
        assert response.status == 413
        await reactor.sleep(5)
        line.close()

    drive(main)


# ---- limits in time


def test_an_endpoint_that_says_nothing_for_the_read_timeout_has_failed() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor, ClientOptions(read_timeout=2.0))
        with pytest.raises(UpstreamClosed, match="readTimeoutMs passed at 10.0.0.1:80"):
            await line.upstream.exchange(request())
        assert line.told == [False]
        assert (line.timeouts.read.value, line.timeouts.write.value) == (1, 0)
        line.close()

    drive(main)


def test_an_endpoint_that_takes_nothing_for_the_write_timeout_has_failed() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor, ClientOptions(write_timeout=2.0))
        with pytest.raises(UpstreamClosed, match="writeTimeoutMs passed at 10.0.0.1:80"):
            await line.upstream.exchange(request(b"POST", body=b"x" * 5_000_000))
        assert line.told == [False]
        line.close()

    drive(main)


def test_bodies_are_whole_when_nothing_is_to_be_streamed() -> None:
    response, _, _ = asked(
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
        b"llo\r\n0\r\n\r\n",
        options=ClientOptions(stream_after=None),
    )
    assert response.body == b"hello"


def test_limits_of_the_head_are_those_given() -> None:
    error = failed(OK + b"X: 12345\r\n\r\n", options=ClientOptions(limits=HeadLimits(line=100, headers=5)))
    assert isinstance(error, BadResponse)


ANSWERS = [
    OK + b"Content-Length: 5\r\n\r\nhello",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX: 1\r\n\r\n",
    b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
]


@settings(max_examples=60, deadline=None)
@given(answer=st.sampled_from(ANSWERS), cuts=st.lists(st.integers(0, 90), max_size=6), close=st.booleans())
def test_where_the_answer_is_cut_makes_no_difference(answer: bytes, cuts: list[int], close: bool) -> None:
    edges = sorted({0, *(cut for cut in cuts if cut < len(answer)), len(answer)})
    pieces = [answer[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    response, body, told = asked(*pieces, close=close)
    assert (response.status, body) == (200, {0: b"hello", 1: b"hello!", 2: b"ok"}[ANSWERS.index(answer)])
    assert len(told) == 1


def test_a_cancelled_pump_is_over() -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor)
        body = Uploads(b"abc")
        body.waits = reactor

        async def exchange() -> None:
            await line.upstream.exchange(request(b"POST", body=body))

        task = reactor.spawn(exchange())
        reactor.throw(task, Cancelled())
        await reactor.join(task)
        await reactor.sleep(0.01)
        assert len(reactor.tasks) == 1, "only this one"
        line.close()

    drive(main)
