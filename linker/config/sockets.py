"""`socketOptions` and sessions of servers, clients and the admin server. linkerd.md sections 3.5.2, 3.5, 3.6."""

from __future__ import annotations

from namer.config import Millis, PositiveInt, PositiveMillis
from namer.records import config_class


@config_class
class SocketOptions:
    """None leaves the platform's setting."""

    noDelay: bool = True
    reuseAddr: bool = True
    reusePort: bool = False
    readTimeoutMs: PositiveMillis | None = None
    writeTimeoutMs: PositiveMillis | None = None
    keepAlive: bool | None = None
    backlog: PositiveInt | None = None


@config_class
class SessionConfig:
    """`serverSession`, `clientSession`: connections idle, or alive, for longer are closed; None is unbounded."""

    idleTimeMs: Millis | None = None
    lifeTimeMs: Millis | None = None
