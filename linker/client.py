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

from linker.config.client import ClientParams
from linker.endpoint import Endpoint
from linker.endpoint_health import AccrualStats, EndpointHealth
from linker.errors import (
    BindingTimeout,
    ClientGone,
    ConnectFailed,
    NamingError,
    NoBrokers,
    ProxyError,
)
from linker.filters.timeout import show_duration
from linker.http.client import Upstream
from linker.http.message import Request, Response
from linker.http.pool import Pool, PoolOptions
from linker.http.stats import PoolStats
from linker.metrics import Metrics
from linker.parts import RouterParts
from linker.reactor import Event
from linker.stacks import client_side, endpoint_side
from namer.activity import Close
from namer.addr import Addr, AddrBound, Address, AddrFailed, AddrNeg, AddrPending
from namer.name import Bound


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
        self.balancer = params.loadBalancer.mk(random.random, self._metrics.scope("loadbalancer"))
        self.endpoints: dict[Address, Endpoint] = {}
        self._known = Event(parts.reactor)
        creation = self._metrics.scope("service_creation")
        self._acquisition = creation.stat("service_acquisition_latency_ms")
        self._creation = creation
        self._metrics.gauge("available", lambda: 1.0 if self.is_open() else 0.0)
        self._endpoint_service = endpoint_side(self.id, params, self._metrics, parts, self.addresses, self._exchange)
        self.service = client_side(params, self._metrics, parts, self.is_open, self._attempt)
        self._close: Close = bound.addr.observe(self._addresses)

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
        for address in addresses:
            self.endpoints[address] = before.pop(address) if address in before else self._endpoint(address)
        self.balancer.update(tuple(self.endpoints.values()))
        kept = {(node.address.ip, node.address.port): node for node in self.endpoints.values()}
        for gone in before.values():
            stays = kept.get((gone.address.ip, gone.address.port))
            if stays is not None and stays.pool.size == 0:
                # Only its weight or metadata changed: the connections and what is known of its health stay.
                stays.pool, stays.health = gone.pool, gone.health
                stays.pool.owner = stays.returned
            elif gone not in self.balancer.probation:
                gone.pool.close()

    def _endpoint(self, address: Address) -> Endpoint:
        params = self._settings.params
        health = EndpointHealth(params.failureAccrual.mk(), self._accrual_stats)
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

    def _observe(self, endpoint: Endpoint, now: float, rtt: float) -> None:
        self.balancer.observe(endpoint, now, rtt)

    def addresses(self) -> list[str]:
        """The current set, shown."""
        return [str(endpoint.address) for endpoint in self.endpoints.values()]

    def is_open(self) -> bool:
        """Whether some endpoint takes requests."""
        now = monotonic()
        return any(node.available or node.refresh(now) for node in self.endpoints.values())

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
        return self._endpoint_service(request)

    async def _attempt_later(self, request: Request) -> Response:
        await self._wait_for_addresses(request)
        if self.balancer.pick(monotonic()) is None:
            raise NoBrokers(self._parts.no_brokers(request))
        return await self._attempt(request)

    async def _attempt_anew(self, endpoint: Endpoint, request: Request, now: float) -> Response:
        request.upstream = await self._acquire(endpoint, request, now)
        return await self._endpoint_service(request)

    @staticmethod
    def _exchange(request: Request) -> Coroutine[Any, Any, Response]:
        """The end of the list: one exchange on the acquired connection."""
        upstream = request.upstream
        assert upstream is not None
        request.upstream = None
        return upstream.exchange(request)

    async def _acquire(self, endpoint: Endpoint, request: Request, now: float) -> Upstream:
        try:
            with self._parts.binding_timeout(lambda: self._too_slow(request)):
                upstream = await endpoint.pool.acquire()
        except ProxyError as error:
            endpoint.unused()
            if isinstance(error, ClientGone):
                endpoint.ignored(monotonic())
                raise
            endpoint.failed(monotonic())
            self._count_failure(error)
            if isinstance(error, ConnectFailed):
                raise ConnectFailed(self._cannot_connect(endpoint, request)) from error
            raise
        except BaseException:
            endpoint.unused()
            endpoint.ignored(monotonic())
            raise
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
            raise NamingError(self.addr.cause)

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
        for endpoint in self.endpoints.values():
            endpoint.pool.close()
        self._metrics.close()

    def __repr__(self) -> str:
        return f"<Client {self._show} {self.balancer!r}>"


MkClient = Callable[[Bound], Client]
