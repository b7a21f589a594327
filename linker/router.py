"""One router: its servers, what names and binds their requests, and the cached tiers behind.

`stacks.py` holds the lists that its requests pass; this module puts a router together from its configuration.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import anyio

from dtab import Dtab, Path
from linker.accesslog import AccessLogWriter, RollingFile
from linker.classifiers import Classify
from linker.client import Client, ClientSettings
from linker.config.client import ClientParams
from linker.config.http import HttpRouterConfig
from linker.errors import NamingError
from linker.explain import steps
from linker.filters.access_log import AccessLog
from linker.http.client import ClientOptions
from linker.http.message import NO_DTAB, Request
from linker.http.pool import PoolOptions
from linker.identifiers import NotIdentified, mk_identifier, unknown_dst
from linker.metrics import Metrics
from linker.parts import RouterParts
from linker.reactor import Reactor
from linker.routing import LogicalService, Naming, Tiers
from linker.server import Server, head_limits, seconds, socket_setter, soonest, stream_after
from linker.stacks import service_side
from linker.unroutable import Unroutable
from namer.delegation import DelegateTree
from namer.interpreter import Interpreter
from namer.name import Bound
from namer.namer import BindingError
from namer.pathmatcher import PathTooShort

log = logging.getLogger("linker")

_SETTINGS_KEPT = 64  # different parameters of clients: as many as an `io.l5d.static` client may well have entries


class Router:
    """Made idle; `serve` opens its servers. `close` after the servers were drained."""

    def __init__(self, config: HttpRouterConfig, interpreter: Interpreter, metrics: Metrics, reactor: Reactor) -> None:
        self.config = config
        self.label = config.name
        self.protocol = config.protocol
        self.dtab: Dtab = config.dtab
        self.interpreter = interpreter
        self.servers: list[Server] = []
        self.access_log = _access_log(config)
        scope = metrics.scope("rt", self.label)
        if config.originator:
            scope.gauge("originator", lambda: 1.0)
        unroutable = Unroutable(reactor, self._delegate)
        self._parts = _parts(config, scope, reactor, self.access_log, self._steps, unroutable)
        self._identifier = mk_identifier(config.identifiers, config.dstPrefix)
        self._settings = _client_settings(config)
        self.tiers = Tiers(config.bindingCache, self._parts, self._bind, self._mk_name, self._mk_client)

    def _bind(self, local: Dtab, dst: Path) -> Any:
        return self.interpreter.bind(self.dtab + local if local is not NO_DTAB else self.dtab, dst)

    def _mk_name(self, dst: Path) -> LogicalService:
        try:
            params = self.config.service.params_for(dst)
        except PathTooShort as error:
            raise NamingError(f"service configuration: {error}") from error
        classify: Classify = params.responseClassifier.mk()
        return LogicalService(classify, lambda to: service_side(dst, params, classify, self._parts, to))

    def _mk_client(self, bound: Bound) -> Client:
        try:
            params = self.config.client.params_for(bound.id)
        except PathTooShort as error:
            raise NamingError(f"client configuration: {error}") from error
        return Client(bound, self._settings(params), self._parts)

    def serve(self) -> None:
        """Open every server's port. Raises OSError that names the address; those already open stay open."""
        for server in self.config.servers:
            self.servers.append(Server(self.config, server, self._parts, Naming(self._identifier, self.tiers)))

    # ---- what the admin server asks

    async def identify(self, request: Request) -> tuple[Path, Dtab]:
        """The name and the dtab that this request would get. Raises ProxyError."""
        dst = self._identifier.identify(request)
        if isinstance(dst, NotIdentified):
            raise unknown_dst(request, dst.reason)
        return dst, self.dtab + request.dtab

    def client_state(self) -> dict[str, dict[str, Any]]:
        """Client id → state and addresses."""
        return {id_.show(): client.state_json() for id_, client in self.tiers.clients.entries.items()}

    async def _delegate(self, local: Dtab, dst: Path) -> DelegateTree:
        return await self.interpreter.delegate(self.dtab + local, dst)

    async def _steps(self, path: Path) -> list[tuple[str, str]]:
        try:
            with anyio.fail_after(2):  # as long as /delegator.json waits
                return steps(await self.interpreter.delegate(self.dtab, path))
        except (BindingError, TimeoutError) as error:
            return [(path.show(), str(error) or type(error).__name__)]

    def close(self) -> None:
        """Close bindings, clients and their connections."""
        self.tiers.close()

    def __repr__(self) -> str:
        return f"<Router {self.label} {self.servers!r}>"


def _parts(
    config: HttpRouterConfig,
    metrics: Metrics,
    reactor: Reactor,
    writer: AccessLogWriter | None,
    steps_of: Callable[[Path], Any],
    unroutable: Unroutable,
) -> RouterParts:
    async def explained(path: Path) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = await reactor.in_trio(steps_of, path)
        return found

    return RouterParts(
        label=config.name,
        reactor=reactor,
        metrics=metrics,
        dtab=config.dtab,
        binding_timeout_ms=config.bindingTimeoutMs,
        max_err_header=config.maxHeadersKB * 1024,
        max_err_body=config.maxErrResponseKB * 1024,
        access_log=AccessLog(writer.write) if writer else None,
        generated_log=AccessLog(writer.write, generated=True) if writer else None,
        steps=explained,
        unroutable=unroutable,
    )


def _access_log(config: HttpRouterConfig) -> AccessLogWriter | None:
    if config.httpAccessLog is None:
        return None
    return AccessLogWriter(
        RollingFile(
            config.httpAccessLog,
            config.httpAccessLogRollPolicy,
            append=config.httpAccessLogAppend,
            keep=config.httpAccessLogRotateCount,
        )
    )


def _client_settings(config: HttpRouterConfig) -> Callable[[ClientParams], ClientSettings]:
    """Of equal parameters the same settings: nearly all of a thousand clients share them."""
    limits, whole_up_to = head_limits(config), stream_after(config)

    @lru_cache(_SETTINGS_KEPT)
    def settings(params: ClientParams) -> ClientSettings:
        pool, session, sockets = params.hostConnectionPool, params.clientSession, params.socketOptions
        options = PoolOptions(
            min_size=pool.minSize,
            max_size=pool.maxSize,
            max_waiters=pool.maxWaiters,
            idle_timeout=seconds(pool.idleTimeMs),
            session_idle=soonest(session.idleTimeMs, sockets.readTimeoutMs),
            session_life=seconds(session.lifeTimeMs),
            client=ClientOptions(
                limits=limits,
                stream_after=whole_up_to,
                read_timeout=seconds(sockets.readTimeoutMs),
                write_timeout=seconds(sockets.writeTimeoutMs),
            ),
            socket_options=socket_setter(sockets),
        )
        return ClientSettings(params, options)

    return settings
