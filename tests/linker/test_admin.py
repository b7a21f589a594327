"""The admin server on real ports."""

import logging

import pytest
import trio

from dtab import Dtab, Path
from linker.admin import AdminContext, serve_admin
from linker.config.admin import AdminConfig
from linker.metrics import Metrics

pytestmark = pytest.mark.trio


class Router:
    label = "web"
    protocol = "http"
    dtab = Dtab(())
    interpreter = object()

    async def identify(self, request):
        return Path.of("svc", request.headers.get(b"host")), self.dtab

    def client_state(self):
        return {}


def context() -> AdminContext:
    return AdminContext(Metrics(), dict, lambda grace: None, routers=[Router()])


async def get(port: int, path: str) -> bytes:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n".encode())
        return b"".join([bytes(data) async for data in stream])


async def test_it_serves_both_ports_until_it_is_closed(caplog):
    caplog.set_level(logging.INFO)
    async with trio.open_nursery() as nursery:
        admin = await serve_admin(nursery, AdminConfig(port=0, httpIdentifierPort=0), context())
        assert f"serving http admin on /127.0.0.1:{admin.port}" in caplog.messages
        assert f"serving http identifier on /127.0.0.1:{admin.identifier_port}" in caplog.messages
        assert (await get(admin.port, "/admin/ping")).endswith(b"pong")
        assert (await get(admin.identifier_port, "/any")).endswith(b'{"web":{"path":"/svc/me"}}')
        admin.close()
    with pytest.raises(OSError, match="failed"):
        await get(admin.port, "/admin/ping")


async def test_a_port_that_is_taken_is_named():
    async with trio.open_nursery() as nursery:
        admin = await serve_admin(nursery, AdminConfig(port=0), context())
        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{admin.port}: Address already in use"):
            await serve_admin(nursery, AdminConfig(port=admin.port), context())
        admin.close()
