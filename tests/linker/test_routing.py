"""The cached tiers: where requests go while names change, are evicted, fail. dtab.md section 15.

Names are bound by hand-driven activities; clients are fakes that hold a request until the test lets it go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtab import Dtab, Empty, Fail, Leaf, NameTree, Neg, Path, Union, Weighted
from linker.cache import Cache
from linker.classifiers import CLASSIFIERS
from linker.config.router import BindingCacheConfig
from linker.errors import BindingTimeout, ClientError, NamingError, NoBrokers, UnknownDst
from linker.http.message import NO_DTAB, Headers, Request, Response
from linker.identifiers import NotIdentified
from linker.metrics import Metrics
from linker.parts import RouterParts
from linker.reactor import Cancelled, Event, Reactor, Task
from linker.routing import LogicalService, Naming, Route, Tiers
from linker.service import Service, stack
from linker.stacks import enter_service
from namer.activity import PENDING, Activity, Failed, Ok, Pending, State, Var
from namer.addr import ADDR_NEG, Addr
from namer.name import Bound, BoundTree, leaves
from tests.linker.driving import drive

Key = tuple[Path, Dtab]
WEB, API = Path.read("/svc/web"), Path.read("/svc/api")
NEG, FAIL, EMPTY = Neg(), Fail(), Empty()
OVERRIDE = Dtab.read("/svc => /elsewhere")


def bound(id_: str, residual: str = "/", status: int | None = None) -> Bound:
    addr: Var[Addr] = Var(ADDR_NEG)
    return Bound(Path.read(id_), Path.read(residual), addr, status)


def leaf(id_: str, residual: str = "/") -> NameTree[Bound]:
    return Leaf(bound(id_, residual))


def union(*branches: tuple[float, NameTree[Bound]]) -> NameTree[Bound]:
    return Union(tuple(Weighted(weight, tree) for weight, tree in branches))


class FakeClient:
    """Counts its closes; holds each request until the test opens its gate."""

    def __init__(self, bound: Bound, world: World) -> None:
        self.id = bound.id
        self.users = 0
        self.idle_since = 0.0
        self.closed = 0
        self.bound = bound
        self._world = world

    async def service(self, request: Request) -> Response:
        self._world.arrived(request, self)
        if self._world.hold:
            await self._world.gate(request).wait()
        return Response(200, Headers(b""), from_service=True)

    def close(self) -> None:
        self.closed += 1


class PathOf:
    """Names a request by its target."""

    def identify(self, request: Request) -> Path | NotIdentified:
        if request.target == b"/nameless":
            return NotIdentified("it has no name")
        return Path.read(request.target.decode())


@dataclass(eq=False)
class Ask:
    """A request, and what came of it."""

    request: Request
    task: Task | None = None
    response: Response | None = None
    error: Exception | None = None
    client: FakeClient | None = None
    tree: BoundTree | None = None  # the one that was current when it was dispatched

    @property
    def waits(self) -> bool:
        """For its name to be bound."""
        return self.task is not None and not self.task.done and self.client is None


@dataclass
class World:
    """A router's tiers over hand-driven bindings, and a model of what each route must do."""

    reactor: Reactor
    cache: BindingCacheConfig = field(default_factory=BindingCacheConfig)
    timeout_ms: int = 10_000
    hold: bool = True  # clients answer when the test says so, not at once
    bindings: dict[Key, Var[State[BoundTree]]] = field(default_factory=dict)
    clients: list[FakeClient] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    gates: dict[Request, Event] = field(default_factory=dict)
    model: dict[Route, State[BoundTree]] = field(default_factory=dict)
    keys: dict[Route, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics = Metrics()

        async def steps(path: Path) -> list[tuple[str, str]]:
            return []

        parts = RouterParts(
            label="test",
            reactor=self.reactor,
            metrics=self.metrics,
            dtab=Dtab.read("/svc => /base"),
            binding_timeout_ms=self.timeout_ms,
            max_err_header=8192,
            max_err_body=8192,
            access_log=None,
            generated_log=None,
            steps=steps,
        )
        self.tiers = Tiers(self.cache, parts, self._bind, self._mk_name, self._mk_client)
        self.enter = stack(Naming(PathOf(), self.tiers), to=enter_service)

    def _bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        return Activity(self.binding(path, dtab))

    def binding(self, path: Path, dtab: Dtab = NO_DTAB) -> Var[State[BoundTree]]:
        return self.bindings.setdefault((path, dtab), Var(PENDING))

    def _mk_name(self, dst: Path) -> LogicalService:
        def as_it_is(to: Service) -> Service:
            return to

        return LogicalService(CLASSIFIERS.default_config().mk(), as_it_is)

    def _mk_client(self, bound: Bound) -> Any:
        client = FakeClient(bound, self)
        self.clients.append(client)
        return client

    def gate(self, request: Request) -> Event:
        return self.gates.setdefault(request, Event(self.reactor))

    # ---- what happens

    def ask(self, path: Path, dtab: Dtab = NO_DTAB) -> Ask:
        request = Request(b"GET", path.show().encode(), Headers(b"Host: web\r\n"))
        request.dtab = dtab
        ask = Ask(request)
        self.asks.append(ask)

        async def run() -> None:
            try:
                ask.response = await self.enter(request)
            except Exception as error:
                ask.error = error

        before = set(self.model)
        ask.task = self.reactor.spawn(run())
        route = request.route
        if route is not None and route not in before:
            self.learn(route, (path, dtab))
        return ask

    def learn(self, route: Route, key: Key) -> None:
        self.model[route] = self.binding(*key).value
        self.keys[route] = key

    def arrived(self, request: Request, client: FakeClient) -> None:
        """A request reached a client: it must be one of the tree that holds now."""
        ask = next(ask for ask in reversed(self.asks) if ask.request is request)
        ask.client = client
        assert request.bound is not None
        assert request.bound.id == client.id
        assert request.route is not None
        state = self.model.get(request.route)
        if state is None:  # its very first request: the model learns of the route when `spawn` is over
            state = self.binding(Path.read(request.target.decode()), request.dtab).value
        assert isinstance(state, Ok), state
        ask.tree = state.value
        assert (client.id, request.bound.residual) in [(each.id, each.residual) for each in leaves(state.value)]

    def change(self, path: Path, dtab: Dtab, state: State[BoundTree]) -> None:
        """A new state of a binding; after an Ok, only an Ok counts (dtab.md section 15.3)."""
        for route, now in self.model.items():
            if self.keys[route] == (path, dtab) and (
                isinstance(state, Ok) or (isinstance(state, Failed) and not isinstance(now, Ok))
            ):
                self.model[route] = state
        self.binding(path, dtab).set(state)

    async def settle(self) -> None:
        await self.reactor.sleep(0.0001)
        for route in [route for route in self.model if not self.lives(route)]:
            del self.model[route], self.keys[route]

    def lives(self, route: Route) -> bool:
        return route in self.tiers.routes.entries.values() or route.users > 0

    async def finish(self, ask: Ask) -> None:
        self.gate(ask.request).set()
        await self.settle()

    # ---- what must hold

    def check(self) -> None:
        for key, var in self.bindings.items():
            watching = [route for route in self.model if self.keys[route] == key and self.lives(route)]
            assert var.observed == bool(watching), key
        for client in self.clients:
            assert client.closed <= 1
        in_use = Counter(ask.request.route for ask in self.asks if ask.task is not None and not ask.task.done)
        for route in self.model:
            assert route.users == in_use[route]
        for ask in self.asks:
            if ask.waits:
                assert ask.request.route is not None
                assert isinstance(self.model[ask.request.route], Pending), "it could go on"

    def check_new(self, ask: Ask) -> None:
        """What came of a request that was just made, by the state of its route."""
        route = ask.request.route
        assert route is not None
        state = self.model.get(route)
        match state:
            case Ok(tree) if list(leaves(tree)):
                assert ask.client is not None or isinstance(ask.error, NoBrokers)
            case Ok():
                assert isinstance(ask.error, NoBrokers)
            case Failed(error):
                assert isinstance(ask.error, NamingError)
                assert str(ask.error) == str(error)
            case _:
                assert ask.waits

    def check_idle(self) -> None:
        """Time has swept everything but the last of each tier and what the tier above holds, one-shots included."""
        routes, kept_trees, kept_bounds, kept_clients = (list(tier.entries.values()) for tier in self.all_tiers())
        assert len(routes) <= 1
        held_trees = [route._tree for route in routes if route._tree is not None]
        trees = {*kept_trees, *held_trees}
        held_bounds = [entry for tree in trees for entry in tree._bounds]
        bounds = {*kept_bounds, *held_bounds}
        held_clients = [entry._client for entry in bounds if entry._client is not None]
        assert Counter(held_trees) == Counter({tree: tree.users for tree in trees if tree.users})
        assert Counter(held_bounds) == Counter({entry: entry.users for entry in bounds if entry.users})
        assert Counter(held_clients) == Counter(
            {each: each.users for each in {*kept_clients, *held_clients} if each.users}
        )
        assert all(sum(not each.users for each in tier) <= 1 for tier in (kept_trees, kept_bounds, kept_clients))

    def check_end(self) -> None:
        """Everything was closed: nothing is observed, held or counted any more."""
        assert not any(var.observed for var in self.bindings.values())
        assert [client.closed for client in self.clients] == [1] * len(self.clients)
        assert self.tiers._names == {}
        assert [len(tier.entries) for tier in self.all_tiers()] == [0, 0, 0, 0]

    def all_tiers(self) -> list[Cache[Any, Any]]:
        """From the names down to the clients."""
        return [self.tiers.routes, self.tiers.trees, self.tiers.bounds, self.tiers.clients]


def routed(main: Callable[[World], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def run(reactor: Reactor) -> None:
        world = World(reactor, **options)
        await main(world)
        world.check()
        for ask in world.asks:
            if ask.task is not None and not ask.task.done:
                await world.finish(ask)
        for ask in world.asks:
            if ask.task is not None and not ask.task.done:
                reactor.throw(ask.task, Cancelled())
        await world.settle()
        for _ in range(4):  # a tier each: idle entries go, but for the last one
            await reactor.sleep(700)
            world.tiers.sweep()
        world.check_idle()
        world.tiers.close()
        world.check_end()

    drive(run)


# ---- the life of a route


def test_a_request_waits_until_its_name_is_bound() -> None:
    async def main(world: World) -> None:
        one, two = world.ask(WEB), world.ask(WEB)
        assert one.waits
        assert two.waits
        world.change(WEB, NO_DTAB, Ok(leaf("/#/a")))
        await world.settle()
        assert one.client is two.client is world.clients[0]
        assert world.ask(WEB).client is one.client, "and from then on nobody waits"

    routed(main)


def test_who_waits_fails_with_the_binding_and_the_next_one_at_once() -> None:
    async def main(world: World) -> None:
        one = world.ask(WEB)
        world.change(WEB, NO_DTAB, Failed(RuntimeError("no store")))
        await world.settle()
        for ask in (one, world.ask(WEB)):
            assert isinstance(ask.error, NamingError)
            assert str(ask.error) == "no store"
        world.change(WEB, NO_DTAB, Failed(RuntimeError("still none")))
        assert str(world.ask(WEB).error) == "still none"
        world.change(WEB, NO_DTAB, PENDING)
        assert str(world.ask(WEB).error) == "still none", "Pending changes nothing"
        world.change(WEB, NO_DTAB, Ok(leaf("/#/a")))
        assert world.ask(WEB).client is not None

    routed(main)


def test_an_error_without_text_is_told_by_its_type() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Failed(ValueError()))
        assert str(world.ask(WEB).error) == "ValueError"

    routed(main)


@pytest.mark.parametrize("trouble", [PENDING, Failed(RuntimeError("store lost"))])
def test_after_it_was_bound_trouble_changes_nothing(trouble: State[BoundTree]) -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(leaf("/#/a")))
        one = world.ask(WEB)
        world.change(WEB, NO_DTAB, trouble)
        assert world.ask(WEB).client is one.client

    routed(main)


def test_a_new_tree_holds_for_the_next_request_and_not_for_those_under_way() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(leaf("/#/a")))
        old = world.ask(WEB)
        world.change(WEB, NO_DTAB, Ok(leaf("/#/b")))
        new = world.ask(WEB)
        assert old.client is not None
        assert new.client is not None
        assert (old.client.id.show(), new.client.id.show()) == ("/#/a", "/#/b")
        await world.finish(old)
        assert old.response is not None
        world.change(WEB, NO_DTAB, Ok(NEG))
        assert isinstance(world.ask(WEB).error, NoBrokers)

    routed(main)


@pytest.mark.parametrize("tree", [NEG, FAIL, EMPTY])
def test_a_tree_that_leads_nowhere_has_no_brokers(tree: BoundTree) -> None:
    async def main(world: World) -> None:
        world.binding(WEB, OVERRIDE).set(Ok(tree))
        error = world.ask(WEB, OVERRIDE).error
        assert isinstance(error, NoBrokers)
        assert str(error) == (
            "Unable to route request!\n\nservice name: /svc/web\ndtab:\n\n"
            "base dtab:\n  /svc => /base\noverride dtab:\n  /svc => /elsewhere\n"
        )

    routed(main)


def test_a_name_that_is_not_bound_in_time_is_told_so() -> None:
    async def main(world: World) -> None:
        ask = world.ask(WEB)
        await world.reactor.sleep(1.6)
        assert isinstance(ask.error, BindingTimeout)
        assert str(ask.error) == ("Exceeded 1.seconds+500.milliseconds binding timeout while resolving name: /svc/web")
        world.change(WEB, NO_DTAB, Ok(leaf("/#/a")))
        assert world.ask(WEB).client is not None, "the binding itself goes on"

    routed(main, timeout_ms=1500)


def test_who_leaves_while_it_waits_is_forgotten() -> None:
    async def main(world: World) -> None:
        ask = world.ask(WEB)
        assert ask.task is not None
        assert ask.request.route is not None
        world.reactor.throw(ask.task, Cancelled())
        await world.settle()
        assert ask.request.route.users == 0

    routed(main)


# ---- picking


def test_weights_are_shares_of_requests() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(
            Ok(union((3, leaf("/#/a")), (1, union((1, leaf("/#/b")), (1, EMPTY))), (0, leaf("/#/c"))))
        )
        asks = [world.ask(WEB) for _ in range(4000)]
        shares = Counter(ask.client.id.show() if ask.client else "" for ask in asks)
        assert 2800 < shares["/#/a"] < 3200
        assert 400 < shares["/#/b"] < 600
        assert 400 < shares[""] < 600, "an empty branch takes its share and fails it"
        assert shares["/#/c"] == 0

    routed(main, hold=False)


@pytest.mark.parametrize("weights", [(0.0, 0.0), (float("inf"), float("inf"))])
def test_weights_that_are_all_the_same_are_even(weights: tuple[float, float]) -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(union((weights[0], leaf("/#/a")), (weights[1], leaf("/#/b")))))
        shares = Counter(ask.client.id.show() for _ in range(1000) if (ask := world.ask(WEB)).client)
        assert 400 < shares["/#/a"] < 600

    routed(main, hold=False)


def test_a_status_is_answered_without_a_client() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(Leaf(bound("/$/io.buoyant.http.status/503", status=503))))
        ask = world.ask(WEB)
        assert ask.response is not None
        assert ask.response.status == 503
        assert world.clients == []

    routed(main)


# ---- sharing


def test_two_names_with_one_id_share_a_client_and_keep_their_residuals() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(leaf("/#/disco/cart", "/a")))
        world.binding(API).set(Ok(leaf("/#/disco/cart", "/b")))
        one, two = world.ask(WEB), world.ask(API)
        assert one.client is two.client
        assert one.request.headers.get(b"l5d-dst-residual") == b"/a"
        assert two.request.headers.get(b"l5d-dst-residual") == b"/b"
        assert one.request.headers.get(b"l5d-dst-client") == b"/#/disco/cart"
        assert [len(tier.entries) for tier in world.all_tiers()] == [2, 2, 2, 1]

    routed(main)


def test_each_dtab_of_requests_has_a_route_of_its_own_and_equal_trees_are_one() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(leaf("/#/a")))
        world.binding(WEB, OVERRIDE).set(Ok(leaf("/#/a")))
        one, two = world.ask(WEB), world.ask(WEB, Dtab.read("/svc=>/elsewhere"))
        assert one.request.route is not two.request.route
        assert one.request.name is two.request.name
        assert len(world.tiers.trees.entries) == len(world.clients) == 1

    routed(main)


def test_statistics_of_a_name_go_with_its_last_route() -> None:
    async def main(world: World) -> None:
        world.metrics.scope("service", "svc/web").counter("requests")
        for dtab in (NO_DTAB, OVERRIDE):
            world.binding(WEB, dtab).set(Ok(leaf("/#/a")))
            await world.finish(world.ask(WEB, dtab))
        world.binding(API).set(Ok(leaf("/#/a")))
        await world.finish(world.ask(API))
        assert "svc/web" in world.metrics.scope("service").scopes
        await world.reactor.sleep(601)
        await world.finish(world.ask(API))
        world.tiers.sweep()
        await world.settle()
        assert "svc/web" not in world.metrics.scope("service").scopes

    routed(main)


# ---- refusals


def test_who_cannot_be_named_is_refused() -> None:
    async def main(world: World) -> None:
        request = Request(b"GET", b"/nameless", Headers(b"Host: web\r\n"))
        with pytest.raises(UnknownDst, match="it has no name"):
            await world.enter(request)
        no_host = Request(b"GET", b"/svc/web", Headers(b""))
        with pytest.raises(ClientError, match="Host header is absent"):
            await world.enter(no_host)
        assert world.tiers.routes.entries == {}

    routed(main)


def test_1_0_needs_no_host() -> None:
    async def main(world: World) -> None:
        world.binding(WEB).set(Ok(leaf("/#/a")))
        old = Request(b"GET", b"/svc/web", Headers(b""), minor=0)
        world.asks.append(Ask(old))
        task = world.reactor.spawn(world.enter(old))
        assert world.asks[0].client is not None
        world.gate(old).set()
        await world.reactor.join(task)
        assert old.route is not None
        world.learn(old.route, (WEB, NO_DTAB))

    routed(main)


def test_a_full_tier_serves_by_one_shots_that_are_closed_after_their_use() -> None:
    async def main(world: World) -> None:
        for path, id_ in ((WEB, "/#/a"), (API, "/#/b")):
            world.binding(path).set(Ok(leaf(id_)))
        kept, passing = world.ask(WEB), world.ask(API)
        assert kept.client is not None
        assert passing.client is not None
        assert world.binding(API).observed
        await world.finish(passing)
        assert not world.binding(API).observed
        assert (kept.client.closed, passing.client.closed) == (0, 1)

    routed(main, cache=BindingCacheConfig(paths=1, trees=1, bounds=1, clients=1))


def test_a_router_that_closes_under_load_closes_everything_once() -> None:
    async def main(reactor: Reactor) -> None:
        world = World(reactor)
        world.binding(WEB).set(Ok(leaf("/#/a")))
        busy, waiting = world.ask(WEB), world.ask(API)
        world.tiers.close()
        await world.finish(busy)
        assert busy.response is not None, "what is under way may end"
        assert waiting.task is not None
        reactor.throw(waiting.task, Cancelled())
        await world.settle()
        world.check_end()

    drive(main)


# ---- anything, in any order

PATHS = [Path.read(f"/svc/{name}") for name in ("a", "b", "c")]
TREES: list[BoundTree] = [
    leaf("/#/x"),
    leaf("/#/x", "/rest"),
    leaf("/#/y"),
    union((1, leaf("/#/x")), (2, leaf("/#/z"))),
    union((1, leaf("/#/y")), (2, EMPTY)),
    NEG,
    FAIL,
    EMPTY,
]
STATES: list[State[BoundTree]] = [
    PENDING,
    Failed(RuntimeError("one")),
    Failed(RuntimeError("two")),
    *[Ok(tree) for tree in TREES],
]
keys = st.tuples(st.sampled_from(PATHS), st.sampled_from([NO_DTAB, NO_DTAB, OVERRIDE]))
steps = st.one_of(
    st.tuples(st.just("ask"), keys, st.none()),
    st.tuples(st.just("change"), keys, st.sampled_from(STATES)),
    st.tuples(st.just("two changes"), keys, st.sampled_from(STATES)),
    st.tuples(st.sampled_from(["finish", "leave"]), st.integers(0, 9), st.none()),
    st.tuples(st.just("time"), st.sampled_from([1.0, 400.0, 700.0]), st.none()),
)
sizes = st.builds(
    BindingCacheConfig,
    paths=st.sampled_from([1, 2, 1000]),
    trees=st.sampled_from([1, 2, 1000]),
    bounds=st.sampled_from([1, 2, 1000]),
    clients=st.sampled_from([1, 2, 1000]),
)


@settings(max_examples=120, deadline=None)
@given(history=st.lists(steps, max_size=30), cache=sizes)
def test_requests_obey_the_trees_of_their_time_and_nothing_leaks(
    history: list[tuple[str, Any, Any]], cache: BindingCacheConfig
) -> None:
    async def main(world: World) -> None:
        for what, which, state in history:
            under_way = [ask for ask in world.asks if ask.task is not None and not ask.task.done]
            if what == "ask":
                ask = world.ask(*which)
                world.check_new(ask)
            elif what == "change":
                world.change(*which, state)
            elif what == "two changes":
                world.change(*which, Ok(TREES[2]))
                world.change(*which, state)
            elif what == "finish" and under_way:
                await world.finish(under_way[which % len(under_way)])
            elif what == "leave" and under_way:
                task = under_way[which % len(under_way)].task
                assert task is not None
                world.reactor.throw(task, Cancelled())
            elif what == "time":
                await world.reactor.sleep(which)
                world.tiers.sweep()
            await world.settle()
            world.check()
        for key in world.bindings:  # after the last change, new requests obey it
            world.change(*key, Ok(TREES[0]))
            ask = world.ask(*key)
            assert ask.client is not None
            assert ask.client.id.show() == "/#/x"
            await world.settle()
            world.check()

    routed(main, cache=cache, timeout_ms=50)
