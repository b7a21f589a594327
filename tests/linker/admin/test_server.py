"""The admin server's transport: over memory streams, with the clock in the tests' hands."""

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from linker.admin.message import AdminRequest, AdminResponse, text
from linker.admin.server import Limits, Server, limits_of
from linker.config.sockets import SocketOptions

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
SMALL = Limits(connections=1, head=512, body=10, idle=60, exchange=10, send=30)


async def echo(request: AdminRequest) -> AdminResponse:
    if request.path == "/broken":
        raise LookupError("no such thing")
    return text(f"{request.method} {request.path} ?{request.query} {request.body.decode()}")


async def talk(
    *chunks: bytes | Callable[[], Awaitable[None]], handle=echo, limits: Limits = SMALL, server: Server | None = None
) -> bytes:
    """Send the chunks, awaiting what is a function, then close; everything that was answered."""
    ours, theirs = trio.testing.memory_stream_pair()
    answered = b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon((server or Server(handle, limits)).connection, theirs)
        for chunk in chunks:
            if callable(chunk):
                await chunk()
            else:
                await ours.send_all(chunk)
        await trio.testing.wait_all_tasks_blocked()
        await ours.send_eof()
        while data := await ours.receive_some():
            answered += data
    return answered


@pytest.mark.trio
async def test_requests_follow_one_another_on_one_connection():
    answered = await talk(GET + b"POST /b?q=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
    assert answered.count(b"HTTP/1.1 200") == 2
    assert b"GET /a ? " in answered
    assert b"POST /b ?q=1 hi" in answered


@pytest.mark.trio
async def test_a_request_may_come_byte_by_byte():
    assert (await talk(*(bytes([byte]) for byte in GET))).endswith(b"GET /a ? ")


@pytest.mark.trio
async def test_head_is_answered_like_get_without_a_body():
    answered = await talk(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Length: 10\r\n" in answered
    assert answered.endswith(b"\r\n\r\n")


@pytest.mark.trio
async def test_slashes_are_collapsed_and_an_absolute_target_is_its_path():
    assert b"GET /a/b ?c//d" in await talk(b"GET http://x//a///b?c//d HTTP/1.1\r\nHost: x\r\n\r\n")


@pytest.mark.trio
async def test_expect_100_continue_is_met_before_the_body():
    answered = await talk(
        b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        trio.testing.wait_all_tasks_blocked,
        b"hi",
    )
    assert answered.startswith(b"HTTP/1.1 100 ")
    assert answered.endswith(b"hi")


@pytest.mark.trio
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /a\r\n\r\n", b"400"),
        (b"GET /a HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n12345678901", b"413"),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
async def test_what_breaks_a_rule_or_a_limit_is_refused_and_the_connection_closed(sent, status):
    answered = await talk(sent + GET)
    assert answered.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in answered
    assert answered.count(b"HTTP/1.1") == 1


@pytest.mark.trio
async def test_a_head_that_does_not_end_within_its_limit_is_refused():
    answered = await talk(b"GET /a HTTP/1.1\r\nHost: x\r\nX: " + b"v" * 600)
    assert answered.startswith(b"HTTP/1.1 431 Request Header Fields Too Large")


@pytest.mark.trio
async def test_a_handler_that_fails_is_a_500_and_the_next_request_is_served(caplog):
    answered = await talk(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    assert b"HTTP/1.1 500" in answered
    assert b"LookupError: no such thing" in answered
    assert b"GET /a" in answered
    assert "GET /broken failed" in caplog.text


@pytest.mark.trio
async def test_a_silent_client_is_closed_after_the_idle_limit(autojump_clock):
    ours, theirs = trio.testing.memory_stream_pair()
    await Server(echo, SMALL).connection(theirs)
    assert trio.current_time() == pytest.approx(60)
    assert await ours.receive_some() == b""


@pytest.mark.trio
async def test_a_body_that_does_not_come_is_answered_408(autojump_clock):
    ours, theirs = trio.testing.memory_stream_pair()
    await ours.send_all(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    await Server(echo, SMALL).connection(theirs)
    assert (await ours.receive_some()).startswith(b"HTTP/1.1 408")


@pytest.mark.trio
async def test_a_client_that_does_not_read_is_given_up(autojump_clock):
    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Server(echo, SMALL).connection, theirs)
        await ours.send_all(GET)
    assert trio.current_time() == pytest.approx(30)


@pytest.mark.trio
async def test_one_connection_too_many_is_told_so():
    server = Server(echo, SMALL)
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.connection, theirs)
        await trio.testing.wait_all_tasks_blocked()
        assert (await talk(GET, server=server)).startswith(b"HTTP/1.1 503")
        await ours.aclose()
    assert (await talk(GET, server=server)).startswith(b"HTTP/1.1 200")


@pytest.mark.trio
async def test_what_follows_a_response_is_called_once_it_is_sent():
    called = []

    async def handle(request: AdminRequest) -> AdminResponse:
        return AdminResponse(200, b"bye", after=lambda: called.append(request.path))

    assert (await talk(GET, handle=handle)).endswith(b"bye")
    assert called == ["/a"]


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        (SocketOptions(), Limits()),
        (SocketOptions(noDelay=False), Limits(no_delay=False)),
        (SocketOptions(readTimeoutMs=300, writeTimeoutMs=200), Limits(idle=0.3, exchange=0.3, send=0.2)),
        (SocketOptions(readTimeoutMs=90_000, writeTimeoutMs=90_000), Limits()),
    ],
)
def test_socket_options_only_tighten_the_limits(options: SocketOptions, limits: Limits):
    assert limits_of(options) == limits
