"""Observers for tests: what a var or an activity says, and waiting until it says something."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import anyio

from namer.activity import Activity, Ok, Var
from namer.runtime import TaskRuntime

T = TypeVar("T")

BOUND = 10.0  # seconds; only a broken test waits that long


class Seen(Generic[T]):
    """An observer that keeps all it is told."""

    def __init__(self, source: Var[T]) -> None:
        self.values: list[T] = []
        self._changed = anyio.Event()
        self.close = source.observe(self._told)

    def _told(self, value: T) -> None:
        self.values.append(value)
        self._changed.set()

    @property
    def last(self) -> T:
        """What it was told last."""
        return self.values[-1]

    async def until(self, holds: Callable[[T], bool]) -> T:
        """The last value, as soon as it is one for which `holds`."""
        try:
            with anyio.fail_after(BOUND):
                while not holds(self.last):
                    self._changed = anyio.Event()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"it never came; seen: {self.values[-10:]}") from None
        return self.last

    async def until_ok(self, value: Any) -> None:
        """Wait for the state Ok(value)."""
        await self.until(lambda state: state == Ok(value))


async def eventually(holds: Callable[[], bool]) -> None:
    """For what cannot be observed: ask until it holds."""
    with anyio.fail_after(BOUND):
        while not holds():  # noqa: ASYNC110  # there is no event to wait for
            await anyio.sleep(0.001)


def seen(source: Activity[T]) -> Seen[Any]:
    """An observer of an activity's states."""
    return Seen(source.states)


@asynccontextmanager
async def a_runtime():
    """A runtime whose tasks end with the block."""
    async with anyio.create_task_group() as group:
        yield TaskRuntime(group)
        group.cancel_scope.cancel()
