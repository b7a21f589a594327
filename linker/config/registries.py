"""The registries of the kinds that a configuration may name, in one place: each belongs to the package of its kinds."""

from __future__ import annotations

from dataclasses import dataclass

from namer.namers import NAMERS
from namer.plugin import Registry

TELEMETERS = Registry("telemeter")
INTERPRETERS = Registry("interpreter", default="default")


@INTERPRETERS.register("default")
@dataclass(frozen=True, kw_only=True)
class _Default:
    """Stands in until the interpreters are there."""


__all__ = ["INTERPRETERS", "NAMERS", "TELEMETERS"]
