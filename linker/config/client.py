"""`routers[].client`: `io.l5d.global`, or `io.l5d.static` with an entry a prefix of bound names.

linkerd.md section 3.6. These are the keys for protocol http, which h2 shares but for its flow control.
"""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property
from typing import Annotated, Any

from dtab import Path
from linker.accrual import ACCRUALS, DEFAULT_ACCRUAL
from linker.balancers import BALANCERS
from linker.config.merge import names_of, said
from linker.config.plugins import AUTHORIZERS
from linker.config.retries import BudgetConfig
from linker.config.sockets import SessionConfig, SocketOptions
from linker.config.tls import ClientTls
from namer.config import Millis, NonNegativeInt, PositiveInt, PositiveMillis, later
from namer.pathmatcher import PathMatcher, substitute
from namer.plugin import Registry
from namer.records import config_class

UNBOUNDED = 2**31 - 1
"""linkerd's default for pool sizes: no limit."""

CLIENTS = Registry("client", default="io.l5d.global", implicit=True)


@config_class
class PoolConfig:
    """`hostConnectionPool`, an endpoint. idleTimeMs applies above minSize; None is for ever."""

    minSize: NonNegativeInt = 0
    maxSize: PositiveInt = UNBOUNDED
    idleTimeMs: Millis | None = None
    maxWaiters: NonNegativeInt = UNBOUNDED

    def __post_init__(self) -> None:
        if self.minSize > self.maxSize:
            raise ValueError(f"minSize {self.minSize} is larger than maxSize {self.maxSize}")


@config_class
class ClientParams:
    """What holds for the client of one bound name, defaults filled in.

    requestAttemptTimeoutMs: of one attempt. requeueBudget: for requests that were certainly not processed.
    """

    tls: ClientTls | None = None
    loadBalancer: Any = field(default_factory=BALANCERS.default_config)
    hostConnectionPool: PoolConfig = PoolConfig()
    failFast: bool = False
    failureAccrual: Any = DEFAULT_ACCRUAL
    requestAttemptTimeoutMs: int | None = None
    requeueBudget: BudgetConfig = BudgetConfig()
    clientSession: SessionConfig = SessionConfig()
    socketOptions: SocketOptions = SocketOptions()
    requestAuthorizers: tuple[Any, ...] = ()
    forwardClientCert: bool = False


_NAMES = names_of(ClientParams)


@config_class
class ClientKeys:
    """The same as keys of the file: None is "not said here"."""

    tls: ClientTls | None = later()
    loadBalancer: Annotated[Any, BALANCERS] | None = None
    hostConnectionPool: PoolConfig | None = None
    failFast: bool | None = None
    failureAccrual: Annotated[Any, ACCRUALS] | None = None
    requestAttemptTimeoutMs: PositiveMillis | None = None
    requeueBudget: BudgetConfig | None = None
    clientSession: SessionConfig | None = None
    socketOptions: SocketOptions | None = None
    requestAuthorizers: tuple[Annotated[Any, AUTHORIZERS], ...] | None = later()
    forwardClientCert: bool | None = later()


@config_class
class StaticClientEntry(ClientKeys):
    """prefix: a pattern over bound names, transformer prefixes included; tls.commonName may use its `{variables}`."""

    prefix: str

    @cached_property
    def matcher(self) -> PathMatcher:
        """The prefix, compiled."""
        return PathMatcher(self.prefix)


class ClientConfig:
    """Either kind of `client`."""

    def params_for(self, id_: Path) -> ClientParams:
        """The parameters of the client of the bound name `id_`. Raises `PathTooShort` (`namer/pathmatcher.py`)."""
        raise NotImplementedError


@CLIENTS.register("io.l5d.global")
@config_class
class GlobalClient(ClientKeys, ClientConfig):
    """The same for every client."""

    def params_for(self, id_: Path) -> ClientParams:
        return self._params

    @cached_property
    def _params(self) -> ClientParams:
        return ClientParams(**said(self, _NAMES))


@CLIENTS.register("io.l5d.static")
@config_class
class StaticClient(ClientConfig):
    """By the bound name: all entries that match, later ones overriding."""

    configs: tuple[StaticClientEntry, ...]

    def params_for(self, id_: Path) -> ClientParams:
        merged: dict[str, Any] = {}
        for entry in self.configs:
            variables = entry.matcher.extract(id_)
            if variables is None:
                continue
            merged |= said(entry, _NAMES)
            if entry.tls is not None and entry.tls.commonName is not None:
                merged["tls"] = replace(entry.tls, commonName=substitute(entry.tls.commonName, variables))
        return ClientParams(**merged)
