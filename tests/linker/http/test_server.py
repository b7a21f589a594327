"""One client connection: requests in, answers out, and what ends it. The service behind is the test's own."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from linker.errors import ClientError, ClientGone, UpstreamClosed
from linker.filters.error_responder import error_response
from linker.http.heads import HeadLimits
from linker.http.message import Headers, Request, Response
from linker.http.server import HALF_CLOSE_GRACE, LINGER_BYTES, LINGER_SECONDS, ServerConnection, ServerOptions
from linker.http.stats import ConnectionStats
from linker.metrics import Metrics
from linker.reactor import Event, Reactor
from linker.sockets import Socket
from tests.linker.driving import drive, pair, read_to_close
from tests.linker.filters.fakes import Stream

T = TypeVar("T")
GET = b"GET /a HTTP/1.1\r\nHost: web\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def ok(body: Any = b"ok") -> Response:
    return Response(200, Headers(b""), body, from_service=True)


class Line:
    """A server's connection and the client's end of it. `seen`: requests as the service got them, bodies read."""

    def __init__(self, reactor: Reactor, options: ServerOptions) -> None:
        self.reactor = reactor
        near, self.client = pair(reactor)
        self.seen: list[tuple[bytes, bytes]] = []
        self.errors: list[BaseException] = []
        self.pending = b""
        self.answer: Callable[[Request], Awaitable[Response]] = self._ok
        self.metrics = Metrics()
        self.connection = ServerConnection(
            near,
            ("10.0.0.9", 1234),
            ("10.0.0.1", 80),
            self._serve,
            self._refuse,
            options,
            ConnectionStats(self.metrics),
        )
        self.task = reactor.spawn(self.connection.run())

    async def _ok(self, request: Request) -> Response:
        return ok()

    async def _serve(self, request: Request) -> Response:
        try:
            body = request.body
            if not isinstance(body, bytes):
                got = b""
                while data := await body.read():
                    got += data
                body = got
            self.seen.append((request.target, body))
            return await self.answer(request)
        except BaseException as error:
            self.errors.append(error)
            raise

    async def _refuse(self, request: Request, error: ClientError) -> Response:
        return error_response(error)

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            await self.client.send(piece)
            await self.settle()

    async def settle(self) -> None:
        await self.reactor.sleep(0.001)

    async def got(self, size: int) -> bytes:
        """So many bytes from the server."""
        while len(self.pending) < size:
            more = await self.client.recv()
            assert more, f"closed after {self.pending!r}"
            self.pending += more
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    async def rest(self) -> bytes:
        """What comes until the server closes its side; then ours is closed too, and the server's task is over."""
        data = self.pending + await read_to_close(self.client)
        self.client.close()
        await self.reactor.join(self.task)
        return data


def lined(main: Callable[[Line], Coroutine[Any, Any, T]], **options: Any) -> T:
    async def run(reactor: Reactor) -> T:
        line = Line(reactor, ServerOptions(**options))
        result = await main(line)
        line.client.close()
        await line.settle()
        await reactor.sleep(LINGER_SECONDS + HALF_CLOSE_GRACE)
        assert line.task.done, "the connection outlived its client"
        return result

    return drive(run)


# ---- one after another


def test_requests_are_answered_in_order_however_they_come() -> None:
    async def main(line: Line) -> None:
        await line.send(GET + GET, GET[:5], GET[5:])
        assert await line.got(3 * len(OK)) == 3 * OK
        assert line.seen == [(b"/a", b"")] * 3

    lined(main)


def test_pipelined_requests_wait_for_the_one_before() -> None:
    async def main(line: Line) -> None:
        gate = Event(line.reactor)

        async def waits(request: Request) -> Response:
            await gate.wait()
            return ok(request.target)

        line.answer = waits
        await line.send(GET.replace(b"/a", b"/1") + GET.replace(b"/a", b"/2"))
        assert len(line.seen) == 1
        gate.set()
        assert (await line.got(2 * len(OK))).count(b"\r\n\r\n/") == 2

    lined(main)


@pytest.mark.parametrize("size", [0, 1, 5 * 1024, 5 * 1024 + 1, 300_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_of_any_size_arrive(size: int, chunked: bool) -> None:
    async def main(line: Line) -> None:
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        head = b"POST /a HTTP/1.1\r\nHost: web\r\n"
        if chunked:
            framed = (b"%x\r\n%b\r\n" % (size, body) if body else b"") + b"0\r\n\r\n"
            await line.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + GET)
        else:
            await line.send(head + b"Content-Length: %d\r\n\r\n" % size + body + GET)
        assert await line.got(2 * len(OK)) == 2 * OK
        assert line.seen == [(b"/a", body), (b"/a", b"")]

    lined(main)


@pytest.mark.parametrize(
    ("limit", "length", "whole"), [(10, 10, True), (10, 11, False), (None, 100_000, True), (0, 1, False)]
)
def test_short_bodies_are_whole_before_the_service_sees_them(limit: int | None, length: int, whole: bool) -> None:
    async def main(reactor: Reactor) -> None:
        line = Line(reactor, ServerOptions(stream_after=limit))
        streaming: list[bool] = []
        inner = line.connection._service

        async def notes(request: Request) -> Response:
            streaming.append(request.streaming)
            return await inner(request)

        line.connection._service = notes
        await line.send(b"POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n" % length + b"x" * length)
        await line.got(len(OK))
        assert streaming == [not whole]
        line.client.close()
        await line.settle()

    drive(main)


def test_a_body_that_waits_for_100_is_a_stream_whatever_its_length() -> None:
    async def main(line: Line) -> None:
        async def grants(request: Request) -> Response:
            return ok()

        line.answer = grants
        inner = line.connection._service

        async def asks_for_it(request: Request) -> Response:
            assert request.streaming
            assert request.interim is not None
            await request.interim(b"HTTP/1.1 100 Continue\r\n\r\n")
            return await inner(request)

        line.connection._service = asks_for_it
        head = b"POST /a HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        await line.send(head)
        assert await line.got(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        await line.send(b"abc")
        assert await line.got(len(OK)) == OK
        assert line.seen == [(b"/a", b"abc")]

    lined(main)


def test_streamed_answers_with_trailers() -> None:
    async def main(line: Line) -> bytes:
        async def streams(request: Request) -> Response:
            return ok(Stream(b"one", b"two", trailers=b"X: 1\r\n"))

        line.answer = streams
        await line.send(GET)
        return await line.got(len(expected))

    expected = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nX: 1\r\n\r\n"
    assert lined(main) == expected


def test_head_is_answered_without_the_body() -> None:
    async def main(line: Line) -> None:
        await line.send(GET.replace(b"GET", b"HEAD") + GET)
        assert await line.got(19 + len(OK)) == b"HTTP/1.1 200 OK\r\n\r\n" + OK

    lined(main)


# ---- what ends a connection


def test_a_client_that_asks_for_it_is_closed_after_the_answer() -> None:
    async def main(line: Line) -> bytes:
        await line.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + GET)
        return await line.rest()

    assert lined(main) == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/2.0\r\n\r\n", b"505"),
        (b"bad\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 200, b"414"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 200, b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", b"501"),
    ],
)
def test_what_breaks_http_is_answered_once_and_the_rest_thrown_away(request_: bytes, status: bytes) -> None:
    async def main(line: Line) -> bytes:
        await line.send(GET + request_ + b"\r\n\r\n" + GET)
        assert await line.got(len(OK)) == OK
        return await line.rest()

    answer = lined(main, limits=HeadLimits(100, 100))
    assert answer.startswith(b"HTTP/1.1 " + status + b" ")
    assert answer.count(b"HTTP/1.1 ") == answer.count(b"Connection: close\r\n") == 1


def test_a_broken_chunk_in_a_short_body_is_answered() -> None:
    async def main(line: Line) -> bytes:
        await line.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        return await line.rest()

    assert lined(main, stream_after=None).startswith(b"HTTP/1.1 400 ")


def test_a_backend_that_breaks_off_ends_the_connection_without_the_last_chunk() -> None:
    class Breaks(Stream):
        async def read(self) -> bytes:
            data = await super().read()
            if not data:
                raise UpstreamClosed("gone")
            return data

    async def main(line: Line) -> bytes:
        async def breaks(request: Request) -> Response:
            return ok(Breaks(b"one"))

        line.answer = breaks
        await line.send(GET)
        return await line.rest()

    assert lined(main).endswith(b"\r\n\r\n3\r\none\r\n")


def test_an_unread_body_closes_after_the_answer_and_is_drained_a_while() -> None:
    async def main(line: Line) -> None:
        async def early(request: Request) -> Response:
            return ok()

        line.connection._service = early  # type: ignore[assignment]  # a service that reads nothing
        await line.send(b"POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000)
        answer = await line.got(len(OK) + 19)
        assert b"Connection: close\r\n" in answer
        sent = 0
        try:
            while sent < 50 * LINGER_BYTES:
                await line.client.send(b"x" * 10_000)
                sent += 10_000
        except OSError:
            pass
        assert LINGER_BYTES <= sent < 5 * LINGER_BYTES

    lined(main)


# ---- who goes away


def test_a_reset_cancels_the_exchange_at_once() -> None:
    async def main(reactor: Reactor) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.setblocking(False)
        line = Line(reactor, ServerOptions())
        line.client.close()
        gate = Event(reactor)

        async def waits(request: Request) -> Response:
            await gate.wait()
            return ok()

        line.answer = waits
        connection = ServerConnection(
            Socket(reactor, accepted), ("", 0), ("", 0), line._serve, line._refuse, ServerOptions(),
            ConnectionStats(Metrics()),
        )  # fmt: skip
        task = reactor.spawn(connection.run())
        client.sendall(GET)
        await line.settle()
        assert connection.busy
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        await line.settle()
        assert task.done
        assert [type(error) for error in line.errors] == [ClientGone]
        listener.close()

    drive(main)


def test_a_close_is_given_some_time_for_the_answer() -> None:
    async def main(line: Line) -> None:
        async def slow(request: Request) -> Response:
            await line.reactor.sleep(HALF_CLOSE_GRACE * 0.8)
            return ok()

        line.answer = slow
        await line.send(GET)
        line.client.shutdown_write()
        assert await line.rest() == OK

    lined(main)


def test_a_close_cancels_what_takes_longer() -> None:
    async def main(line: Line) -> None:
        async def slow(request: Request) -> Response:
            await line.reactor.sleep(HALF_CLOSE_GRACE * 5)
            return ok()

        line.answer = slow
        await line.send(GET)
        line.client.shutdown_write()
        assert await line.rest() == b""
        assert [type(error) for error in line.errors] == [ClientGone]

    lined(main)


@pytest.mark.parametrize("length", [100, 100_000])
def test_a_client_that_leaves_in_its_body_gets_no_answer(length: int) -> None:
    async def main(line: Line) -> None:
        await line.send(b"POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\nabc" % length)
        line.client.shutdown_write()
        assert await line.rest() == b""
        assert line.seen == []

    lined(main)


def test_a_client_that_leaves_in_its_head_gets_no_answer() -> None:
    async def main(line: Line) -> None:
        await line.send(GET[:10])
        line.client.shutdown_write()
        assert await line.rest() == b""

    lined(main)


# ---- times


def test_a_head_that_takes_too_long_is_a_408() -> None:
    async def main(line: Line) -> None:
        await line.send(GET[:10])
        for _ in range(4):
            await line.reactor.sleep(1)
            await line.send(b"a")  # not even if something comes now and then
        await line.reactor.sleep(1)
        assert (await line.rest()).startswith(b"HTTP/1.1 408 ")

    lined(main, head_timeout=5.0)


def test_an_idle_connection_is_closed_and_a_used_one_is_not() -> None:
    async def main(line: Line) -> None:
        for _ in range(5):
            await line.reactor.sleep(8)
            await line.send(GET)
            assert await line.got(len(OK)) == OK
        await line.reactor.sleep(11)
        assert await line.rest() == b""

    lined(main, idle_timeout=10.0)


def test_an_exchange_is_not_idle() -> None:
    async def main(line: Line) -> None:
        async def slow(request: Request) -> Response:
            await line.reactor.sleep(30)
            return ok()

        line.answer = slow
        await line.send(GET)
        assert await line.got(len(OK)) == OK

    lined(main, idle_timeout=10.0)


def test_a_life_ends_after_the_exchange() -> None:
    async def main(line: Line) -> None:
        await line.send(GET)
        assert await line.got(len(OK)) == OK

        async def slow(request: Request) -> Response:
            await line.reactor.sleep(30)
            return ok()

        line.answer = slow
        await line.send(GET)
        assert b"Connection: close" in await line.rest()

    lined(main, life_time=10.0)


def test_a_client_that_stops_in_its_body_is_let_go() -> None:
    async def main(line: Line) -> None:
        await line.send(b"POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 100\r\n\r\nabc")
        assert await line.rest() == b""

    lined(main, read_timeout=3.0)


def test_a_client_that_does_not_read_is_let_go() -> None:
    async def main(line: Line) -> None:
        async def large(request: Request) -> Response:
            return ok(b"x" * 10_000_000)

        line.answer = large
        await line.send(GET)
        await line.reactor.sleep(5)
        assert len(await line.rest()) < 10_000_000

    lined(main, write_timeout=3.0)


# ---- draining


def test_an_idle_connection_ends_at_once_when_drained() -> None:
    async def main(line: Line) -> None:
        await line.send(GET)
        await line.got(len(OK))
        line.connection.drain()
        assert await line.rest() == b""

    lined(main)


def test_a_busy_connection_ends_after_its_answer_when_drained() -> None:
    async def main(line: Line) -> None:
        gate = Event(line.reactor)

        async def waits(request: Request) -> Response:
            await gate.wait()
            return ok()

        line.answer = waits
        await line.send(GET + GET)
        line.connection.drain()
        await line.settle()
        gate.set()
        assert await line.rest() == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    lined(main)


def test_a_body_on_its_way_is_still_taken_when_drained() -> None:
    async def main(line: Line) -> None:
        await line.send(b"POST /a HTTP/1.1\r\nHost: web\r\nContent-Length: 6\r\n\r\nabc")
        line.connection.drain()
        await line.send(b"def")
        assert b"Connection: close" in await line.rest()
        assert line.seen == [(b"/a", b"abcdef")]

    lined(main)
