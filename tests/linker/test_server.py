"""What of the configuration becomes sockets and times of a server."""

from __future__ import annotations

import socket

import pytest

from linker.config.sockets import SocketOptions
from linker.server import listening, socket_setter, soonest

NO_DELAY, KEEP_ALIVE = (socket.IPPROTO_TCP, socket.TCP_NODELAY), (socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.parametrize("on", [False, True])
def test_connections_get_their_options(on: bool) -> None:
    with socket.socket() as sock:
        socket_setter(SocketOptions(noDelay=on, keepAlive=on))(sock)
        assert [bool(sock.getsockopt(*option)) for option in (NO_DELAY, KEEP_ALIVE)] == [on, on]


def test_what_is_not_said_stays_as_the_system_has_it() -> None:
    with socket.socket() as sock:
        sock.setsockopt(*KEEP_ALIVE, 1)
        socket_setter(SocketOptions())(sock)
        assert [bool(sock.getsockopt(*option)) for option in (NO_DELAY, KEEP_ALIVE)] == [True, True]


@pytest.mark.parametrize("on", [False, True])
def test_listeners_get_theirs(on: bool) -> None:
    with listening("127.0.0.1", 0, SocketOptions(reuseAddr=on, reusePort=on)) as sock:
        options = [(socket.SOL_SOCKET, option) for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT)]
        assert [bool(sock.getsockopt(*option)) for option in options] == [on, on]


def test_an_address_in_use_is_named() -> None:
    with listening("127.0.0.1", 0, SocketOptions()) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            listening("127.0.0.1", port, SocketOptions())


def test_the_shortest_time_holds() -> None:
    assert soonest(None, None) is None
    assert soonest(1500, None) == soonest(2000, 1500) == 1.5
