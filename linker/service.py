"""Service, filters and `stack`: how everything a request meets is put together.

A service is `async (Request) -> Response`. A filter is `async (Request, next) -> Response`, where `next` is the service
below it. `stack` joins filters into one service, top to bottom; a None in the list is a filter that the
configuration left out. What a service raises is a `linker.errors.ProxyError`, or passes through untouched
(cancellation).

Most filters never wait: they edit the head on the way in, or count on the way out. As coroutines each would cost every
request half a microsecond and one more frame to go through at every resumption; 15 of them were a third of the whole.
So they are written as `PlainFilter`s, with methods for the way in, the way out and failure, and `stack` fuses each
run of them into one coroutine. The order of the list is kept exactly, also for errors.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cache
from time import perf_counter
from typing import Any, Protocol, cast

from linker.errors import ProxyError
from linker.http.message import Request, Response

Service = Callable[[Request], Coroutine[Any, Any, Response]]


class Clock(Protocol):
    """Seconds; monotonic for durations. Policies and filters are given one, so that tests own the time."""

    def __call__(self) -> float: ...


Sleep = Callable[[float], Awaitable[None]]
"""Waits that many seconds; the reactor's in the product, a fake in tests."""


class Filter(Protocol):
    """One thing done around the service below."""

    def __call__(self, request: Request, next: Service, /) -> Coroutine[Any, Any, Response]: ...


class PlainFilter:
    """A filter that never waits. Subclasses override what they need; it can be called as any other filter.

    clock: seconds; in a stack all plain filters in a row share the time that passed below them.
    fields: `enter` has something to do only for requests with one of these fields, and is not called for others.
    """

    clock: Clock = perf_counter
    fields: frozenset[bytes] | None = None

    def enter(self, request: Request) -> None:
        """On the way in. Raising a ProxyError refuses the request: filters above see it fail, none below sees it."""

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """On the way out: the service below answered after `ms` milliseconds. Must not raise."""

    def fail(self, request: Request, error: BaseException, ms: float) -> Response | None:
        """On the way out: the service below raised, or was cancelled. A response given here is the answer from here up;
        None lets the error go on."""

    async def __call__(self, request: Request, next: Service, /) -> Response:
        return await _fused((self,), next, self.clock)(request)


class RepeatingFilter(PlainFilter):
    """A plain filter that may send a request again, and waits only then. It is the last of those fused with it."""

    def wants_again(self, request: Request, outcome: Response | ProxyError) -> bool:
        """Whether `again` is to be asked about this outcome of the first attempt. On the path of every request."""
        raise NotImplementedError

    async def again(self, request: Request, outcome: Response | ProxyError, next: Service, /) -> Response:
        """The final response; raises the final error."""
        raise NotImplementedError


def stack(*filters: Filter | None, to: Service) -> Service:
    """The service that passes a request through `filters`, first to last, and then to `to`."""
    service = to
    row: list[PlainFilter] = []  # plain filters just above `service`, last first
    for each in reversed(filters):
        if isinstance(each, PlainFilter):
            if isinstance(each, RepeatingFilter) and row:
                service, row = _fused(row[::-1], service, perf_counter), []
            row.append(each)
        elif each is not None:
            if row:
                service, row = _fused(row[::-1], service, perf_counter), []
            service = _wrapped(each, service)
    return _fused(row[::-1], service, perf_counter) if row else service


def _wrapped(around: Filter, next_: Service) -> Service:
    # A closure and not functools.partial: partial cannot fill the second argument by position. The bound method, found
    # once, saves each request the look-up that calling an object costs.
    call = around.__call__
    return lambda request: call(request, next_)


def _fused(filters: Sequence[PlainFilter], next_: Service, clock: Clock) -> Service:
    """One coroutine for a row of plain filters.

    Its source is written for the row, each call a line of its own, as a person would write out the row by hand: in a
    loop the interpreter cannot tell what is called and takes the slow way for each (25 calls a request, 6 µs of it).
    """
    last = filters[-1]
    values: dict[str, object] = {"filters": filters, "next_": next_, "clock": clock, "unwind": _unwind}
    enters: list[str] = []
    leaves: list[str] = []
    for i, each in enumerate(filters):
        if _overrides(each, "enter"):
            values[f"enter{i}"] = each.enter
            guard = ""
            if each.fields is not None:
                values[f"fields{i}"] = each.fields
                guard = f"if not fields{i}.isdisjoint(request.headers.index): "
            enters += [f"{guard}enter{i}(request)", f"entered = {i + 1}"]
        if _overrides(each, "leave"):
            values[f"leave{i}"] = each.leave
            leaves.insert(0, f"leave{i}(request, response, ms)")
    if isinstance(last, RepeatingFilter):
        values |= {"wants_again": last.wants_again, "again": last.again, "ProxyError": ProxyError}
    source = _SOURCE.format(
        names=", ".join(values),
        enters="\n            ".join(enters) or "pass",
        attempt=_AGAIN if isinstance(last, RepeatingFilter) else "response = await next_(request)",
        leaves="\n        ".join(leaves) or "pass",
    )
    return _maker(source, ", ".join([type(each).__name__ for each in filters]))(**values)


@cache
def _maker(source: str, shown: str) -> Callable[..., Service]:
    """Compiled once for all rows of the same filters: compiling takes longer than all the rest, and code has a size."""
    names: dict[str, object] = {}
    exec(compile(source, f"<fused {shown}>", "exec"), names)  # the text below and numbers: nothing from outside
    return cast("Callable[..., Service]", names["make"])


_SOURCE = """\
def make({names}):
    async def run(request):
        began, entered = clock(), 0
        try:
            {enters}
            entered = -1
            {attempt}
        except BaseException as error:
            return unwind(filters, entered, request, error, (clock() - began) * 1000)
        ms = (clock() - began) * 1000
        {leaves}
        return response
    return run
"""
_AGAIN = """\
try:
                response = await next_(request)
            except ProxyError as error:
                if not wants_again(request, error):
                    raise
                response = await again(request, error, next_)
            else:
                if wants_again(request, response):
                    response = await again(request, response, next_)"""


def _unwind(
    filters: Sequence[PlainFilter], entered: int, request: Request, error: BaseException, ms: float
) -> Response:
    """The way out of a failure, through the filters that the request had passed, the lowest first.

    entered: how many filters, from the top, the request has passed; -1 for all. Those without an `enter` below the
    last that has one are passed only with all.
    """
    answer: Response | None = None
    for each in reversed(filters if entered < 0 else filters[: _refusing(filters, entered)]):
        if answer is not None:
            each.leave(request, answer, ms)
        else:
            answer = each.fail(request, error, ms)
    if answer is None:
        raise error
    return answer


def _refusing(filters: Sequence[PlainFilter], entered: int) -> int:
    """The place of the filter whose `enter` raised: the next one that has an `enter`."""
    while not _overrides(filters[entered], "enter"):
        entered += 1
    return entered


def _overrides(filter_: PlainFilter, name: str) -> bool:
    return getattr(type(filter_), name) is not getattr(PlainFilter, name)
