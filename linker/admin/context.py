"""What the admin server shows and does: ports that the assembly fills, so that handlers need no router and no namer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dtab import Dtab, Path
from linker.http.message import Request
from linker.metrics import Metrics
from linker.telemeters.base import Telemeter
from namer.interpreter import Interpreter
from namer.namer import ServedNamer
from namer.records import record


class RouterView(Protocol):
    """One router, as the admin server sees it."""

    @property
    def label(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def dtab(self) -> Dtab: ...
    @property
    def interpreter(self) -> Interpreter: ...

    async def identify(self, request: Request, /) -> tuple[Path, Dtab]:
        """The name and the whole dtab (base ++ local) that this request would get. Raises ProxyError."""
        ...

    def client_state(self) -> dict[str, dict[str, Any]]:
        """Client id → {"state": …, "addresses": […]}: linkerd.md section 9.5."""
        ...


@record
class AdminContext:
    """Everything the handlers reach.

    shutdown: begins the drain with that many seconds of grace and returns at once. namers: those that are `Stateful` or
    `Enumerable` show their state or their names. telemeters: each gives a page; Prometheus text is at its default path
    in any case. routers may grow while starting.
    """

    metrics: Metrics
    config_json: Callable[[], object]
    shutdown: Callable[[float], None]
    routers: Sequence[RouterView] = ()
    namers: Sequence[ServedNamer] = ()
    grace_seconds: float = 10.0
    telemeters: Sequence[Telemeter] = ()
