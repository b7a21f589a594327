"""`routers[].service`: `io.l5d.global`, or `io.l5d.static` with an entry a prefix of identified names.

linkerd.md section 3.7.
"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Annotated, Any

from dtab import Path
from linker.classifiers import CLASSIFIERS
from linker.config.merge import names_of, said
from linker.config.retries import RetriesConfig
from namer.config import PositiveMillis
from namer.pathmatcher import PathMatcher
from namer.plugin import Registry
from namer.records import config_class

SERVICES = Registry("service", default="io.l5d.global", implicit=True)


@config_class
class ServiceParams:
    """What holds for one identified name, defaults filled in. totalTimeoutMs: with all retries; None is no limit."""

    totalTimeoutMs: int | None = None
    retries: RetriesConfig = field(default_factory=RetriesConfig)
    responseClassifier: Any = field(default_factory=CLASSIFIERS.default_config)


_NAMES = names_of(ServiceParams)


@config_class
class ServiceKeys:
    """The same as keys of the file: None is "not said here"."""

    totalTimeoutMs: PositiveMillis | None = None
    retries: RetriesConfig | None = None
    responseClassifier: Annotated[Any, CLASSIFIERS] | None = None


@config_class
class StaticServiceEntry(ServiceKeys):
    """prefix: a pattern over identified names (`/svc/foo`)."""

    prefix: str

    @cached_property
    def matcher(self) -> PathMatcher:
        """The prefix, compiled."""
        return PathMatcher(self.prefix)


class ServiceConfig:
    """Either kind of `service`."""

    def params_for(self, path: Path) -> ServiceParams:
        """The parameters of the service identified as `path`. Raises `PathTooShort` (`namer/pathmatcher.py`)."""
        raise NotImplementedError


@SERVICES.register("io.l5d.global")
@config_class
class GlobalService(ServiceKeys, ServiceConfig):
    """The same for every service."""

    def params_for(self, path: Path) -> ServiceParams:
        return self._params

    @cached_property
    def _params(self) -> ServiceParams:
        return ServiceParams(**said(self, _NAMES))


@SERVICES.register("io.l5d.static")
@config_class
class StaticService(ServiceConfig):
    """By the identified name: all entries that match, later ones overriding."""

    configs: tuple[StaticServiceEntry, ...]

    def params_for(self, path: Path) -> ServiceParams:
        merged: dict[str, Any] = {}
        for entry in self.configs:
            if entry.matcher.extract(path) is not None:
                merged |= said(entry, _NAMES)
        return ServiceParams(**merged)
