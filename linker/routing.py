"""From a logical name to a client: the cached tiers path → tree → bound → client (dtab.md section 15).

Strategy: a name is bound once and then kept bound: a `Route` observes its binding and holds, compiled, where its
requests go now. A new tree replaces that function; requests in flight go on where they are. Lower tiers are shared:
two routes with equal trees use one tree entry, two trees with the same id one client. A route that was bound once
ignores later Pending and Failed states (dtab.md section 15.3).
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Coroutine
from itertools import accumulate
from time import monotonic
from typing import Any

from dtab import Dtab, Leaf, Path, Union
from linker.cache import Cache
from linker.classifiers import Classify
from linker.client import Client, MkClient
from linker.config.router import BindingCacheConfig
from linker.errors import BindingTimeout, ClientError, NamingError
from linker.filters.dst_headers import DstBound
from linker.filters.timeout import show_duration
from linker.http.message import NO_DTAB, Headers, Request, Response
from linker.identifiers import Identifier, NotIdentified, unknown_dst
from linker.parts import RouterParts
from linker.reactor import Event
from linker.service import PlainFilter, Service
from namer.activity import Activity, Close, Failed, Ok, State
from namer.name import Bound, BoundTree

Key = Path | tuple[Path, Dtab]
"""Of the path tier: the name, with the request's own dtab where it has one."""
BoundKey = tuple[Path, Path]


class LogicalService:
    """What one logical name has by itself, whatever its requests' dtabs: the service's filters, and its verdicts.

    enter: the top of the service's list, whose bottom is `dispatch`.
    """

    __slots__ = ("classify", "enter", "users")

    def __init__(self, classify: Classify, mk_stack: Callable[[Service], Service]) -> None:
        self.classify = classify
        self.enter = mk_stack(dispatch)
        self.users = 0


def dispatch(request: Request) -> Coroutine[Any, Any, Response]:
    """The bottom of a service's list: wherever its route leads at this moment."""
    route = request.route
    assert route is not None
    return route.go(request)


class Route:
    """A path entry: one name, bound under one dtab. `go` is where its requests go now.

    told, drawing: belong to linker/unroutable.py.
    """

    __slots__ = (
        "key", "name", "go", "users", "idle_since", "told", "drawing",
        "_dst", "_tiers", "_close", "_tree", "_settled", "_error",
    )  # fmt: skip

    def __init__(self, key: Key, dst: Path, name: LogicalService, binding: Activity[BoundTree], tiers: Tiers) -> None:
        self.key = key
        self.name = name
        self.users = 0
        self.idle_since = monotonic()
        self._dst = dst
        self._tiers = tiers
        self._tree: Tree | None = None
        self._error: Exception | None = None
        self.told: object = None
        self.drawing: str | None = None
        self._settled = Event(tiers.parts.reactor)
        self.go: Service = self._wait
        name.users += 1
        self._close: Close = binding.observe(self._changed)

    def _changed(self, state: State[BoundTree]) -> None:
        if isinstance(state, Ok):
            before, self._tree = self._tree, self._tiers.acquire_tree(state.value)
            self.go = self._tree.go
            self._error = None
            if before is not None:
                self._tiers.release_tree(before)
            self._settled.set()
        elif isinstance(state, Failed) and self._tree is None:
            self._error = state.error.with_traceback(None)  # kept for long: without the frames it came through
            self.go = self._fail
            self._settled.set()

    async def _wait(self, request: Request) -> Response:
        """Pending: wait for the first state that is something."""
        parts = self._tiers.parts
        with parts.binding_timeout(lambda: _too_slow(parts.binding_timeout_ms, request)):
            await self._settled.wait()
        return await self.go(request)

    async def _fail(self, request: Request) -> Response:
        error = self._error
        told = NamingError(str(error) or type(error).__name__)
        raise await self._tiers.parts.nowhere(request, told, error)

    def close(self) -> None:
        """End the binding."""
        self._close()
        self.go = _closed  # not a method of its own any more: nothing is left to the collector
        if self._tree is not None:
            self._tiers.release_tree(self._tree)
        self._tiers.forget_name(self._dst, self.name)

    def __repr__(self) -> str:
        return f"<Route {self._dst.show()} users={self.users} {self._tree!r}>"


async def _closed(request: Request) -> Response:
    """Where a closed route leads those who still wait for it: the router is closing."""
    raise NamingError("the name is not bound any more")


def _too_slow(limit_ms: int, request: Request) -> BindingTimeout:
    text = f"Exceeded {show_duration(limit_ms)} binding timeout while resolving name: {request.dst.show()}"
    return BindingTimeout(text)


class Tree:
    """A tree entry: a bound tree compiled into the function that picks a branch. Holds its bound entries."""

    __slots__ = ("key", "go", "users", "idle_since", "_bounds", "_tiers")

    def __init__(self, key: object, tree: BoundTree, tiers: Tiers) -> None:
        self.key = key
        self.users = 0
        self.idle_since = monotonic()
        self._tiers = tiers
        self._bounds: list[BoundEntry] = []
        self.go: Service = self._compile(tree)

    def _compile(self, tree: BoundTree) -> Service:
        if isinstance(tree, Leaf):
            entry = self._tiers.acquire_bound(tree.value)
            self._bounds.append(entry)
            return entry.go
        if isinstance(tree, Union):
            return _weighted([(each.weight, self._lazily(each.tree)) for each in tree.weighted])
        return self._tiers.nobody

    def _lazily(self, tree: BoundTree) -> Service:
        """A branch, compiled when it is first picked: an override may name hundreds, and each is a client."""
        compiled: Service | None = None

        def go(request: Request) -> Coroutine[Any, Any, Response]:
            nonlocal compiled
            if compiled is None:
                compiled = self._compile(tree)
            return compiled(request)

        return go

    def close(self) -> None:
        """Let go of the bound entries."""
        for entry in self._bounds:
            self._tiers.release_bound(entry)

    def __repr__(self) -> str:
        return f"<Tree of {len(self._bounds)}>"


def _weighted(branches: list[tuple[float, Service]]) -> Service:
    """Each request picks a branch by its share; all weights 0: evenly (dtab.md section 15.1)."""
    weights = [weight for weight, _ in branches]
    if not any(weights):
        weights = [1.0] * len(branches)
    if float("inf") in weights:  # an overlong number in a dtab: it outweighs all that are finite
        weights = [1.0 if weight == float("inf") else 0.0 for weight in weights]
    bounds = list(accumulate(weights))
    services = [service for _, service in branches]
    total, last, draw = bounds[-1], len(services) - 1, random.random

    def pick(request: Request) -> Coroutine[Any, Any, Response]:
        return services[min(bisect(bounds, draw() * total), last)](request)

    return pick


class BoundEntry:
    """A bound entry: one (id, residual), with its header lines, above the client of its id."""

    __slots__ = ("key", "go", "users", "idle_since", "_client", "_tiers")

    def __init__(self, bound: Bound, tiers: Tiers) -> None:
        self.key: BoundKey = (bound.id, bound.residual)
        self.users = 0
        self.idle_since = monotonic()
        self._tiers = tiers
        self._client: Client | None = None
        if bound.status is not None:
            to = _answers(bound.status)
        else:
            try:
                self._client = tiers.acquire_client(bound)
                to = self._client.service
            except NamingError as error:  # its configuration cannot be found
                to = _fails(str(error))
        enter = DstBound(bound).enter

        def go(request: Request) -> Coroutine[Any, Any, Response]:
            request.bound = bound
            enter(request)
            return to(request)

        self.go: Service = go

    def close(self) -> None:
        """Let go of the client."""
        if self._client is not None:
            self._tiers.release_client(self._client)


def _fails(text: str) -> Service:
    async def fail(request: Request) -> Response:
        raise NamingError(text)

    return fail


def _answers(status: int) -> Service:
    """/$/io.buoyant.http.status: the router itself answers (dtab.md section 9)."""

    async def answer(request: Request) -> Response:
        return Response(
            status, Headers(b"Content-Length: 0\r\n" if status not in (204, 304) else b""), from_service=True
        )

    return answer


class Tiers:
    """The four tiers of one router. `acquire_route` finds or makes the entry of a name.

    bind: (request dtab, name) → its binding. mk_name: name → its `LogicalService`. mk_client: bound name → its client.
    """

    def __init__(
        self,
        config: BindingCacheConfig,
        parts: RouterParts,
        bind: Callable[[Dtab, Path], Activity[BoundTree]],
        mk_name: Callable[[Path], LogicalService],
        mk_client: MkClient,
    ) -> None:
        self.parts = parts
        self._bind = bind
        self._mk_name = mk_name
        self._mk_client = mk_client
        scope, ttl = parts.metrics.scope("bindcache"), float(config.idleTtlSecs)
        self.ttl = ttl
        self._names: dict[Path, LogicalService] = {}
        self.routes: Cache[Key, Route] = Cache(config.paths, ttl, scope.scope("path"))
        self.trees: Cache[object, Tree] = Cache(config.trees, ttl, scope.scope("tree"))
        self.bounds: Cache[BoundKey, BoundEntry] = Cache(config.bounds, ttl, scope.scope("bound"))
        self.clients: Cache[Path, Client] = Cache(config.clients, ttl, scope.scope("client"))

    # ---- the path tier

    def acquire_route(self, dst: Path, dtab: Dtab) -> Route:
        """The route of a name under a request's own dtab, for one request more."""
        key: Key = dst if dtab is NO_DTAB else (dst, dtab)
        route = self.routes.entries.get(key)
        if route is None:
            route = self.routes.get(key, lambda: self._mk_route(key, dst, dtab))
        route.users += 1
        return route

    def release_route(self, route: Route) -> None:
        """For one request less."""
        route.users -= 1
        if not route.users:
            self.routes.release_idle(route.key, route, monotonic())

    def _mk_route(self, key: Key, dst: Path, dtab: Dtab) -> Route:
        name = self._names.get(dst)
        if name is None:
            name = self._names[dst] = self._mk_name(dst)
        return Route(key, dst, name, self._bind(dtab, dst), self)

    def forget_name(self, dst: Path, name: LogicalService) -> None:
        """A route of this name is closed; with the last one its statistics go."""
        name.users -= 1
        if not name.users and self._names.get(dst) is name:
            del self._names[dst]
            self.parts.metrics.prune("service", dst.show()[1:])

    async def nobody(self, request: Request) -> Response:
        """Where a tree leads that is Neg, Fail or Empty."""
        state = None if request.route is None else request.route.go
        raise await self.parts.nowhere(request, self.parts.no_brokers(request), state)

    # ---- the tiers below: held by those above

    def acquire_tree(self, tree: BoundTree) -> Tree:
        """The entry of an equal tree: weights, ids and residuals."""
        key = _tree_key(tree)
        entry = self.trees.get(key, lambda: Tree(key, tree, self))
        entry.users += 1
        return entry

    def release_tree(self, entry: Tree) -> None:
        """See `acquire_tree`."""
        self.trees.release(entry.key, entry, monotonic())

    def acquire_bound(self, bound: Bound) -> BoundEntry:
        """The entry of this id and residual."""
        key = (bound.id, bound.residual)
        entry = self.bounds.get(key, lambda: BoundEntry(bound, self))
        entry.users += 1
        return entry

    def release_bound(self, entry: BoundEntry) -> None:
        """See `acquire_bound`."""
        self.bounds.release(entry.key, entry, monotonic())

    def acquire_client(self, bound: Bound) -> Client:
        """The client of this id, which keeps the address var it was made with."""
        client = self.clients.get(bound.id, lambda: self._mk_client(bound))
        client.users += 1
        return client

    def release_client(self, client: Client) -> None:
        """See `acquire_client`."""
        self.clients.release(client.id, client, monotonic())

    # ---- life

    def sweep(self) -> None:
        """Close what is idle too long, top tier first. Call once every `ttl` seconds."""
        now = monotonic()
        for cache in (self.routes, self.trees, self.bounds, self.clients):
            cache.sweep(now)

    def close(self) -> None:
        """Close everything, top tier first."""
        self.routes.close()
        self.trees.close()
        self.bounds.close()
        self.clients.close()


class Naming(PlainFilter):
    """The last filter of a server: names the request and holds its route while it is under way.

    Refuses with UnknownDst, or ClientError for an HTTP/1.1 request without Host (RFC 9112 section 3.2).
    """

    def __init__(self, identifier: Identifier, tiers: Tiers) -> None:
        self._identify = identifier.identify
        self._tiers = tiers

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        dst = self._identify(request)
        if isinstance(dst, NotIdentified):
            raise unknown_dst(request, dst.reason)
        if request.minor and b"host" not in request.headers.index:
            raise ClientError("Host header is absent")
        request.dst = dst
        request.route = route = self._tiers.acquire_route(dst, request.dtab)
        request.name = route.name

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        if request.route is not None:
            self._tiers.release_route(request.route)

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        if request.route is not None:
            self._tiers.release_route(request.route)


def _tree_key(tree: BoundTree) -> object:
    if isinstance(tree, Leaf):
        return (tree.value.id, tree.value.residual)
    if isinstance(tree, Union):
        return tuple([(each.weight, _tree_key(each.tree)) for each in tree.weighted])
    return type(tree)
