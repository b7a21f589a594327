"""The three timeouts of an exchange: the server's, the service's, an attempt's (linkerd.md section 5.7, observed.md).

All stop when the response headers are there; a body that streams is not bounded. Each tightens the request's deadline,
which ContextOut tells the service. Binding has a timeout of its own (linker/routing.py).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import time
from typing import Any

from linker.errors import AttemptTimeout, RequestTimeout, ServerTimeout
from linker.http.message import Request, Response
from linker.service import Clock, Service

TimeoutScope = Callable[[float, Callable[[], Exception]], AbstractContextManager[Any]]
"""The reactor's: `with timeout(seconds, make_error): await …` raises that error inside the block."""

_INDIVIDUAL = "an individual request, excluding retries"
_GLOBAL = "the request, including retries (if applicable)"


class Timeout:
    """Made by `server_timeout`, `total_timeout`, `attempt_timeout`."""

    def __init__(
        self, ms: int, scope: TimeoutScope, error: Callable[[Request], RequestTimeout], *, epoch: Clock = time
    ) -> None:
        self._seconds = ms / 1000
        self._scope = scope
        self._error = error
        self._epoch = epoch

    async def __call__(self, request: Request, next: Service, /) -> Response:
        before = request.deadline
        deadline = self._epoch() + self._seconds
        if before is None or deadline < before:
            request.deadline = deadline
        try:
            with self._scope(self._seconds, lambda: self._error(request)):
                return await next(request)
        finally:
            request.deadline = before  # the next attempt has a time of its own


def server_timeout(ms: int, scope: TimeoutScope, server: str, *, epoch: Clock = time) -> Timeout:
    """`timeoutMs` of a server; `server` is its ip:port."""
    text = _text(ms, server.replace(":", "/"), _INDIVIDUAL)
    return Timeout(ms, scope, lambda request: ServerTimeout(text + "Not Available"), epoch=epoch)


def total_timeout(ms: int, scope: TimeoutScope, service: str, *, epoch: Clock = time) -> Timeout:
    """`totalTimeoutMs` of a service; `service` is its name, /svc/…. Must be above retries."""
    text = _text(ms, service, _GLOBAL)
    return Timeout(ms, scope, lambda request: RequestTimeout(text + "Not Available"), epoch=epoch)


def attempt_timeout(ms: int, scope: TimeoutScope, client: str, *, epoch: Clock = time) -> Timeout:
    """`requestAttemptTimeoutMs` of a client; `client` is its id without the first slash. Must be below retries."""
    text = _text(ms, client, _INDIVIDUAL)

    def error(request: Request) -> AttemptTimeout:
        where = f"Downstream Address: {request.endpoint}" if request.endpoint is not None else "Not Available"
        return AttemptTimeout(text + where)

    return Timeout(ms, scope, error, epoch=epoch)


def _text(ms: int, whom: str, what: str) -> str:
    return f"exceeded {show_duration(ms)} to {whom} while waiting for a response for {what}. Remote Info: "


_UNITS = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1000), ("milliseconds", 1))


def show_duration(ms: int) -> str:
    """As linkerd prints it: `300.milliseconds`, `1.seconds+500.milliseconds`, `1.minutes`."""
    parts = []
    for name, size in _UNITS:
        count, ms = divmod(ms, size)
        if count:
            parts.append(f"{count}.{name}")
    return "+".join(parts) or "0.milliseconds"
