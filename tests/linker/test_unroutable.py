"""What is told of a name that leads nowhere, to whom, and how often."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest
import trio

from dtab import Dtab, Path
from linker.errors import NamingError
from linker.http.message import NO_DTAB, Request
from linker.reactor import Reactor
from linker.routing import Route
from linker.unroutable import BURST, MAX_DRAWING, Unroutable
from namer.delegation import DelegateTree, ErrorNode, NegNode
from namer.namer import BindingError
from tests.linker.driving import drive
from tests.linker.filters import fakes
from tests.linker.filters.fakes import Clock

T = TypeVar("T")
STATE, ANOTHER = object(), object()


class World:
    """An Unroutable whose delegations are `tree`, an error to raise, or come late."""

    def __init__(self, reactor: Reactor) -> None:
        self.reactor = reactor
        self.clock = Clock()
        self.tree: DelegateTree | Exception = NegNode(Path.read("/svc/web"), None)
        self.takes = 0.0
        self.asked: list[tuple[str, str]] = []
        self.it = Unroutable(reactor, self._delegate, clock=self.clock)

    async def _delegate(self, dtab: Dtab, path: Path) -> DelegateTree:
        self.asked.append((dtab.show(), path.show()))
        await trio.sleep(self.takes)
        if isinstance(self.tree, Exception):
            raise self.tree
        return self.tree

    async def tell(self, request: Request, state: object = STATE) -> str:
        """The context of its error, after all log lines were written."""
        error = NamingError("Unable to route request!\n\nservice name: …\n")
        await self.it.tell(request, error, state)
        await self.reactor.sleep(3)
        return error.context


def asked_for(*lines: str, dst: str = "/svc/web", dtab: Dtab = NO_DTAB) -> Request:
    request = fakes.request(*lines)
    request.dst, request.dtab = Path.read(dst), dtab
    request.route = cast(Route, SimpleNamespace(told=None, drawing=None))
    return request


def told(main: Callable[[World], Coroutine[Any, Any, T]]) -> T:
    async def run(reactor: Reactor) -> T:
        return await main(World(reactor))

    return drive(run)


def test_the_log_has_the_delegation_once_a_state(caplog: pytest.LogCaptureFixture) -> None:
    async def main(world: World) -> None:
        request = asked_for(dtab=Dtab.read("/a=>/b"))
        for _ in range(3):
            assert await world.tell(request) == ""
        line = "cannot route /svc/web, l5d-dtab /a=>/b: Unable to route request!\n/svc/web: no such name"
        assert [each.getMessage() for each in caplog.records] == [line]
        assert caplog.records[0].levelno == logging.WARNING
        await world.tell(request, ANOTHER)
        assert len(caplog.records) == 2
        assert world.asked == [("/a=>/b", "/svc/web")] * 2

    told(main)


def test_who_asks_is_told_and_the_drawing_is_made_once_a_state() -> None:
    async def main(world: World) -> None:
        request = asked_for("l5d-add-context: true")
        for _ in range(3):
            assert await world.tell(request) == "/svc/web: no such name"
        assert len(world.asked) <= 2  # for the log and for the client, side by side
        world.tree = ErrorNode(Path.read("/svc/web"), None, "broken")
        assert await world.tell(request, ANOTHER) == "/svc/web: broken"

    told(main)


@pytest.mark.parametrize("value", ["false", "", "yes"])
def test_who_does_not_say_true_is_not_told(value: str) -> None:
    async def main(world: World) -> None:
        assert await world.tell(asked_for(f"l5d-add-context: {value}")) == ""

    told(main)


def test_a_delegation_that_fails_or_takes_too_long_is_told_as_such() -> None:
    async def main(world: World) -> None:
        world.takes = 10
        assert await world.tell(asked_for("l5d-add-context: t")) == "/svc/web: no delegation within 2 s"
        world.takes = 0
        world.tree = BindingError("too deep")
        assert await world.tell(asked_for("l5d-add-context: 1")) == "/svc/web: too deep"

    told(main)


def test_a_drawing_is_bounded() -> None:
    async def main(world: World) -> None:
        world.tree = ErrorNode(Path.read("/svc/web"), None, "x" * 100_000)
        assert len(await world.tell(asked_for("l5d-add-context: true"))) == MAX_DRAWING + 1

    told(main)


def test_names_made_up_without_end_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def main(world: World) -> None:
        for i in range(1000):
            await world.it.tell(asked_for(dst=f"/svc/{i}"), NamingError("x"), STATE)
        await world.reactor.sleep(3)
        assert len(caplog.records) == len(world.asked) == BURST
        caplog.clear()
        world.clock.now += 1.5
        await world.tell(asked_for(dst="/svc/next"))
        await world.tell(asked_for(dst="/svc/another"))
        (line,) = caplog.records
        assert line.getMessage().startswith(
            "cannot route /svc/next: Unable to route request! (980 other names were left out of the log)\n"
        )

    told(main)


def test_without_a_route_there_is_nothing_to_tell() -> None:
    async def main(world: World) -> None:
        request = asked_for("l5d-add-context: true")
        request.route = None
        assert await world.tell(request) == ""

    told(main)
