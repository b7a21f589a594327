"""A small HTTP/1.1 server on trio and h11 for whole messages: the admin server's transport, not the hot path.

Strategy: one task a connection, not too many of them; `connection` is what each does.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio

from linker.admin.message import AdminRequest, AdminResponse, Handler, text
from linker.config.sockets import SocketOptions
from namer.records import record

BACKLOG = 128
"""Connections that may wait to be accepted: as many as are served at a time, and some."""


@record
class Limits:
    """connections: open at a time, more are refused with 503. head, body: bytes. idle, exchange, send: seconds to wait
    for a request's head, for its body, for the client to take the response. no_delay: TCP_NODELAY."""

    connections: int = 100
    head: int = 16 * 1024
    body: int = 1024 * 1024
    idle: float = 60.0
    exchange: float = 10.0
    send: float = 30.0
    no_delay: bool = True


LIMITS = Limits()


def limits_of(options: SocketOptions) -> Limits:
    """What `admin.socketOptions` say of connections; its other keys are the listening socket's (`listen`)."""
    read, write = options.readTimeoutMs, options.writeTimeoutMs
    return Limits(
        idle=min(LIMITS.idle, read / 1000) if read is not None else LIMITS.idle,
        exchange=min(LIMITS.exchange, read / 1000) if read is not None else LIMITS.exchange,
        send=min(LIMITS.send, write / 1000) if write is not None else LIMITS.send,
        no_delay=options.noDelay,
    )


async def serve_http(listeners: Sequence[trio.SocketListener], handle: Handler, limits: Limits = LIMITS) -> None:
    """Serve until cancelled. The listeners and all connections are closed then."""
    server = Server(handle, limits)
    await trio.serve_listeners(server.connection, list(listeners))


class Server:
    """Counts connections and serves each: `connection(stream)` is the handler for `trio.serve_listeners`."""

    def __init__(self, handle: Handler, limits: Limits = LIMITS) -> None:
        self.handle = handle
        self.limits = limits
        self.connections = 0

    async def connection(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until it ends; closes the stream."""
        from linker.admin.connection import Connection  # with h11 10 ms and 1 MB: not before somebody asks

        self.connections += 1
        if isinstance(stream, trio.SocketStream):
            stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, self.limits.no_delay)
        try:
            async with stream:
                full = self.connections > self.limits.connections
                await Connection(stream, _busy if full else self.handle, self.limits, once=full).run()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client has gone
        finally:
            self.connections -= 1


async def _busy(_: AdminRequest) -> AdminResponse:
    return text("too many connections\n", 503)


async def listen(ip: str, port: int, options: SocketOptions) -> trio.SocketListener:
    """A listener on one address (an IP literal). Raises OSError that names it."""
    sock = trio.socket.socket(trio.socket.AF_INET6 if ":" in ip else trio.socket.AF_INET)
    try:
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEADDR, options.reuseAddr)
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEPORT, options.reusePort)
        if options.keepAlive is not None:
            sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_KEEPALIVE, options.keepAlive)
        await sock.bind((ip, port))
        sock.listen(options.backlog or BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot listen on {ip}:{port}: {error.strerror}") from error
    except BaseException:
        sock.close()
        raise
    return trio.SocketListener(sock)
