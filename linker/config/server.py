"""`routers[].servers[]`: the keys that servers of every protocol have. linkerd.md section 3.5."""

from __future__ import annotations

from dtab import Path
from linker.config.sockets import SessionConfig, SocketOptions
from linker.config.tls import ServerTls
from namer.config import IpLiteral, Port, PositiveInt, PositiveMillis, later
from namer.records import config_class


@config_class
class ServerConfig:
    """A protocol's class gives `port` its default; 0 lets the system choose.

    label: accepted, without effect, as in linkerd. maxConcurrentRequests: None is unlimited; what exceeds it is
    answered 503. timeoutMs: for one request at this server. clearContext: strip `l5d-*` from requests.
    """

    port: Port = 0
    ip: IpLiteral = "127.0.0.1"
    label: str | None = None
    tls: ServerTls | None = later()
    socketOptions: SocketOptions = SocketOptions()
    maxConcurrentRequests: PositiveInt | None = None
    timeoutMs: PositiveMillis | None = None
    announce: tuple[Path, ...] = later(())
    clearContext: bool = False
    serverSession: SessionConfig = SessionConfig()
