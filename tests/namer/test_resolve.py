"""Host names by the system's resolver."""

import socket

import anyio
import pytest

from namer.resolve import resolve

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1"])
async def test_ipv4_comes_first(host):
    assert await resolve(host) == "127.0.0.1"


@pytest.mark.parametrize("host", ["x" * 64 + ".example", "a..b"])
async def test_what_is_no_name_does_not_exist(host):
    assert await resolve(host) is None


async def test_no_such_name_is_none_and_trouble_is_an_error(monkeypatch):
    async def fails(*_, **__):
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(anyio, "getaddrinfo", fails)
    code = socket.EAI_NONAME
    assert await resolve("web.example") is None
    code = socket.EAI_AGAIN
    with pytest.raises(OSError, match="no"):
        await resolve("web.example")
