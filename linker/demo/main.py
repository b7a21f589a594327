"""Runs the demo: backends, the linker, and then either the live counts or the check."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TextIO

import trio

from linker import logs
from linker.config.load import parse
from linker.demo.client import Client, NoAnswer
from linker.demo.script import STEPS, Failed, command
from linker.demo.show import Live, introduction
from linker.demo.world import ADMIN_PORT, PORT, World, free_port, temporary_directory
from linker.linker import run

TRICKLE_S = 0.1
"""Seconds between two requests of the demo's own."""
QUIET = 20
"""Requests of its own between two looks at the counts, where they cannot be redrawn: a line every two seconds."""


def demo(*, check: bool, port: int | None, admin_port: int | None, out: TextIO) -> int:
    """Run until Ctrl-C, or with `check` until every command was played. 0: stopped, or all held."""
    logs.set_up("ERROR")  # a name that leads nowhere is a step of the tour, and would be told among the live counts
    with temporary_directory() as directory:
        # A port that was asked for is taken or the start fails; without one, or with 0, any free one will do.
        router = port or free_port(PORT if port is None else 0)
        admin = admin_port or free_port(ADMIN_PORT if admin_port is None else 0)
        world = World(Path(directory), router, admin)
        status = 130
        try:
            status = trio.run(_demo, world, check, out)
        except* KeyboardInterrupt:  # before the linker took the signal over, or after it gave it back
            pass
        except* BrokenPipeError:  # whoever read the demo's words has gone, as in `linker demo | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())  # nor can what is left be flushed at the exit
            status = 1
        return status


async def _demo(world: World, check: bool, out: TextIO) -> int:
    """The exit status: that of the check or of the linker, whichever is worse."""
    ended = trio.Event()
    linker_status, check_status = 1, 1 if check else 0  # until the contrary is shown
    async with trio.open_nursery() as nursery:
        await world.start_backends(nursery)

        async def linker() -> None:
            nonlocal linker_status
            linker_status = await run(parse(world.config(), "demo.yaml"))
            ended.set()

        async def audience() -> None:
            nonlocal check_status
            await _until_it_answers(world)
            if check:
                check_status = await _play(world, out)
                await _stop(world)
            else:
                await _live(world, out)

        nursery.start_soon(linker)
        nursery.start_soon(audience)
        await ended.wait()
        nursery.cancel_scope.cancel()
    if not check:
        print("stopped", file=out)
    return max(linker_status, check_status)


async def _until_it_answers(world: World) -> None:
    """A linker that cannot start ends by itself, which ends the demo."""
    for port in (world.admin_port, world.port):
        async with Client(port) as client:
            while True:
                try:
                    await client.get("/admin/ping")
                    break
                except NoAnswer:
                    await trio.sleep(0.01)


async def _stop(world: World) -> None:
    async with Client(world.admin_port) as admin:
        await admin.ask("POST", "/admin/shutdown")


async def _live(world: World, out: TextIO) -> None:
    out.write(introduction(world))
    live = Live(out)
    async with Client(world.port) as client:
        for number in count():
            try:
                await client.get("/", {"Host": "canary"})
            except NoAnswer:
                pass  # it is stopping: this task is cancelled soon
            if live.tty or number % QUIET == 0:
                live.update(world.counts)
            await trio.sleep(TRICKLE_S)


async def _play(world: World, out: TextIO) -> int:
    """Play every step and tell its result. 0 if all held, else 1."""
    failed = 0
    async with Client(world.port) as client:
        for number, step in enumerate(STEPS, 1):
            out.write(f"{number}. {step.title}\n   $ {command(step, world)}\n")
            try:
                result = f"ok      {await step.play(world, client)}"
            except (Failed, NoAnswer) as error:
                failed += 1
                result = f"FAILED  {error}"
            out.write(f"   {result}\n")
            out.flush()
    out.write(f"{len(STEPS) - failed} of {len(STEPS)} held\n")
    return 1 if failed else 0
