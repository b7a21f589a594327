"""`admin` and `usage`. linkerd.md sections 3.2 and 3.3."""

from __future__ import annotations

from linker.config.sockets import SocketOptions
from linker.config.tls import ServerTls
from namer.config import IpLiteral, Millis, Port, PositiveInt, Regex, later
from namer.records import config_class


@config_class
class SecurityConfig:
    """Which admin paths answer: see linkerd.md section 3.2. The expressions must match a whole path."""

    uiEnabled: bool = True
    controlEnabled: bool = True
    diagnosticsEnabled: bool = True
    pathWhitelist: tuple[Regex, ...] = ()
    pathBlacklist: tuple[Regex, ...] = ()


@config_class
class AdminConfig:
    """shutdownGraceMs: how long a drain may take. workerThreads is accepted and means nothing here: there is one loop.

    httpIdentifierPort: of a second server, which tells how a request would be named; None: there is none.
    security: None: every path answers.
    """

    ip: IpLiteral = "127.0.0.1"
    port: Port = 9990
    socketOptions: SocketOptions = SocketOptions()
    httpIdentifierPort: Port | None = None
    shutdownGraceMs: Millis = 10_000
    tls: ServerTls | None = later()
    security: SecurityConfig | None = None
    workerThreads: PositiveInt = 2


@config_class
class UsageConfig:
    """Accepted; nothing is ever sent."""

    orgId: str | None = None
    enabled: bool = True
