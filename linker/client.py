"""The client of one bound id: its endpoints as they come and go, the balancer over them, and the way to one of them.

Strategy (dtab.md sections 15.2–15.4): the client observes the address var it was made with. A new set changes the
balancer in place; a removed endpoint takes no new requests and ends those it has. Once addresses were known, a failing
or pending source changes nothing; Neg and an empty set do. The requests of a client that has no addresses yet wait.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

from linker.balancers import Node
from linker.config.client import ClientParams
from linker.endpoint import Endpoint
from linker.endpoint_health import AccrualStats, EndpointHealth
from linker.errors import (
    BindingTimeout,
    ClientGone,
    ConnectFailed,
    NamingError,
    ProxyError,
)
from linker.fail_fast import FailFastHealth, FailFastStats
from linker.filters.client_stats import ClientStats
from linker.filters.timeout import show_duration
from linker.http.client import Upstream
from linker.http.message import Request, Response
from linker.http.pool import Pool, PoolOptions
from linker.http.stats import PoolStats
from linker.metrics import Metrics
from linker.parts import RouterParts
from linker.reactor import Event, Timer
from linker.service import Service
from linker.stacks import by_service, client_side, endpoint_side
from namer.activity import Close
from namer.addr import Addr, AddrBound, Address, AddrFailed, AddrNeg, AddrPending
from namer.name import Bound

PROBATION_SECONDS = 1.0
"""Between two looks whether those that left the set still have connections."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What of the configuration holds for one client, ready to use."""

    params: ClientParams
    pool: PoolOptions


class Client:
    """See the module. `service` is its entrance; `users` and `idle_since` are the cache's (linker/cache.py)."""

    def __init__(self, bound: Bound, settings: ClientSettings, parts: RouterParts) -> None:
        self.id = bound.id
        self.users = 0
        self.idle_since = monotonic()
        self.addr: Addr = AddrPending()
        self._parts = parts
        self._settings = settings
        self._show = bound.id.show()
        self._metrics: Metrics = parts.metrics.scope("client", self._show[1:])
        self._pool_stats = PoolStats(self._metrics)
        self._accrual_stats = AccrualStats(self._metrics.scope("failure_accrual"))
        params = settings.params
        self._fail_fast = FailFastStats(self._metrics.scope("failfast")) if params.failFast else None
        self.balancer = params.loadBalancer.mk(random.random, self._metrics.scope("loadbalancer"), self._dropped)
        self.endpoints: dict[Address, Endpoint] = {}
        self._probation_timer: Timer | None = None
        self._known = Event(parts.reactor)
        creation = self._metrics.scope("service_creation")
        self._acquisition = creation.stat("service_acquisition_latency_ms")
        self._creation = creation
        self._metrics.gauge("available", lambda: 1.0 if self.is_open() else 0.0)
        self._stats = ClientStats(self._metrics, by_service)
        self._endpoint_service = self._endpoint_side()
        self._traced_service: Service | None = None  # most clients never see a TRACE
        self.service = client_side(params, self._metrics, parts, self.is_open, self._attempt)
        self._close: Close = bound.addr.observe(self._addresses)

    def _endpoint_side(self, trace: bool = False) -> Service:
        return endpoint_side(self.id, self._settings.params, self._parts, self._stats, self.addresses, trace=trace)

    def _traced(self) -> Service:
        """What an attempt of a TRACE request meets."""
        if self._traced_service is None:
            self._traced_service = self._endpoint_side(trace=True)
        return self._traced_service

    # ---- addresses

    def _addresses(self, addr: Addr) -> None:
        if isinstance(addr, AddrPending | AddrFailed) and not isinstance(self.addr, AddrPending | AddrFailed):
            return  # the last good set stays
        self.addr = addr
        if isinstance(addr, AddrBound):
            self._update(addr.addresses)
        elif isinstance(addr, AddrNeg):
            self._update(())
        if not isinstance(addr, AddrPending):
            self._known.set()

    def _update(self, addresses: tuple[Address, ...]) -> None:
        before, self.endpoints = self.endpoints, {}
        back = {node.address: node for node in self._probation()}  # some may return from there
        moved = {(at.ip, at.port): node for at, node in before.items() if at not in addresses}
        for address in addresses:
            known = before.pop(address, None) or back.get(address) or moved.pop((address.ip, address.port), None)
            if known is not None and known.address != address:
                # Only its weight or metadata changed: its connections, its health, what is under way on it stay.
                del before[known.address]
                known.address = address
            self.endpoints[address] = known or self._endpoint(address)
        self.balancer.update(tuple(self.endpoints.values()))
        for gone in before.values():
            if gone not in self.balancer.probation:
                gone.retire()
        self._end_probation()

    def _all(self) -> list[Endpoint]:
        return [*self.endpoints.values(), *self._probation()]

    def _probation(self) -> list[Endpoint]:
        """Endpoints that left the set and are still used when no other is there (`enableProbation`)."""
        return [node for node in self.balancer.probation if isinstance(node, Endpoint)]

    def _end_probation(self) -> None:
        """Forget those on probation that have no connection any more; look again while there are some."""
        for node in self._probation():
            if not node.pool.size:
                self.balancer.forget(node)
                node.retire()
        if self.balancer.probation and self._probation_timer is None:
            self._probation_timer = self._parts.reactor.call_at(monotonic() + PROBATION_SECONDS, self._probation_over)

    def _probation_over(self) -> None:
        self._probation_timer = None
        self._end_probation()

    @staticmethod
    def _dropped(node: Node) -> None:
        """The balancer gave up one on probation, which is dead itself."""
        assert isinstance(node, Endpoint)
        node.retire()

    def _endpoint(self, address: Address) -> Endpoint:
        params = self._settings.params
        policy = params.failureAccrual.mk()
        if self._fail_fast is None:
            health = EndpointHealth(policy, self._accrual_stats)
        else:
            health = FailFastHealth(policy, self._accrual_stats, self._fail_fast, self._probe_after)
        endpoint = Endpoint(address, health, self._observe if params.loadBalancer.observes else None)
        label = f"at remote address: {address} from service: {self._show}"
        endpoint.pool = Pool(
            self._parts.reactor,
            (address.ip, address.port),
            label,
            self._settings.pool,
            self._pool_stats,
            endpoint.returned,
        )
        return endpoint

    def _probe_after(self, health: FailFastHealth, seconds: float) -> Callable[[], None]:
        reactor = self._parts.reactor

        def begin() -> None:
            reactor.spawn(self._probe(health))

        return reactor.call_at(monotonic() + seconds, begin).cancel

    async def _probe(self, health: FailFastHealth) -> None:
        """Try to connect to an endpoint that `failFast` left out."""
        (pool,) = (node.pool for node in self._all() if node.health is health)
        try:
            upstream = await pool.acquire()
        except ProxyError:
            health.probe_failed()
        else:
            health.on_connected()
            pool.returned(upstream, True)

    def _observe(self, endpoint: Endpoint, now: float, rtt: float) -> None:
        self.balancer.observe(endpoint, now, rtt)

    def addresses(self) -> list[str]:
        """The current set, shown."""
        return [str(endpoint.address) for endpoint in self.endpoints.values()]

    def is_open(self) -> bool:
        """Whether some endpoint takes requests."""
        now = monotonic()
        return any(node.available or node.refresh(now) for node in self._all())

    # ---- requests

    def _attempt(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Pick an endpoint and send the request there. Waits only where there is no endpoint, or no connection."""
        now = monotonic()
        endpoint = cast("Endpoint | None", self.balancer.pick(now))
        if endpoint is None:
            return self._attempt_later(request)
        endpoint.began(now)
        request.node = endpoint
        request.endpoint = endpoint.address
        request.upstream = upstream = endpoint.pool.take()
        if upstream is None:
            return self._attempt_anew(endpoint, request, now)
        return self._endpoint_service(request) if request.method != b"TRACE" else self._traced()(request)

    async def _attempt_later(self, request: Request) -> Response:
        await self._wait_for_addresses(request)
        if not self.endpoints:
            raise await self._parts.nowhere(request, self._parts.no_brokers(request), self.addr)
        return await self._attempt(request)

    async def _attempt_anew(self, endpoint: Endpoint, request: Request, now: float) -> Response:
        request.upstream = await self._acquire(endpoint, request, now)
        service = self._endpoint_service if request.method != b"TRACE" else self._traced()
        return await service(request)

    async def _acquire(self, endpoint: Endpoint, request: Request, now: float) -> Upstream:
        try:
            with self._parts.binding_timeout(lambda: self._too_slow(request)):
                upstream = await endpoint.pool.acquire()
        except ProxyError as error:
            failed_at = monotonic()
            endpoint.unused(failed_at - now)
            if isinstance(error, ClientGone):
                endpoint.ignored(failed_at)
                raise
            if isinstance(error, ConnectFailed):
                endpoint.health.on_unreachable(failed_at)
            endpoint.failed(failed_at)
            self._count_failure(error)
            if isinstance(error, ConnectFailed):
                raise ConnectFailed(self._cannot_connect(endpoint, request)) from error
            raise
        except BaseException:
            endpoint.unused(monotonic() - now)
            endpoint.ignored(monotonic())
            raise
        endpoint.health.on_connected()
        self._acquisition.add((monotonic() - now) * 1000)
        return upstream

    def _count_failure(self, error: ProxyError) -> None:
        self._creation.counter("failures").value += 1
        name = error.metric[-1].removesuffix("WithPath")
        self._creation.counter(f"failures/{name}").value += 1

    def _cannot_connect(self, endpoint: Endpoint, request: Request) -> str:
        address = endpoint.address
        return (
            f"Unable to establish connection to {address}.\n\nservice name: {request.dst.show()}\n"
            f"client name: {self._show}\naddresses: [{', '.join(self.addresses())}]\nselected address: {address}\n"
        )

    async def _wait_for_addresses(self, request: Request) -> None:
        if isinstance(self.addr, AddrPending):
            with self._parts.binding_timeout(lambda: self._too_slow(request)):
                await self._known.wait()
        if isinstance(self.addr, AddrFailed):
            raise await self._parts.nowhere(request, NamingError(self.addr.cause), self.addr)

    def _too_slow(self, request: Request) -> BindingTimeout:
        limit = show_duration(self._parts.binding_timeout_ms)
        return BindingTimeout(
            f"Exceeded {limit} binding timeout while connecting to {self._show} for name: {request.dst.show()}"
        )

    # ---- the end, and the admin server

    def state_json(self) -> dict[str, object]:
        """As `/client_state.json` shows it (linkerd.md section 9.5), with where the set came from and how old it is."""
        match self.addr:
            case AddrBound(addresses, _, provenance):
                shown: dict[str, object] = {"state": "bound", "addresses": [str(each) for each in addresses]}
                if provenance.confirmed:
                    shown["source"] = provenance.source
                    shown["version"] = provenance.version
                    shown["confirmed"] = provenance.confirmed
                return shown
            case AddrFailed(cause):
                return {"state": f"Failed: {cause}"}
            case AddrNeg():
                return {"state": "Neg"}
            case _:
                return {"state": "Pending"}

    def close(self) -> None:
        """Stop watching addresses and close the pools; exchanges under way end by themselves."""
        self._close()
        if self._probation_timer is not None:
            self._probation_timer.cancel()
        for endpoint in self._all():
            endpoint.retire()
        self._metrics.close()

    def __repr__(self) -> str:
        return f"<Client {self._show} {self.balancer!r}>"


MkClient = Callable[[Bound], Client]
