"""`protocol: http`: the keys of its routers and servers beyond the common ones. linkerd.md section 3.13."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, ClassVar

from linker.accesslog import RollPolicy
from linker.config.plugins import PROPAGATORS
from linker.config.router import PROTOCOLS, RouterConfig
from linker.config.server import ServerConfig
from linker.filters.forwarded import ForwardedHeaderConfig
from linker.identifiers import IDENTIFIERS
from namer.config import (
    FieldError,
    FromText,
    Kilobytes,
    NonEmpty,
    NonNegativeInt,
    Port,
    PositiveInt,
    at_least,
    between,
    later,
)
from namer.records import config_class


@config_class
class HttpServerConfig(ServerConfig):
    """timestampHeader: gets the time of arrival, epoch milliseconds. maxCallDepth: the most entries of Via."""

    port: Port = 4140
    addForwardedHeader: ForwardedHeaderConfig | None = None
    timestampHeader: NonEmpty | None = None
    maxCallDepth: NonNegativeInt = 1000


@PROTOCOLS.register("http")
@config_class
class HttpRouterConfig(RouterConfig):
    """Sizes are in KB of 1024 bytes.

    identifier: one or several, tried in order, see `identifiers`. streamAfterContentLengthKB: longer bodies of known
    length are streamed; None stands for 5. compressionLevel: -1 for textual types alone, 0 none, 1..9 everything.
    httpAccessLogRotateCount: rolled files kept, -1 all.
    """

    protocol: ClassVar[str] = "http"

    servers: tuple[HttpServerConfig, ...] = ()
    identifier: Annotated[Any, IDENTIFIERS] | tuple[Annotated[Any, IDENTIFIERS], ...] = field(
        default_factory=IDENTIFIERS.default_config
    )
    httpAccessLog: NonEmpty | None = None
    httpAccessLogRollPolicy: Annotated[RollPolicy, FromText(RollPolicy.read)] = RollPolicy()
    httpAccessLogAppend: bool = True
    httpAccessLogRotateCount: Annotated[int, at_least(-1)] = -1
    maxInitialLineKB: PositiveInt = 4
    maxHeadersKB: PositiveInt = 8
    maxErrResponseKB: Kilobytes = 5120
    streamingEnabled: bool = True
    streamAfterContentLengthKB: Kilobytes | None = None
    compressionLevel: Annotated[int, between(-1, 9)] = -1
    tracePropagator: Annotated[Any, PROPAGATORS] = later(factory=PROPAGATORS.default_config)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.identifier == ():
            raise FieldError("identifier", "at least one identifier is required")

    @property
    def identifiers(self) -> tuple[Any, ...]:
        """The identifiers in the order they are tried."""
        return self.identifier if isinstance(self.identifier, tuple) else (self.identifier,)

    @property
    def stream_after_bytes(self) -> int:
        """Bodies of a known length beyond this are streamed."""
        return 1024 * (5 if self.streamAfterContentLengthKB is None else self.streamAfterContentLengthKB)
