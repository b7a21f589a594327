"""A client and its endpoints as they come and go: failFast, probation, connections that stay. dtab.md section 15.4."""

from __future__ import annotations

import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from dtab import Dtab, Path
from linker.classifiers import CLASSIFIERS
from linker.client import Client, ClientSettings
from linker.config.client import CLIENTS
from linker.errors import ConnectFailed
from linker.http.message import Headers, Request
from linker.http.pool import PoolOptions
from linker.metrics import Metrics
from linker.parts import RouterParts
from linker.reactor import Reactor
from linker.routing import LogicalService
from linker.sockets import Listener, Socket
from namer.activity import Var
from namer.addr import Addr, AddrBound, Address
from namer.config import bind_config
from namer.name import Bound
from tests.linker.driving import drive
from tests.linker.filters.fakes import counted

T = TypeVar("T")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Place:
    """A listening endpoint that answers 200; it can stop to listen and begin again."""

    def __init__(self, reactor: Reactor) -> None:
        self.reactor = reactor
        self.asked = 0
        self.peers: list[Socket] = []
        self.port = 0
        self.begin()

    def begin(self) -> None:
        sock = socket.create_server(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        self.listener = Listener(self.reactor, sock, self._accepted)

    def end(self, *, also_connections: bool = True) -> None:
        self.listener.close()
        for peer in self.peers if also_connections else ():
            peer.close()

    def address(self, weight: float = 1.0) -> Address:
        return Address("127.0.0.1", self.port, weight)

    def _accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        sock.setblocking(False)
        self.peers.append(Socket(self.reactor, sock))
        self.reactor.spawn(self._serve(self.peers[-1]))

    async def _serve(self, sock: Socket) -> None:
        while await sock.recv():
            self.asked += 1
            await sock.send(OK)
        sock.close()


class World:
    """A client over endpoints that the test sets."""

    def __init__(self, reactor: Reactor, config: str) -> None:
        self.reactor = reactor
        self.metrics = Metrics()
        self.addr: Var[Addr] = Var(AddrBound(()))
        params = bind_config(CLIENTS.kinds["io.l5d.global"], f"---\n{config}", "t.yaml").params_for(Path())
        bound = Bound(Path.read("/#/io.l5d.fs/web"), Path(), self.addr)
        self.client = Client(bound, ClientSettings(params, PoolOptions()), self._parts())
        self.name = LogicalService(CLASSIFIERS.default_config().mk(), lambda to: to)
        self.scope = self.metrics.scope("client", "#/io.l5d.fs/web")

    def _parts(self) -> RouterParts:
        async def steps(path: Path) -> list[tuple[str, str]]:
            return []

        return RouterParts(
            label="http",
            reactor=self.reactor,
            metrics=self.metrics,
            dtab=Dtab(()),
            binding_timeout_ms=1000,
            max_err_header=8192,
            max_err_body=8192,
            access_log=None,
            generated_log=None,
            steps=steps,
        )

    def set(self, *addresses: Address) -> None:
        self.addr.set(AddrBound(addresses))

    async def ask(self) -> int:
        request = Request(b"GET", b"/", Headers(b"Host: web\r\n"))
        request.dst = Path.read("/svc/web")
        request.name = self.name
        return (await self.client.service(request)).status

    def gauge(self, name: str) -> float:
        *scopes, last = name.split("/")
        return float(self.scope.scope(*scopes).leaves[last].read())  # type: ignore[union-attr]  # a gauge


def with_client(main: Callable[[World, Place, Place], Coroutine[Any, Any, T]], config: str = "{}") -> T:
    async def run(reactor: Reactor) -> T:
        world, one, two = World(reactor, config), Place(reactor), Place(reactor)
        try:
            return await main(world, one, two)
        finally:
            world.client.close()
            for place in (one, two):
                place.end()
            await reactor.sleep(0.001)

    return drive(run)


def test_fail_fast_takes_out_what_cannot_be_connected_to_and_tries_again() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        one.end()
        with pytest.raises(ConnectFailed):
            await world.ask()
        assert not world.client.is_open()
        assert counted(world.scope.scope("failfast")) == {"marked_dead": 1}
        assert counted(world.scope.scope("retries")) == {"not_open": 1}
        await world.reactor.sleep(6.5)  # looks after 1, 3 and 7 seconds
        assert world.gauge("failfast/unhealthy_num_tries") == 2
        one.begin()
        await world.reactor.sleep(1)
        assert world.client.is_open()
        assert world.gauge("pool_cached") == 1
        assert await world.ask() == 200
        assert counted(world.scope.scope("failfast")) == {"marked_dead": 1, "marked_available": 1}

    with_client(main, "{failFast: true, failureAccrual: {kind: none}}")


def test_a_request_that_gets_a_connection_ends_fail_fasts_time() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        one.end()
        with pytest.raises(ConnectFailed):
            await world.ask()
        one.begin()
        assert await world.ask() == 200
        assert world.client.is_open()
        assert world.gauge("failfast/is_marked_dead") == 0
        await world.reactor.sleep(5)
        assert len(one.peers) == 1  # nobody looked any more

    with_client(main, "{failFast: true, failureAccrual: {kind: none}}")


def test_nobody_looks_after_an_endpoint_that_has_left() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address(), two.address())
        one.end()
        for _ in range(20):
            await world.ask()
        assert world.gauge("failfast/is_marked_dead") == 1
        world.set(two.address())
        assert world.gauge("failfast/is_marked_dead") == 0
        one.peers.clear()
        one.begin()
        await world.reactor.sleep(100)
        assert one.peers == []

    with_client(main, "failFast: true")


def test_a_new_weight_keeps_connections_and_pools_are_not_left_behind() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        assert await world.ask() == 200
        for weight in range(2, 10):
            world.set(one.address(weight))
            assert await world.ask() == 200
        assert len(one.peers) == 1
        assert len(world.client._pool_stats.pools) == 1
        world.set(two.address())
        assert await world.ask() == 200
        await world.reactor.sleep(0.001)
        assert [peer.closed for peer in one.peers] == [True]
        assert len(world.client._pool_stats.pools) == 1

    with_client(main)
    with_client(main, "{loadBalancer: {kind: ewma}, failFast: true}")


def test_on_probation_an_endpoint_is_used_while_nobody_else_can_be_and_it_has_connections() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        assert await world.ask() == 200
        two.end()
        world.set(two.address())
        for _ in range(10):
            assert await world.ask() == 200  # two is tried, and dead after its fifth failure
        assert one.asked > 5
        assert world.client.balancer.probation
        for peer in one.peers:
            peer.close()
        await world.reactor.sleep(2)
        assert not world.client.balancer.probation
        assert len(world.client._pool_stats.pools) == 1

    with_client(main, "{loadBalancer: {kind: p2c, enableProbation: true}}")


def test_who_comes_back_from_probation_has_its_connections() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        assert await world.ask() == 200
        world.set(two.address())
        assert await world.ask() == 200
        world.set(one.address(), two.address())
        assert not world.client.balancer.probation
        for _ in range(20):
            assert await world.ask() == 200
        assert (len(one.peers), len(two.peers)) == (1, 1)
        world.set(one.address(2.0))  # another weight is another node: its predecessor is not kept besides
        await world.reactor.sleep(0.001)
        assert [node.address for node in world.client.balancer.probation] == [two.address()]
        assert len(one.peers) == 1

    with_client(main, "{loadBalancer: {kind: p2c, enableProbation: true}}")


def test_a_closed_client_leaves_nothing() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        assert await world.ask() == 200
        world.set(two.address())
        assert await world.ask() == 200
        world.client.close()
        await world.reactor.sleep(0.001)
        assert all(peer.closed for peer in (*one.peers, *two.peers))
        assert not world.client._pool_stats.pools
        assert "client" not in world.metrics.scopes or not world.metrics.scopes["client"].scopes

    with_client(main, "{loadBalancer: {kind: p2c, enableProbation: true}, failFast: true}")


def test_a_connect_that_failed_slowly_is_no_fast_answer() -> None:
    async def main(world: World, one: Place, two: Place) -> None:
        world.set(one.address())
        (endpoint,) = world.client.endpoints.values()
        endpoint.began(0.0)
        endpoint.unused(0.9)
        assert endpoint.cost == pytest.approx(0.9)

    with_client(main, "loadBalancer: {kind: ewma}")
