"""`routers[]`: the keys that routers of every protocol have, and the registry of protocols. linkerd.md section 3.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Any, ClassVar

from dtab import Dtab, Path
from linker.config.client import CLIENTS, ClientConfig
from linker.config.plugins import ANNOUNCERS
from linker.config.server import ServerConfig
from linker.config.service import SERVICES, ServiceConfig
from namer.config import FieldError, NonEmpty, PositiveInt, PositiveMillis, PositiveSeconds, later
from namer.interpreters import INTERPRETERS
from namer.plugin import Registry
from namer.records import config_class

PROTOCOLS = Registry("protocol", tag="protocol", planned=("h2", "thrift", "mux", "thriftmux"), takes_experimental=True)


@config_class
class BindingCacheConfig:
    """How many names of each tier are kept, and for how long unused."""

    paths: PositiveInt = 1000
    trees: PositiveInt = 1000
    bounds: PositiveInt = 1000
    clients: PositiveInt = 1000
    idleTtlSecs: PositiveSeconds = 600


@config_class
class RouterConfig:
    """A protocol's class adds its keys, and the type and default port of its servers.

    label: None stands for the protocol's name, see `name`. originator: only a gauge says it. experimental: accepted.
    """

    protocol: ClassVar[str]
    removed_keys: ClassVar[dict[str, str]] = {
        "baseDtab": "renamed: use dtab",
        "responseClassifier": "moved: use service.responseClassifier",
        "retries": "moved: use service.retries",
        "timeoutMs": "moved: use service.totalTimeoutMs or client.requestAttemptTimeoutMs",
        "httpUriInDst": "moved: use httpUriInDst of identifier io.l5d.methodAndHost",
        "maxChunkKB": "removed in linkerd 1.6.0: chunks are streamed",
        "maxRequestKB": "removed in linkerd 1.7.0: bodies are streamed, see streamAfterContentLengthKB",
        "maxResponseKB": "removed in linkerd 1.7.0: bodies are streamed, see streamAfterContentLengthKB",
        "httpRequestAuthorizers": "moved: use client.requestAuthorizers",
        "requestAuthorizers": "moved: use client.requestAuthorizers",
        "loggers": "moved: use client.requestAuthorizers",
        "addForwardedHeader": "moved: use servers[].addForwardedHeader",
        "engine": "removed in linkerd 1.3.0: there is one engine",
        "failFast": "moved: use client.failFast",
        "bindingTimeout": "renamed: use bindingTimeoutMs",
    }

    label: NonEmpty | None = None
    servers: Sequence[ServerConfig] = ()
    client: Annotated[ClientConfig, CLIENTS] = field(default_factory=CLIENTS.default_config)
    service: Annotated[ServiceConfig, SERVICES] = field(default_factory=SERVICES.default_config)
    dtab: Dtab = Dtab()
    dstPrefix: Path = Path.read("/svc")
    interpreter: Annotated[Any, INTERPRETERS] = field(default_factory=INTERPRETERS.default_config)
    announcers: tuple[Annotated[Any, ANNOUNCERS], ...] = later(())
    bindingTimeoutMs: PositiveMillis = 10_000
    bindingCache: BindingCacheConfig = BindingCacheConfig()
    originator: bool = False
    experimental: bool = False

    def __post_init__(self) -> None:
        if not self.servers:
            raise FieldError("servers", f"router '{self.name}' has no servers")

    @property
    def name(self) -> str:
        """The label, which is the protocol where none is given."""
        return self.label or self.protocol
