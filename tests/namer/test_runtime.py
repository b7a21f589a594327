"""Tasks that end when they are closed, and waiting for a first value."""

from __future__ import annotations

import anyio
import pytest

from namer.activity import Failed, Ok, Var
from namer.runtime import TaskRuntime, first, settled
from tests.namer.fakes import Driven

pytestmark = pytest.mark.anyio


async def test_a_task_runs_until_it_is_closed() -> None:
    steps: list[str] = []

    async def run() -> None:
        steps.append("begun")
        try:
            await anyio.sleep_forever()
        finally:
            steps.append("ended")

    async with anyio.create_task_group() as group:
        close = TaskRuntime(group).spawn("x", run)
        await anyio.wait_all_tasks_blocked()
        close()
        close()
    assert steps == ["begun", "ended"]


async def test_a_task_closed_before_its_first_step_never_runs() -> None:
    steps: list[str] = []

    async def run() -> None:
        steps.append("begun")

    async with anyio.create_task_group() as group:
        TaskRuntime(group).spawn("x", run)()
    assert steps == []


async def test_the_clock_is_the_one_handed_in() -> None:
    async with anyio.create_task_group() as group:
        assert TaskRuntime(group, lambda: 7.0).now() == 7.0
        assert TaskRuntime(group).now() > 1e9


async def test_first_takes_a_value_that_is_there_or_comes_and_observes_no_longer() -> None:
    var = Var(1)
    assert await first(var, lambda value: value == 1) == 1

    async with anyio.create_task_group() as group:
        values: list[int] = []

        async def wait() -> None:
            values.append(await first(var, lambda value: value > 1))

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        var.set(0)
        var.set(2)
        var.set(3)
    assert values == [2] and not var.observed


async def test_settled_waits_for_ok_or_failed() -> None:
    driven = Driven[int]()

    async with anyio.create_task_group() as group:

        async def wait() -> None:
            assert await settled(driven.activity) == Ok(1)

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert driven.observers == 1
        driven.become(Ok(1))
    driven.become(Failed(OSError("x")))
    assert await settled(driven.activity) == Failed(OSError("x")) and driven.observers == 0


async def test_whoever_is_cancelled_while_waiting_leaves_nothing_observed() -> None:
    driven = Driven[int]()
    async with anyio.create_task_group() as group:
        group.start_soon(settled, driven.activity)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert driven.observers == 0
