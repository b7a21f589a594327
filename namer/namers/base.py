"""What the configurations of all namers have in common. linkerd.md section 3.18, dtab.md section 8.1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from dtab import Path
from namer.namer import Namer, ServedNamer, TransformedNamer
from namer.plugin import Registry
from namer.records import config_class
from namer.transformers import TRANSFORMERS, TransformerConfig, TransformerParts

NAMERS = Registry(
    "namer",
    planned=(
        "io.l5d.consul",
        "io.l5d.curator",
        "io.l5d.dnssrv",
        "io.l5d.k8s",
        "io.l5d.k8s.external",
        "io.l5d.k8s.istio",
        "io.l5d.k8s.ns",
        "io.l5d.marathon",
        "io.l5d.rancher",
        "io.l5d.serversets",
        "io.l5d.zkLeader",
    ),
    takes_experimental=True,
)
"""kind → configuration class with `serve(parts) -> ServedNamer`."""

NAMERS_PREFIX = Path.of("#")
"""`/#`: below it live the configured namers."""


@config_class
class NamerConfig(ABC):
    """prefix: served below `/#`; default: `/` and the kind. transformers: applied in order to what the namer says."""

    kind: ClassVar[str]

    prefix: Path | None = None
    transformers: tuple[Annotated[TransformerConfig, TRANSFORMERS], ...] = ()

    @property
    def served(self) -> Path:
        """The whole prefix of its names: `/#/io.l5d.fs`."""
        return NAMERS_PREFIX + (Path.of(self.kind) if self.prefix is None else self.prefix)

    @abstractmethod
    def mk(self, parts: TransformerParts) -> Namer:
        """The namer alone. It does nothing until it is asked."""

    def serve(self, parts: TransformerParts) -> ServedNamer:
        """The namer at its prefix, with its transformers."""
        namer = self.mk(parts)
        if self.transformers:
            namer = TransformedNamer(namer, tuple(transformer.mk(parts) for transformer in self.transformers))
        return ServedNamer(self.served, namer)
