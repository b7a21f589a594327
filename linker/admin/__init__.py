"""The admin server: what runs, what it knows, what it counts, and how to stop it. linkerd.md section 9.

`serve_admin` opens its ports; `AdminContext` is what the assembly fills. `server` is the transport, `routes` the list
of resources, `handlers` one module a resource.
"""

from __future__ import annotations

import logging

import trio

from linker.admin.context import AdminContext, RouterView
from linker.admin.handlers import identifier
from linker.admin.message import Handler
from linker.admin.routes import dispatcher, routes
from linker.admin.security import Security
from linker.admin.server import Limits, limits_of, listen, serve_http
from linker.config.admin import AdminConfig
from linker.logs import shown_address
from namer.records import record

__all__ = ["AdminContext", "AdminServer", "RouterView", "serve_admin"]

log = logging.getLogger("linker.admin")


@record
class AdminServer:
    """The running server: its ports as bound (identifier_port: None without admin.httpIdentifierPort)."""

    port: int
    identifier_port: int | None
    _scope: trio.CancelScope

    def close(self) -> None:
        """Close listeners and connections. Last in the close order, after routers and telemeters."""
        self._scope.cancel()


async def serve_admin(nursery: trio.Nursery, config: AdminConfig, context: AdminContext) -> AdminServer:
    """Open the ports and serve in `nursery` until `close` or the nursery's end. Raises OSError naming the address."""
    pages = dispatcher(routes(context), Security.of(config.security))
    servers = [("admin", config.port, pages)]
    if config.httpIdentifierPort is not None:
        servers.append(("identifier", config.httpIdentifierPort, identifier.handler(context)))
    listeners: list[tuple[trio.SocketListener, Handler]] = []
    ports: list[int] = []
    try:
        for name, port, handle in servers:
            listener = await listen(config.ip, port, config.socketOptions)
            listeners.append((listener, handle))
            ports.append(listener.socket.getsockname()[1])
            log.info("serving http %s on %s", name, shown_address(config.ip, ports[-1]))
    except BaseException:
        for listener, _ in listeners:
            listener.socket.close()
        raise
    scope = trio.CancelScope()
    nursery.start_soon(_serve, scope, listeners, limits_of(config.socketOptions), name="admin server")
    return AdminServer(ports[0], ports[1] if len(ports) > 1 else None, scope)


async def _serve(scope: trio.CancelScope, listeners: list[tuple[trio.SocketListener, Handler]], limits: Limits) -> None:
    with scope:
        async with trio.open_nursery() as nursery:
            for listener, handle in listeners:
                nursery.start_soon(serve_http, [listener], handle, limits)
