"""Runs a reactor for a test, on a clock that jumps: waiting costs nothing, and what can never happen fails at once.

    def test_it_sleeps():
        async def main(reactor: Reactor) -> None:
            await reactor.sleep(3600)

        drive(main)

Every module of the data path reads the trio clock meanwhile, which is a MockClock that jumps when nobody can go on.
Sockets are real, and both of their ends live on the reactor, so that the clock never jumps while bytes are on the way.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Any, TypeVar
from unittest.mock import patch

import trio
import trio.testing

from linker.reactor import Reactor
from linker.sockets import Socket

T = TypeVar("T")
CLOCKED = (
    "linker.reactor", "linker.sockets", "linker.http.server", "linker.http.client", "linker.http.pool",
    "linker.routing", "linker.client", "linker.endpoint",
)  # fmt: skip
FOR_EVER = 50_000.0
"""Seconds of the jumping clock after which a test hangs."""
QUIET = 0.003
"""Real seconds without any event after which the clock jumps: a loopback connection takes microseconds."""


def drive(main: Callable[[Reactor], Coroutine[Any, Any, T]], *, real_time: bool = False) -> T:
    """The result of `main(reactor)`, run as a coroutine of a reactor that is closed afterwards.

    real_time: for what is always busy: the jumping clock stands still meanwhile.
    """
    if real_time:
        return trio.run(_drive, main)
    with trio_time():
        return trio.run(_drive, main, clock=trio.testing.MockClock(autojump_threshold=QUIET))


async def _drive(main: Callable[[Reactor], Coroutine[Any, Any, T]]) -> T:
    reactor, over = Reactor(), trio.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    async def watched() -> None:
        try:
            results.append(await main(reactor))
        except BaseException as error:
            errors.append(error)
        finally:
            over.set()

    with trio.fail_after(FOR_EVER):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reactor.run)
            await trio.testing.wait_all_tasks_blocked()
            reactor.spawn(watched())
            await over.wait()
            nursery.cancel_scope.cancel()
    assert not reactor.tasks, f"left behind: {reactor.tasks}"
    assert not reactor.sockets, f"left open: {reactor.sockets}"
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def trio_time() -> Iterator[None]:
    """The data path reads trio's clock."""
    with ExitStack() as stack:
        for name in CLOCKED:
            module = importlib.import_module(name)
            if getattr(module, "monotonic", None) is monotonic:
                stack.enter_context(patch.object(module, "monotonic", trio.current_time))
        yield


def pair(reactor: Reactor) -> tuple[Socket, Socket]:
    """Two connected sockets, both on the reactor."""
    one, other = socket.socketpair()
    one.setblocking(False)
    other.setblocking(False)
    return Socket(reactor, one), Socket(reactor, other)


async def read_until(sock: Socket, end: bytes) -> bytes:
    """What arrives up to and with `end`; less when the peer closes before."""
    got = b""
    while end not in got and (data := await sock.recv()):
        got += data
    return got


async def read_to_close(sock: Socket) -> bytes:
    """What arrives until the peer closes or resets."""
    got = b""
    try:
        while data := await sock.recv():
            got += data
    except OSError:
        pass
    return got
