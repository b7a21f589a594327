"""Service, Filter and `stack`: how everything a request meets is put together.

A service is `async (Request) -> Response`. A filter is `async (Request, next) -> Response`, where `next` is the service
below it. `stack` joins filters into one service, top to bottom; a None in the list is a filter that the
configuration left out. A filter must either return a response or raise; what it raises is a `linker.errors.ProxyError`
or passes through untouched (cancellation).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from linker.http.message import Request, Response

Service = Callable[[Request], Coroutine[Any, Any, Response]]


class Filter(Protocol):
    """One thing done around the service below."""

    def __call__(self, request: Request, next: Service, /) -> Coroutine[Any, Any, Response]: ...


def stack(*filters: Filter | None, to: Service) -> Service:
    """The service that passes a request through `filters`, first to last, and then to `to`."""
    service = to
    for each in reversed(filters):
        if each is not None:
            service = _wrapped(each, service)
    return service


def _wrapped(around: Filter, next_: Service) -> Service:
    # A closure and not functools.partial: partial cannot fill the second argument by position. The bound method, found
    # once, saves each request the look-up that calling an object costs.
    call = around.__call__
    return lambda request: call(request, next_)


class Clock(Protocol):
    """Seconds; monotonic for durations. Policies and filters are given one, so that tests own the time."""

    def __call__(self) -> float: ...


Sleep = Callable[[float], Awaitable[None]]
"""Waits that many seconds; the reactor's in the product, a fake in tests."""
