"""Every balancer over endpoints with failure accrual: what clients see when one endpoint breaks and comes back."""

from __future__ import annotations

from random import Random

import pytest

from linker.accrual import DEFAULT_ACCRUAL
from linker.balancers import BALANCERS
from linker.endpoint import Endpoint
from linker.endpoint_health import AccrualStats, EndpointHealth, State
from linker.metrics import Metrics
from namer.addr import Address

RATE = 50
"""Requests a second, each of them 30 ms long: one or two in flight."""


class Client:
    """A client of three endpoints on a clock of its own; `broken` endpoints fail every request."""

    def __init__(self, kind: str) -> None:
        random = Random(11).random
        self.balancer = BALANCERS.kinds[kind]().mk(random)
        self.stats = AccrualStats(Metrics())
        self.endpoints = [
            Endpoint(
                Address("10.0.0.1", port), EndpointHealth(DEFAULT_ACCRUAL.mk(random), self.stats), self.balancer.observe
            )
            for port in (1, 2, 3)
        ]
        self.balancer.update(self.endpoints)
        self.broken: set[Endpoint] = set()
        self.running: list[tuple[float, Endpoint]] = []
        self.now = 0.0

    def run(self, seconds: float) -> dict[Endpoint, int]:
        """Requests given to each endpoint meanwhile."""
        given = dict.fromkeys(self.endpoints, 0)
        until = self.now + seconds
        while self.now < until:
            self.now += 1 / RATE
            while self.running and self.running[0][0] <= self.now:
                self._end(*self.running.pop(0))
            endpoint = self.balancer.pick(self.now)
            assert isinstance(endpoint, Endpoint)
            given[endpoint] += 1
            endpoint.began(self.now)
            self.running.append((self.now + 0.03, endpoint))
        return given

    def _end(self, now: float, endpoint: Endpoint) -> None:
        endpoint.load -= 1
        self.balancer.observe(endpoint, now, 0.03)
        if endpoint in self.broken:
            endpoint.failed(now)
        else:
            endpoint.succeeded(now)


@pytest.fixture(params=list(BALANCERS.kinds))
def client(request: pytest.FixtureRequest) -> Client:
    return Client(request.param)


def test_a_broken_endpoint_gets_five_requests_and_then_single_probes(client: Client) -> None:
    client.run(2)
    # The one that an aperture is certain to use.
    bad = next(endpoint for endpoint, count in client.run(2).items() if count)
    client.broken.add(bad)
    given = client.run(60)
    probes = client.stats.probes.value
    assert 2 <= probes <= 5  # after 5, then 5 to 10, 10 to 20 and 20 to 40 seconds
    assert 3 <= given[bad] - probes <= 8  # some were under way when it broke, some when it died
    assert (client.stats.removals.value, client.stats.revivals.value) == (1, 0)


def test_it_is_used_again_after_one_good_probe(client: Client) -> None:
    client.run(2)
    bad = next(endpoint for endpoint, count in client.run(2).items() if count)
    client.broken.add(bad)
    client.run(4)
    client.broken.clear()
    client.run(120)
    assert bad.health.state is State.ALIVE and bad.available
    assert (client.stats.removals.value, client.stats.revivals.value) == (1, 1)
    assert client.run(10)[bad] > 50


def test_with_all_broken_every_request_still_goes_somewhere(client: Client) -> None:
    client.broken.update(client.endpoints)
    given = client.run(20)
    assert sum(given.values()) >= 20 * RATE - 1
    assert client.stats.removals.value == 3
    client.broken.clear()
    client.run(60)
    assert client.stats.revivals.value >= 1
