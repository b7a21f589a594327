"""Kinds that are read and checked here and that a linker does not start with yet: announcers, request authorizers and
trace propagators other than the default. linkerd.md sections 3.17 and 3.21; refused by `checks.py`."""

from __future__ import annotations

from dtab import Path
from namer.config import FieldError, HostAndPort, NonEmpty, Port
from namer.plugin import Registry
from namer.records import config_class

ANNOUNCERS = Registry("announcer")
AUTHORIZERS = Registry("request authorizer")
PROPAGATORS = Registry("trace propagator", default="io.l5d.default")


@ANNOUNCERS.register("io.l5d.serversets")
@config_class
class ServersetsAnnouncer:
    """zkAddrs: the ZooKeeper servers, port 2181 where none is given."""

    zkAddrs: tuple[HostAndPort, ...]
    pathPrefix: Path = Path.read("/discovery")
    prefix: Path = Path.read("/io.l5d.serversets")

    def __post_init__(self) -> None:
        if not self.zkAddrs:
            raise FieldError("zkAddrs", "at least one server is required")


@AUTHORIZERS.register("io.l5d.k8s.istio")
@config_class
class IstioAuthorizer:
    """Asks Istio Mixer before dispatch."""

    mixerHost: NonEmpty = "istio-mixer"
    mixerPort: Port = 9091


@PROPAGATORS.register("io.l5d.default")
@config_class
class DefaultPropagator:
    """`l5d-ctx-trace`, `l5d-sample`, `l5d-reqid`."""


@PROPAGATORS.register("io.l5d.zipkin")
@config_class
class ZipkinPropagator:
    """B3 headers."""
