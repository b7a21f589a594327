"""The client of a bound id, over real sockets: its endpoints come and go, refuse, answer, and are counted."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from dtab import Dtab, Path
from linker.accrual import ACCRUALS
from linker.balancers import BALANCERS
from linker.classifiers import CLASSIFIERS
from linker.client import Client, ClientSettings
from linker.config.client import ClientParams
from linker.errors import BindingTimeout, ConnectFailed, NamingError, NoBrokers, ProxyError, TooManyWaiters
from linker.http.client import ClientOptions
from linker.http.message import Headers, Request, Response
from linker.http.pool import PoolOptions
from linker.metrics import Gauge, Metrics
from linker.parts import RouterParts
from linker.reactor import Cancelled, Event, Reactor, Task
from linker.routing import LogicalService
from linker.service import Service
from linker.sockets import Listener, Socket
from namer.activity import Var
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, Address, AddrFailed
from namer.name import Bound
from tests.linker.driving import drive, read_until
from tests.linker.filters.fakes import counted

SCOPE = "client/#/web/"


class Place:
    """An endpoint on the reactor: answers 200, or as told; holds requests while `gate` is shut."""

    def __init__(self, reactor: Reactor, port: int = 0) -> None:
        self.reactor = reactor
        sock = socket.create_server(("127.0.0.1", port))
        self.port: int = sock.getsockname()[1]
        self.listener = Listener(reactor, sock, self._accepted)
        self.accepted = 0
        self.open = 0
        self.requests = 0
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.gate = Event(reactor)
        self.gate.set()

    def hold(self) -> None:
        self.gate = Event(self.reactor)

    def _accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        sock.setblocking(False)
        self.accepted += 1
        self.reactor.spawn(self._serve(Socket(self.reactor, sock)))

    async def _serve(self, sock: Socket) -> None:
        self.open += 1
        try:
            while b"\r\n\r\n" in await read_until(sock, b"\r\n\r\n"):
                self.requests += 1
                await self.gate.wait()
                await sock.send(self.answer)
        except OSError:
            pass
        finally:
            self.open -= 1
            sock.close()

    def at(self, weight: float = 1.0) -> Address:
        return Address("127.0.0.1", self.port, weight)


class World:
    """A client, the var of its addresses, and its surroundings."""

    def __init__(
        self, reactor: Reactor, params: ClientParams, pool: PoolOptions, timeout_ms: int, classifier: str
    ) -> None:
        self.reactor = reactor
        self.metrics = Metrics()

        async def steps(path: Path) -> list[tuple[str, str]]:
            return []

        parts = RouterParts(
            label="test",
            reactor=reactor,
            metrics=self.metrics,
            dtab=Dtab.read("/svc => /#"),
            binding_timeout_ms=timeout_ms,
            max_err_header=8192,
            max_err_body=8192,
            access_log=None,
            generated_log=None,
            steps=steps,
        )
        self.addr: Var[Addr] = Var(ADDR_PENDING)
        self.bound = Bound(Path.read("/#/web"), Path.read("/"), self.addr)
        self.client = Client(self.bound, ClientSettings(params, pool), parts)

        def as_it_is(to: Service) -> Service:
            return to

        self.name = LogicalService(CLASSIFIERS.kinds[classifier]().mk(), as_it_is)

    def bind(self, *addresses: Address) -> None:
        self.addr.set(AddrBound(tuple(sorted(addresses))))

    def request(self) -> Request:
        request = Request(b"GET", b"/", Headers(b"Host: web\r\n"))
        request.dst = Path.read("/svc/web")
        request.name = self.name
        request.bound = self.bound
        return request

    async def ask(self) -> Response:
        return await self.client.service(self.request())

    def start(self) -> tuple[Task, list[Response | ProxyError]]:
        """A request in a task of its own, and what comes of it."""
        outcome: list[Response | ProxyError] = []

        async def run() -> None:
            try:
                outcome.append(await self.ask())
            except ProxyError as error:
                outcome.append(error)

        return self.reactor.spawn(run()), outcome

    async def settle(self) -> None:
        await self.reactor.sleep(0.002)

    def count(self, name: str) -> int:
        return counted(self.metrics).get(SCOPE + name, 0)

    def gauge(self, name: str) -> float:
        *scopes, last = name.split("/")
        leaf = self.metrics.scope("client", "#/web", *scopes).leaves[last]
        assert isinstance(leaf, Gauge)
        return leaf.read()


def clients(
    main: Callable[[World], Coroutine[Any, Any, None]],
    *,
    pool: PoolOptions | None = None,
    timeout_ms: int = 10_000,
    classifier: str = "io.l5d.http.nonRetryable5XX",
    **params: Any,
) -> None:
    async def run(reactor: Reactor) -> None:
        world = World(reactor, ClientParams(**params), pool or PoolOptions(), timeout_ms, classifier)
        await main(world)
        await world.settle()
        assert world.gauge("loadbalancer/load") == 0, "every request was taken off again"
        assert all(node.load == 0 for node in world.client.endpoints.values())
        world.client.close()
        assert not world.addr.observed
        assert "#/web" not in world.metrics.scope("client").scopes

    drive(run)


NO_ACCRUAL = {"failureAccrual": ACCRUALS.kinds["none"]()}


# ---- addresses


def test_requests_wait_for_the_first_addresses() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        one, two = world.start(), world.start()
        await world.settle()
        assert (one[1], two[1]) == ([], [])
        world.bind(place.at())
        await world.settle()
        assert [type(each) for each in one[1] + two[1]] == [Response, Response]

    clients(main)


@pytest.mark.parametrize("addr", [ADDR_NEG, AddrBound(())])
def test_nobody_there_is_no_brokers_at_once(addr: Addr) -> None:
    async def main(world: World) -> None:
        waiting = world.start()
        world.addr.set(addr)
        await world.settle()
        (error,) = waiting[1]
        assert isinstance(error, NoBrokers)
        with pytest.raises(NoBrokers):
            await world.ask()

    clients(main)


def test_a_source_that_fails_first_fails_requests_until_it_recovers() -> None:
    async def main(world: World) -> None:
        waiting = world.start()
        world.addr.set(AddrFailed("no such datacenter"))
        await world.settle()
        assert [str(error) for error in waiting[1]] == ["no such datacenter"]
        with pytest.raises(NamingError, match="no such datacenter"):
            await world.ask()
        world.bind(Place(world.reactor).at())
        assert (await world.ask()).status == 200

    clients(main)


@pytest.mark.parametrize("trouble", [AddrFailed("lost"), ADDR_PENDING])
def test_the_last_good_set_stays_when_the_source_has_trouble(trouble: Addr) -> None:
    async def main(world: World) -> None:
        world.bind(Place(world.reactor).at())
        await world.ask()
        world.addr.set(trouble)
        assert (await world.ask()).status == 200
        assert world.client.state_json()["state"] == "bound"
        world.addr.set(ADDR_NEG)
        with pytest.raises(NoBrokers):
            await world.ask()
        assert world.client.state_json() == {"state": "Neg"}

    clients(main)


def test_addresses_that_never_come_are_a_binding_timeout() -> None:
    async def main(world: World) -> None:
        with pytest.raises(BindingTimeout) as caught:
            await world.ask()
        assert str(caught.value) == ("Exceeded 2.seconds binding timeout while connecting to /#/web for name: /svc/web")

    clients(main, timeout_ms=2000)


# ---- endpoints come and go


def test_a_removed_endpoint_ends_what_it_has_and_gets_nothing_new() -> None:
    async def main(world: World) -> None:
        old, new = Place(world.reactor), Place(world.reactor)
        world.bind(old.at())
        await world.ask()
        old.hold()
        under_way = world.start()
        await world.settle()
        world.bind(new.at())
        for _ in range(5):
            await world.ask()
        assert (old.requests, new.requests) == (2, 5)
        old.gate.set()
        await world.settle()
        assert [type(each) for each in under_way[1]] == [Response]
        assert old.open == 0, "its connections are closed"
        assert world.gauge("connections") == 1

    clients(main)


def test_an_endpoint_that_stays_keeps_its_connections() -> None:
    async def main(world: World) -> None:
        one, two = Place(world.reactor), Place(world.reactor)
        world.bind(one.at())
        await world.ask()
        world.bind(one.at(), two.at())
        for _ in range(20):
            await world.ask()
        world.bind(one.at())
        await world.ask()
        assert one.accepted == 1
        assert two.open == 0

    clients(main)


@pytest.mark.parametrize("kind", list(BALANCERS.kinds))
def test_a_new_weight_keeps_connections_health_and_what_is_under_way(kind: str) -> None:
    async def main(world: World) -> None:
        one, two = Place(world.reactor), Place(world.reactor)
        world.bind(one.at(), two.at())
        one.hold()
        two.hold()
        asked = [world.start() for _ in range(6)]
        await world.settle()
        before = Counter({node.address.port: node.load for node in world.client.endpoints.values()})
        world.bind(one.at(2.0), two.at())
        after = Counter({node.address.port: node.load for node in world.client.endpoints.values()})
        assert before == after
        assert sum(after.values()) == 6
        one.gate.set()
        two.gate.set()
        await world.settle()
        assert [len(outcome) for _, outcome in asked] == [1] * 6
        for _ in range(10):
            await world.ask()
        assert all(place.accepted == max(1, before[place.port]) for place in (one, two) if place.accepted)
        assert world.gauge("loadbalancer/num_weight_classes") == 2

    clients(main, loadBalancer=BALANCERS.kinds[kind]())


def test_a_new_weight_does_not_raise_the_dead() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
        world.bind(place.at())
        for _ in range(5):
            await world.ask()
        assert not world.client.is_open()
        world.bind(place.at(3.0))
        assert not world.client.is_open()

    clients(main)


# ---- connecting


def test_a_refused_connection_is_tried_again_until_accrual_knows_and_is_counted_as_recorded() -> None:
    """linkerd 1.7.5, scenario `connect refused`: 5 attempts at once, requeues 4, not_open 1, failures 5."""

    async def main(world: World) -> None:
        gone = Place(world.reactor)
        gone.listener.close()
        world.bind(gone.at())
        with pytest.raises(ConnectFailed) as caught:
            await world.ask()
        assert str(caught.value) == (
            f"Unable to establish connection to 127.0.0.1:{gone.port}.\n\nservice name: /svc/web\n"
            f"client name: /#/web\naddresses: [127.0.0.1:{gone.port}]\nselected address: 127.0.0.1:{gone.port}\n"
        )
        assert world.count("retries/requeues") == 4
        assert world.count("retries/not_open") == 1
        assert world.count("service_creation/failures") == 5
        assert world.count("failure_accrual/removals") == 1
        assert world.count("requests") == 0, "no attempt had a connection"
        assert world.gauge("retries/budget") >= 100, "the budget is untouched"
        assert world.gauge("available") == 0

    clients(main)


def test_another_endpoint_takes_over_for_one_that_refuses() -> None:
    async def main(world: World) -> None:
        gone, there = Place(world.reactor), Place(world.reactor)
        gone.listener.close()
        world.bind(gone.at(), there.at())
        for _ in range(30):
            assert (await world.ask()).status == 200
        assert there.requests == 30
        assert world.count("service_creation/failures") <= 5
        assert world.count("retries/budget_exhausted") == 0

    clients(main)


def test_a_dead_endpoint_is_probed_and_comes_back() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        other = Place(world.reactor)
        place.listener.close()
        world.bind(place.at(), other.at())
        for _ in range(40):
            await world.ask()
        assert world.count("failure_accrual/removals") == 1
        Place(world.reactor, place.port)
        await world.reactor.sleep(6)  # the first time out is 5 seconds
        for _ in range(40):
            await world.ask()
        assert world.count("failure_accrual/revivals") == 1

    clients(main)


def test_a_connection_that_takes_too_long_is_a_binding_timeout() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.hold()
        world.bind(place.at())
        busy = world.start()
        await world.settle()
        with pytest.raises(BindingTimeout, match="Exceeded 2.seconds binding timeout while connecting to /#/web"):
            await world.ask()
        place.gate.set()
        await world.settle()
        assert [type(each) for each in busy[1]] == [Response]

    clients(main, pool=PoolOptions(max_size=1), timeout_ms=2000)


def test_a_full_queue_moves_the_request_to_another_endpoint_or_fails() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.hold()
        world.bind(place.at())
        busy = world.start()
        await world.settle()
        with pytest.raises(TooManyWaiters):
            await world.ask()
        place.gate.set()
        await world.settle()
        assert [type(each) for each in busy[1]] == [Response]

    clients(main, pool=PoolOptions(max_size=1, max_waiters=0), **NO_ACCRUAL)


# ---- outcomes


def test_failures_by_the_verdict_of_the_service_kill_and_answers_of_others_do_not() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.answer = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
        world.bind(place.at())
        for _ in range(10):
            assert (await world.ask()).status == 503
        assert world.client.is_open()

    clients(main, classifier="io.l5d.http.allSuccessful")


def test_lost_answers_count_as_failures_and_are_not_sent_again() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.answer = b"\0\1\2\r\n\r\n"
        world.bind(place.at())
        for _ in range(5):
            with pytest.raises(ProxyError):
                await world.ask()
        assert place.requests == 5
        assert world.count("failure_accrual/removals") == 1
        assert world.count("failures") == 5

    clients(main)


def test_a_client_that_leaves_is_no_failure_of_the_endpoint() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.hold()
        world.bind(place.at())
        for _ in range(10):
            task, _ = world.start()
            await world.settle()
            world.reactor.throw(task, Cancelled())
            await world.settle()
        assert world.client.is_open()
        assert world.count("failures") == 0
        assert world.gauge("connections") == 0
        place.gate.set()

    clients(main)


def test_a_silent_endpoint_dies_of_its_read_timeouts() -> None:
    async def main(world: World) -> None:
        place = Place(world.reactor)
        place.hold()
        world.bind(place.at())
        for _ in range(5):
            with pytest.raises(ProxyError, match="readTimeoutMs passed"):
                await world.ask()
        assert not world.client.is_open()
        place.gate.set()

    clients(main, pool=PoolOptions(client=ClientOptions(read_timeout=1.0)))


def test_the_state_of_a_client_is_told() -> None:
    async def main(world: World) -> None:
        assert world.client.state_json() == {"state": "Pending"}
        world.addr.set(AddrFailed("why"))
        assert world.client.state_json() == {"state": "Failed: why"}
        world.bind(Address("10.0.0.1", 80), Address("10.0.0.2", 80))
        assert world.client.state_json() == {"state": "bound", "addresses": ["10.0.0.1:80", "10.0.0.2:80"]}
        assert world.client.addresses() == ["10.0.0.1:80", "10.0.0.2:80"]

    clients(main)
