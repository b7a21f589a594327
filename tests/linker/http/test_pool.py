"""The connections to one endpoint: reuse, growth, the queue, what ends them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import ConnectFailed, TooManyWaiters
from linker.http.client import Upstream
from linker.http.pool import CONNECT_SECONDS, Pool, PoolOptions
from linker.http.stats import PoolStats
from linker.metrics import Gauge, Metrics
from linker.reactor import Cancelled, Reactor
from linker.sockets import Listener, Socket
from tests.linker.driving import drive
from tests.linker.filters.fakes import counted

T = TypeVar("T")


class Late(Exception):
    pass


class Place:
    """A listening endpoint on the reactor, and a pool of connections to it. `peers`: its ends, in order."""

    def __init__(self, reactor: Reactor, options: PoolOptions) -> None:
        self.reactor = reactor
        sock = socket.create_server(("127.0.0.1", 0))
        self.peers: list[Socket] = []
        self.listener = Listener(reactor, sock, self._accepted)
        self.metrics = Metrics()
        self.stats = PoolStats(self.metrics)
        self.pool = Pool(reactor, sock.getsockname(), "at here", options, self.stats, self._owner)

    def _accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        sock.setblocking(False)
        self.peers.append(Socket(self.reactor, sock))

    def _owner(self, upstream: Upstream, reusable: bool) -> None:
        self.pool.returned(upstream, reusable)

    async def acquire(self, count: int = 1) -> list[Upstream]:
        return [await self.pool.acquire() for _ in range(count)]

    async def settle(self) -> None:
        """Let events arrive."""
        await self.reactor.sleep(0.001)

    def connections(self) -> float:
        """Open connections, as the gauge tells."""
        gauge = self.metrics.leaves["connections"]
        assert isinstance(gauge, Gauge)
        return gauge.read()

    def counts(self) -> tuple[int, int, int]:
        """Open connections, idle ones, waiters: as metrics tell."""
        return self.stats.size, self.stats.cached, self.stats.waiters


def placed(main: Callable[[Place], Coroutine[Any, Any, T]], **options: Any) -> T:
    async def run(reactor: Reactor) -> T:
        place = Place(reactor, PoolOptions(**options))
        result = await main(place)
        assert place.connections() == place.stats.size == place.pool.size
        return result

    return drive(run)


def test_a_connection_that_came_back_is_used_again() -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        place.pool.returned(one, True)
        assert place.counts() == (1, 1, 0)
        assert await place.acquire() == [one]
        assert place.counts() == (1, 0, 0)

    placed(main)


def test_the_warmest_is_used_first() -> None:
    async def main(place: Place) -> None:
        one, two = await place.acquire(2)
        place.pool.returned(one, True)
        place.pool.returned(two, True)
        assert await place.acquire(2) == [two, one]

    placed(main)


def test_a_connection_of_no_use_is_closed() -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        place.pool.returned(one, False)
        await place.settle()
        assert one.sock.closed
        assert await place.peers[0].recv() == b""
        assert place.counts() == (0, 0, 0)

    placed(main)


@pytest.mark.parametrize("event", ["close", "reset", "bytes"])
def test_an_idle_connection_on_which_anything_happens_is_closed_at_once(event: str) -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        await place.settle()
        place.pool.returned(one, True)
        (peer,) = place.peers
        if event == "bytes":
            await peer.send(b"HTTP/1.1 408 Too slow\r\n\r\n")
        else:
            if event == "reset":
                peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()
        await place.settle()
        assert one.sock.closed
        assert place.counts() == (0, 0, 0)
        assert place.pool.take() is None

    placed(main)


def test_growth_ends_at_the_maximum_and_the_next_one_waits_its_turn() -> None:
    async def main(place: Place) -> list[int]:
        one, two = await place.acquire(2)
        order: list[int] = []

        async def waits(number: int) -> None:
            upstream = await place.pool.acquire()
            order.append(number)
            place.pool.returned(upstream, True)

        tasks = [place.reactor.spawn(waits(number)) for number in range(3)]
        assert place.counts() == (2, 0, 3)
        place.pool.returned(one, True)
        place.pool.returned(two, False)  # leave to open another one
        for task in tasks:
            await place.reactor.join(task)
        assert place.counts()[2] == 0
        assert counted(place.metrics)["pool_num_waited"] == 3
        return order

    assert sorted(placed(main, max_size=2)) == [0, 1, 2]


def test_a_full_queue_refuses_and_the_refusal_is_safe_to_retry() -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        task = place.reactor.spawn(place.pool.acquire())
        with pytest.raises(TooManyWaiters, match="more than 1 requests wait for a connection at here") as caught:
            await place.pool.acquire()
        assert caught.value.retry_safe
        assert counted(place.metrics)["pool_num_too_many_waiters"] == 1
        place.pool.returned(one, True)
        await place.reactor.join(task)

    placed(main, max_size=1, max_waiters=1)


def test_who_stops_waiting_leaves_the_queue() -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        with pytest.raises(Late), place.reactor.timeout(1, Late):
            await place.pool.acquire()
        assert place.counts() == (1, 0, 0)
        place.pool.returned(one, True)
        assert place.counts() == (1, 1, 0)

    placed(main, max_size=1)


@pytest.mark.parametrize("reusable", [True, False])
def test_a_waiter_that_is_cancelled_while_it_is_woken_passes_its_turn_on(reusable: bool) -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        first = place.reactor.spawn(place.pool.acquire())
        second = place.reactor.spawn(place.pool.acquire())
        place.pool.returned(one, reusable)
        place.reactor.throw(first, Cancelled())
        await place.reactor.join(second)
        assert place.counts() == (1, 0, 0)

    placed(main, max_size=1)


def test_nobody_there_is_a_failed_connect_that_is_safe_to_retry() -> None:
    async def main(place: Place) -> None:
        place.listener.close()
        with pytest.raises(ConnectFailed, match="Connection refused") as caught:
            await place.pool.acquire()
        assert caught.value.retry_safe
        assert place.counts() == (0, 0, 0)

    placed(main)


def test_a_failed_connect_gives_its_place_to_who_waits() -> None:
    """With maxSize 1: the waiter must try for itself, and fail, not wait for its binding timeout."""

    async def main(place: Place) -> None:
        place.listener.close()
        outcomes: list[str] = []

        async def tries() -> None:
            try:
                await place.pool.acquire()
            except ConnectFailed as error:
                outcomes.append(str(error))

        tasks = [place.reactor.spawn(tries()) for _ in range(3)]
        for task in tasks:
            await place.reactor.join(task)
        assert outcomes == ["Connection refused"] * 3
        assert place.counts() == (0, 0, 0)

    placed(main, max_size=1)


def test_a_connect_that_is_called_off_gives_its_place_to_who_waits() -> None:
    async def main(place: Place) -> None:
        sock = socket.create_server(("127.0.0.1", 0), backlog=0)
        fillers = full_backlog(sock)
        place.pool.address = sock.getsockname()
        connecting = place.reactor.spawn(place.pool.acquire())
        waiting = place.reactor.spawn(place.pool.acquire())
        assert place.counts() == (1, 0, 1)
        place.pool.address = place.listener.sock.getsockname()
        place.reactor.throw(connecting, Cancelled())
        await place.reactor.join(waiting)
        assert counted(place.metrics)["cancelled_connects"] == 1
        assert place.counts() == (1, 0, 0)
        for each in (*fillers, sock):
            each.close()

    placed(main, max_size=1)


def test_a_connect_that_takes_a_second_has_failed() -> None:
    async def main(place: Place) -> None:
        sock = socket.create_server(("127.0.0.1", 0), backlog=0)
        fillers = full_backlog(sock)
        place.pool.address = sock.getsockname()
        with pytest.raises(ConnectFailed, match=f"no connection within {CONNECT_SECONDS:g} s"):
            await place.pool.acquire()
        assert place.counts() == (0, 0, 0)
        for each in (*fillers, sock):
            each.close()

    placed(main)


def full_backlog(sock: socket.socket) -> list[socket.socket]:
    """Connections that fill the listener's queue: the next one hangs, as to a host that drops packets."""
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(sock.getsockname())
        fillers.append(filler)
    return fillers


# ---- idle limits


def test_idle_connections_above_the_minimum_are_closed_in_time() -> None:
    async def main(place: Place) -> None:
        for upstream in await place.acquire(3):
            place.pool.returned(upstream, True)
        await place.reactor.sleep(9.9)
        assert place.counts() == (3, 3, 0)
        await place.reactor.sleep(0.2)
        assert place.counts() == (1, 1, 0)
        await place.reactor.sleep(100)
        assert place.counts() == (1, 1, 0)

    placed(main, min_size=1, idle_timeout=10.0)


def test_a_connection_in_use_is_not_idle() -> None:
    async def main(place: Place) -> None:
        one, two = await place.acquire(2)
        place.pool.returned(one, True)
        await place.reactor.sleep(8)
        place.pool.returned(two, True)
        await place.reactor.sleep(4)
        assert place.counts() == (1, 1, 0)
        assert await place.acquire() == [two]
        await place.reactor.sleep(100)
        assert place.counts() == (1, 0, 0)

    placed(main, idle_timeout=10.0)


def test_a_session_idle_limit_holds_below_the_minimum_too() -> None:
    async def main(place: Place) -> None:
        for upstream in await place.acquire(2):
            place.pool.returned(upstream, True)
        await place.reactor.sleep(10.1)
        assert place.counts() == (2, 2, 0)
        await place.reactor.sleep(20)
        assert place.counts() == (0, 0, 0)

    placed(main, min_size=2, idle_timeout=10.0, session_idle=30.0)


def test_the_minimum_that_is_kept_does_not_keep_the_loop_busy() -> None:
    """An old connection that minSize keeps beside a young one: the next look is when the young one is old."""

    async def main(place: Place) -> None:
        one, two, three = await place.acquire(3)
        place.pool.returned(one, True)
        place.pool.returned(two, True)
        await place.reactor.sleep(50)
        place.pool.returned(three, True)
        await place.reactor.sleep(0.001)
        assert len(place.reactor._timers) <= 2
        assert place.stats.size == 2 or place.stats.cached == 3
        await place.reactor.sleep(20)
        assert place.counts() == (2, 2, 0)

    placed(main, min_size=2, idle_timeout=10.0)


def test_a_session_that_lived_long_enough_is_not_used_again() -> None:
    async def main(place: Place) -> None:
        (one,) = await place.acquire()
        place.pool.returned(one, True)
        await place.reactor.sleep(5)
        (two,) = await place.acquire()
        assert two is not one
        assert one.sock.closed
        assert place.counts() == (1, 0, 0)

    placed(main, session_life=4.0)


def test_an_idle_connection_ends_with_its_life() -> None:
    async def main(place: Place) -> None:
        one, two = await place.acquire(2)
        place.pool.returned(one, True)
        await place.reactor.sleep(5)
        assert one.sock.closed
        place.pool.returned(two, True)
        await place.settle()
        assert place.counts() == (0, 0, 0)

    placed(main, session_life=4.0, min_size=2)


# ---- the end


def test_a_closed_pool_closes_idle_connections_at_once_and_others_when_they_come_back() -> None:
    async def main(place: Place) -> None:
        one, two = await place.acquire(2)
        place.pool.returned(one, True)
        place.pool.close()
        assert one.sock.closed
        assert not two.sock.closed
        place.pool.returned(two, True)
        assert two.sock.closed
        assert place.counts() == (0, 0, 0)

    placed(main, idle_timeout=10.0)


def test_a_pool_reads_as_a_status_line() -> None:
    async def main(place: Place) -> str:
        place.pool.address = ("10.0.0.1", 80)
        return repr(place.pool)

    assert placed(main) == "<Pool 10.0.0.1:80 size=0 idle=0 waiting=0>"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("acquire"), st.just(0)),
        st.tuples(st.sampled_from(["good", "bad", "cancel", "peer closes", "passes"]), st.integers(0, 9)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, max_size=st.integers(1, 3), min_size=st.integers(0, 2), idle=st.sampled_from([None, 2.0]))
def test_whatever_happens_the_pool_keeps_count(
    steps: list[tuple[str, int]], max_size: int, min_size: int, idle: float | None
) -> None:
    """Never more connections than allowed, nobody waits while there is room, and all is 0 at the end."""

    async def main(place: Place) -> None:
        held: list[Upstream] = []
        tasks = []

        async def acquires() -> None:
            held.append(await place.pool.acquire())

        for what, which in steps:
            if what == "acquire":
                tasks.append(place.reactor.spawn(acquires()))
            elif what in ("good", "bad") and held:
                place.pool.returned(held.pop(which % len(held)), what == "good")
            elif what == "cancel" and tasks:
                place.reactor.throw(tasks[which % len(tasks)], Cancelled())
            elif what == "peer closes" and place.peers:
                place.peers[which % len(place.peers)].close()
            elif what == "passes":
                await place.reactor.sleep(which / 3)
            await place.settle()
            assert place.pool.size <= max_size
            assert place.pool.size == len(held) + place.stats.cached
            assert not place.stats.waiters or place.pool.size == max_size
            assert place.stats.waiters == sum(not task.done for task in tasks)
        for task in tasks:
            place.reactor.throw(task, Cancelled())
        for upstream in held:
            place.pool.returned(upstream, True)
        await place.settle()
        place.pool.close()
        assert place.counts() == (0, 0, 0)
        assert place.connections() == 0

    placed(main, max_size=max_size, min_size=min_size, idle_timeout=idle)
