"""The whole configuration of a linker. linkerd.md section 3.1."""

from __future__ import annotations

from typing import Annotated, Any

from linker.config.admin import AdminConfig, UsageConfig
from linker.config.router import PROTOCOLS, RouterConfig
from linker.telemeters import TELEMETERS
from namer.config import required
from namer.namers import NAMERS
from namer.records import config_class

NO_ROUTERS = "At least one router must be specified in the configuration."


@config_class
class LinkerConfig:
    """namers: a later one wins over an earlier one of the same prefix."""

    admin: AdminConfig = AdminConfig()
    usage: UsageConfig = UsageConfig()
    telemetry: tuple[Annotated[Any, TELEMETERS], ...] = ()
    namers: tuple[Annotated[Any, NAMERS], ...] = ()
    routers: tuple[Annotated[RouterConfig, PROTOCOLS], ...] = required(f"routers is required. {NO_ROUTERS}")
