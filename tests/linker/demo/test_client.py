"""The demo's client, against the admin server's transport and against servers that break off."""

import pytest
import trio

from linker.admin.message import AdminRequest, AdminResponse, text
from linker.admin.server import listen, serve_http
from linker.config.sockets import SocketOptions
from linker.demo.client import Client, NoAnswer

pytestmark = pytest.mark.trio


async def echo(request: AdminRequest) -> AdminResponse:
    return text(f"{request.method} {request.path} {request.header('x')}", 200, ("X-Answer", "yes"))


async def test_several_requests_go_over_one_connection():
    async with trio.open_nursery() as nursery:
        listener = await listen("127.0.0.1", 0, SocketOptions())
        nursery.start_soon(serve_http, [listener], echo)
        async with Client(listener.socket.getsockname()[1]) as client:
            first = await client.get("/a", {"X": "1"})
            stream = client._stream
            second = await client.ask("POST", "/b")
            assert client._stream is stream
        assert (first.status, first.body, first.fields["x-answer"]) == (200, "GET /a 1", "yes")
        assert second.body == "POST /b "
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", b"junk\r\n\r\n"])
async def test_a_server_that_breaks_off_is_no_answer(said):
    async def serve(stream):
        async with stream:
            await stream.receive_some()
            if said:
                await stream.send_all(said)

    async with trio.open_nursery() as nursery:
        listener = await listen("127.0.0.1", 0, SocketOptions())
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        async with Client(listener.socket.getsockname()[1]) as client:
            with pytest.raises(NoAnswer):
                await client.get("/")
        nursery.cancel_scope.cancel()


async def test_nobody_listening_is_no_answer():
    listener = await listen("127.0.0.1", 0, SocketOptions())
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    with pytest.raises(NoAnswer, match=f"no answer from port {port}"):
        await Client(port).get("/")
