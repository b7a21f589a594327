"""Why a request went nowhere: what is logged of a name that leads nowhere, and what a client who asks is told.

A naming 502 is as terse as linkerd's. The delegation that was tried, drawn as a tree, goes to the log, once a name and
state of its tree, and behind the usual text to a client whose request says `l5d-add-context: true`.

Strategy: a drawing is made in trio, off the path of other requests, and kept with the route until its tree changes.
Names can be made up without end, so log lines come out of a bucket; those left out are counted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING

import trio

from dtab import Dtab, Path
from linker.errors import NamingError
from linker.filters.diagnostic_tracer import wants_context
from linker.http.message import Request
from linker.reactor import Reactor
from linker.service import Clock
from namer.delegation import DelegateTree, draw
from namer.namer import BindingError

if TYPE_CHECKING:
    from linker.routing import Route

log = logging.getLogger("linker.routing")

Delegate = Callable[[Dtab, Path], Awaitable[DelegateTree]]

LIMIT_S = 2.0
"""Seconds until a pending namer ends the drawing: as long as /delegator.json waits."""
MAX_DRAWING = 16 * 1024
"""Characters of a drawing: a route keeps it, a log line and a body carry it."""
BURST = 20
REFILL_S = 1.0
"""Log lines at once, and seconds until there may be one more."""


class Unroutable:
    """One per router. delegate: runs in trio; (the request's dtab, name) → the delegation under router and request."""

    def __init__(self, reactor: Reactor, delegate: Delegate, *, clock: Clock = monotonic) -> None:
        self._reactor = reactor
        self._delegate = delegate
        self._clock = clock
        self._tokens = float(BURST)
        self._refilled = clock()
        self._left_out = 0

    async def tell(self, request: Request, error: NamingError, state: object) -> None:
        """Log it if it is news, and give `error` its context if the request wants that. `state`: of what the name leads
        to, compared by identity: while it stays there is nothing new to say."""
        route = request.route
        if route is None:
            return
        if route.told is not state:
            route.told, route.drawing = state, None
            if self._may_log():
                left_out, self._left_out = self._left_out, 0
                others = f" ({left_out} other names were left out of the log)" if left_out else ""
                why = str(error).partition("\n")[0] + others
                self._reactor.spawn(self._log(route, request.dst, request.dtab, why))
        if wants_context(request):
            error.context = await self._drawing(route, request.dst, request.dtab)

    async def _log(self, route: Route, dst: Path, dtab: Dtab, why: str) -> None:
        drawing = await self._drawing(route, dst, dtab)
        override = f", l5d-dtab {dtab.show()}" if dtab else ""
        log.warning("cannot route %s%s: %s\n%s", dst.show(), override, why, drawing)

    async def _drawing(self, route: Route, dst: Path, dtab: Dtab) -> str:
        if route.drawing is None:
            state = route.told
            drawing = await self._reactor.in_trio(self._draw, dst, dtab)
            if route.told is not state:
                return drawing  # of a moment ago: not worth keeping
            route.drawing = drawing
        return route.drawing

    async def _draw(self, dst: Path, dtab: Dtab) -> str:
        try:
            with trio.fail_after(LIMIT_S):
                drawing = draw(await self._delegate(dtab, dst))
        except trio.TooSlowError:
            return f"{dst.show()}: no delegation within {LIMIT_S:g} s"
        except BindingError as error:
            return f"{dst.show()}: {error}"
        return drawing if len(drawing) <= MAX_DRAWING else drawing[:MAX_DRAWING] + "…"

    def _may_log(self) -> bool:
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._refilled) / REFILL_S)
        self._refilled = now
        if self._tokens < 1:
            self._left_out += 1
            return False
        self._tokens -= 1
        return True
