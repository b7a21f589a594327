"""One server of a router: a listening socket, its client connections, and how they are drained."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import anyio

from linker.config.http import HttpRouterConfig, HttpServerConfig
from linker.config.sockets import SocketOptions
from linker.errors import ClientError
from linker.filters.forwarded import connection_label
from linker.http.heads import HeadLimits
from linker.http.message import Request, Response
from linker.http.server import ServerConnection, ServerOptions
from linker.http.stats import ConnectionStats
from linker.logs import shown_address
from linker.parts import RouterParts
from linker.reactor import Reactor
from linker.service import PlainFilter
from linker.sockets import Listener, Socket
from linker.stacks import ServerStats, refused_side, server_side

log = logging.getLogger("linker")

BACKLOG = 1024
"""Connections the kernel may hold before they are accepted; the system's own limit applies on top."""


class Server:
    """Made listening. `stop` ends accepting and lets what is under way finish; then `emptied` is set."""

    def __init__(
        self, router: HttpRouterConfig, config: HttpServerConfig, parts: RouterParts, naming: PlainFilter
    ) -> None:
        metrics = parts.metrics.scope("server", f"{config.ip}/{config.port}")
        stats = ServerStats(metrics)
        self.config = config
        self.connections: set[ServerConnection] = set()
        self.emptied = anyio.Event()
        self._stopped = False
        self._reactor: Reactor = parts.reactor
        self._options = server_options(router, config)
        self._socket_options = socket_setter(config.socketOptions)
        self._service = server_side(router, config, stats, parts, naming)
        self._refused = refused_side(config, stats, parts, _raise_refusal)
        self._connection_stats = ConnectionStats(metrics)
        sock = listening(config.ip, config.port, config.socketOptions)
        self.address: tuple[str, int] = sock.getsockname()[:2]
        log.info("serving %s on %s", parts.label, shown_address(*self.address))
        self._listener = Listener(parts.reactor, sock, self._accepted)

    def _accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        sock.setblocking(False)
        try:
            self._socket_options(sock)
            local = sock.getsockname()[:2]
        except OSError:
            sock.close()  # the client has gone already
            return
        wrapped = Socket(self._reactor, sock)
        connection = ServerConnection(
            wrapped, peer, local, self._service, self._refuse, self._options, self._connection_stats
        )
        self.connections.add(connection)
        self._reactor.spawn(self._run(connection))

    async def _run(self, connection: ServerConnection) -> None:
        try:
            await connection.run()
        finally:
            self.connections.discard(connection)
            if not self.connections and self._stopped:
                self.emptied.set()

    async def _refuse(self, request: Request, error: ClientError) -> Response:
        request.refusal = error
        return await self._refused(request)

    def stop(self) -> None:
        """Stop accepting; idle connections end now, busy ones after their answer."""
        self._stopped = True
        self._listener.close()
        if not self.connections:
            self.emptied.set()
        for connection in tuple(self.connections):
            connection.drain()

    def __repr__(self) -> str:
        return f"<Server {self.address[0]}:{self.address[1]} {len(self.connections)} connections>"


async def _raise_refusal(request: Request) -> Response:
    assert request.refusal is not None
    raise request.refusal


def listening(ip: str, port: int, options: SocketOptions) -> socket.socket:
    """A listening socket. Raises OSError that names the address."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, options.reuseAddr)
        if options.reusePort:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((ip, port))
        sock.listen(options.backlog or BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot listen on {shown_address(ip, port)[1:]}: {error.strerror}") from error
    return sock


def socket_setter(options: SocketOptions) -> Callable[[socket.socket], None]:
    """Sets a connection's options: noDelay, keepAlive."""

    def set_(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, options.noDelay)
        if options.keepAlive is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, options.keepAlive)

    return set_


def head_limits(router: HttpRouterConfig) -> HeadLimits:
    """maxInitialLineKB and maxHeadersKB, for requests and for responses."""
    return HeadLimits(router.maxInitialLineKB * 1024, router.maxHeadersKB * 1024)


def stream_after(router: HttpRouterConfig) -> int | None:
    """Bytes of a body beyond which it is streamed; None: it never is."""
    return router.stream_after_bytes if router.streamingEnabled else None


def server_options(router: HttpRouterConfig, config: HttpServerConfig) -> ServerOptions:
    """Limits and times of a server's connections."""
    session, options = config.serverSession, config.socketOptions
    forwarded = config.addForwardedHeader
    return ServerOptions(
        limits=head_limits(router),
        stream_after=stream_after(router),
        mk_id=connection_label if forwarded is not None and forwarded.by_connection else None,
        idle_timeout=soonest(session.idleTimeMs, options.readTimeoutMs),
        life_time=seconds(session.lifeTimeMs),
        read_timeout=seconds(options.readTimeoutMs),
        write_timeout=seconds(options.writeTimeoutMs),
    )


def soonest(*ms: int | None) -> float | None:
    """The shortest of these times in seconds; None when none is given."""
    given = [each for each in ms if each is not None]
    return min(given) / 1000 if given else None


def seconds(ms: int | None) -> float | None:
    """Milliseconds as seconds; None stays."""
    return None if ms is None else ms / 1000
