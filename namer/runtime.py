"""The outside world as a namer sees it: who runs its tasks, and what time it is.

Strategy: namers answer synchronously with activities; whatever must wait (a poll, a watch, DNS) is an async function
started by `spawn` when somebody begins to observe and cancelled when nobody does any more. Written once with anyio,
so that the same namer runs under trio (linker) and asyncio (namerd).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import time
from typing import Protocol, TypeVar

import anyio
import anyio.abc

from namer.activity import Activity, Close, Failed, Ok, Pending, Var
from namer.records import record

T = TypeVar("T")


class Runtime(Protocol):
    """What a namer needs to live."""

    def spawn(self, name: str, fn: Callable[[], Awaitable[None]]) -> Close:
        """Start `fn` as a task of the owner; the returned close cancels it. `fn` must handle its own errors."""

    def now(self) -> float:
        """Seconds since the epoch."""


@record
class TaskRuntime:
    """A runtime over an anyio task group, whose owner ends all tasks by cancelling the group."""

    group: anyio.abc.TaskGroup
    clock: Callable[[], float] = time

    def spawn(self, name: str, fn: Callable[[], Awaitable[None]]) -> Close:
        """See `Runtime.spawn`."""
        scope = anyio.CancelScope()

        async def run() -> None:
            if scope.cancel_called:  # closed before it ran: not one step of it
                return
            with scope:
                await fn()

        self.group.start_soon(run, name=name)
        return scope.cancel

    def now(self) -> float:
        """See `Runtime.now`."""
        return self.clock()


async def first(var: Var[T], accept: Callable[[T], bool]) -> T:
    """Waits for the first value of `var` that is accepted, observing it meanwhile."""
    arrived = anyio.Event()
    values: list[T] = []

    def observer(value: T) -> None:
        if not values and accept(value):
            values.append(value)
            arrived.set()

    close = var.observe(observer)
    try:
        if not values:
            await arrived.wait()
    finally:
        close()
    return values[0]


async def settled(activity: Activity[T]) -> Ok[T] | Failed:
    """Waits for the first state that is not Pending."""
    state = await first(activity.states, lambda state: not isinstance(state, Pending))
    assert not isinstance(state, Pending)
    return state
