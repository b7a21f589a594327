"""The loop: tasks, errors thrown into them, timers, events, the bridge to trio, the end."""

from __future__ import annotations

import logging
import os

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from linker.reactor import SUSPENDED, Cancelled, Event, Reactor, Task
from tests.linker.driving import drive, pair, trio_time


class Late(Exception):
    pass


class Later(Exception):
    pass


class Gone(Exception):
    pass


async def nothing() -> None:
    pass


async def fails() -> None:
    raise Gone("why")


async def for_ever() -> None:
    while True:
        await SUSPENDED


# ---- tasks


def test_a_task_runs_at_once_up_to_its_first_wait() -> None:
    async def main(reactor: Reactor) -> None:
        said: list[str] = []

        async def speaks() -> None:
            said.append("first")
            await reactor.sleep(1)
            said.append("second")

        task = reactor.spawn(speaks())
        assert said == ["first"]
        assert not task.done
        await reactor.join(task)
        assert said == ["first", "second"]

    drive(main)


def test_the_current_task_is_the_outer_one_again_after_a_spawn() -> None:
    async def main(reactor: Reactor) -> None:
        me = reactor.current
        reactor.spawn(nothing())
        assert reactor.current is me

    drive(main)


def test_join_raises_what_the_task_failed_with_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main(reactor: Reactor) -> None:
        async def fails_later() -> None:
            await reactor.sleep(1)
            raise Gone("why")

        with pytest.raises(Gone, match="why"):
            await reactor.join(reactor.spawn(fails_later()))

    drive(main)
    assert caplog.records == []


def test_a_task_that_has_ended_can_be_joined() -> None:
    async def main(reactor: Reactor) -> None:
        await reactor.join(reactor.spawn(nothing()))

    drive(main)


def test_an_error_that_nobody_joins_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main(reactor: Reactor) -> Task:
        return reactor.spawn(fails())

    task = drive(main)
    assert isinstance(task.error, Gone)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_join_that_is_broken_off_cancels_the_joined_task() -> None:
    async def main(reactor: Reactor) -> None:
        task = reactor.spawn(for_ever())
        with pytest.raises(Late), reactor.timeout(1, Late):
            await reactor.join(task)
        await reactor.sleep(0.001)
        assert task.done
        assert task.error is None

    drive(main)


def test_a_thrown_error_appears_at_the_suspension_point_and_finally_blocks_run() -> None:
    async def main(reactor: Reactor) -> None:
        said: list[str] = []

        async def waits() -> None:
            try:
                await for_ever()
            except Gone:
                said.append("gone")
            finally:
                said.append("finally")

        task = reactor.spawn(waits())
        reactor.throw(task, Gone())
        assert said == [], "soon, not at once"
        await reactor.join(task)
        assert said == ["gone", "finally"]

    drive(main)


def test_an_error_thrown_into_a_task_that_has_ended_is_dropped() -> None:
    async def main(reactor: Reactor) -> None:
        task = reactor.spawn(nothing())
        reactor.throw(task, Gone())
        await reactor.sleep(0.001)
        assert task.error is None

    drive(main)


def test_a_second_error_does_not_replace_one_that_is_not_delivered_yet() -> None:
    """Each may be the only one of its kind: a cancellation, the end of a total timeout."""

    async def main(reactor: Reactor) -> list[str]:
        caught: list[str] = []

        async def stubborn() -> None:
            for _ in range(2):
                try:
                    await for_ever()
                except (Gone, Late) as error:
                    caught.append(type(error).__name__)

        task = reactor.spawn(stubborn())
        reactor.throw(task, Gone())
        reactor.throw(task, Late())
        await reactor.join(task)
        return caught

    assert drive(main) == ["Gone", "Late"]


def test_a_cancellation_is_not_lost_to_an_error_thrown_after_it() -> None:
    async def main(reactor: Reactor) -> None:
        async def swallows() -> None:
            while True:
                try:
                    await for_ever()
                except Gone:
                    pass

        task = reactor.spawn(swallows())
        reactor.throw(task, Cancelled())
        reactor.throw(task, Gone())
        await reactor.join(task)

    drive(main)


def test_woken_tasks_run_in_the_order_of_their_waking() -> None:
    async def main(reactor: Reactor) -> list[int]:
        order: list[int] = []

        async def notes(number: int) -> None:
            await SUSPENDED
            order.append(number)

        tasks = [reactor.spawn(notes(number)) for number in range(5)]
        for number in (3, 1, 4, 0, 2):
            reactor.wake(tasks[number])
        for task in tasks:
            await reactor.join(task)
        return order

    assert drive(main) == [3, 1, 4, 0, 2]


# ---- waking for no reason


@pytest.mark.parametrize("primitive", ["sleep", "join", "event", "in_trio", "recv", "send"])
def test_every_primitive_goes_on_waiting_when_it_is_woken_for_no_reason(primitive: str) -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)
        event = Event(reactor)
        inner = reactor.spawn(reactor.sleep(5))
        big = b"x" * 4_000_000

        async def waits() -> None:
            if primitive == "sleep":
                await reactor.sleep(5)
            elif primitive == "join":
                await reactor.join(inner)
            elif primitive == "event":
                await event.wait()
            elif primitive == "in_trio":
                await reactor.in_trio(trio.sleep, 5)
            elif primitive == "recv":
                assert await near.recv() == b"data"
            else:
                await near.send(big)

        task = reactor.spawn(waits())
        for _ in range(5):
            reactor.wake(task)
            await reactor.sleep(0.1)
            assert not task.done
        event.set()
        await far.send(b"data")
        if primitive == "send":
            got = 0
            while got < len(big):
                got += len(await far.recv())
        await reactor.join(task)
        near.close()
        far.close()

    drive(main)


# ---- time


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    async def main(reactor: Reactor) -> list[float]:
        order: list[float] = []

        async def naps(seconds: float) -> None:
            await reactor.sleep(seconds)
            order.append(seconds)

        tasks = [reactor.spawn(naps(seconds)) for seconds in (3, 1, 2, 0.5)]
        for task in tasks:
            await reactor.join(task)
        return order

    assert drive(main) == [0.5, 1, 2, 3]


def test_a_timer_calls_once_and_a_cancelled_one_never() -> None:
    async def main(reactor: Reactor) -> list[str]:
        called: list[str] = []
        now = trio.current_time()
        reactor.call_at(now + 1, lambda: called.append("kept"))
        taken_back = reactor.call_at(now + 1, lambda: called.append("taken back"))
        taken_back.cancel()
        taken_back.cancel()
        await reactor.sleep(3)
        return called

    assert drive(main) == ["kept"]


def test_cancelled_timers_do_not_pile_up() -> None:
    """A timeout a request: a thousand requests a second with a minute each would hold 60,000 dead timers."""

    async def main(reactor: Reactor) -> None:
        for _ in range(10_000):
            with reactor.timeout(60, Late):
                pass
        assert len(reactor._timers) < 3000

    drive(main)


def test_live_timers_survive_the_clearing_of_dead_ones() -> None:
    async def main(reactor: Reactor) -> None:
        called: list[int] = []
        now = trio.current_time()
        for n in range(50):
            reactor.call_at(now + 100 - n, lambda n=n: called.append(n))  # type: ignore[misc]  # lambdas with defaults
            for _ in range(100):
                reactor.call_at(now + 200, nothing_at_all).cancel()
        await reactor.sleep(150)
        assert called == list(range(49, -1, -1))

    drive(main)


def nothing_at_all() -> None:
    pass


def test_a_timeout_raises_its_error_inside_the_block() -> None:
    async def main(reactor: Reactor) -> float:
        began = trio.current_time()
        with pytest.raises(Late), reactor.timeout(2, Late):
            await reactor.sleep(10)
        return trio.current_time() - began

    assert 2 <= drive(main) < 2.1


def test_a_timeout_that_is_not_needed_leaves_nothing_behind() -> None:
    async def main(reactor: Reactor) -> None:
        with reactor.timeout(2, Late):
            await reactor.sleep(1)
        await reactor.sleep(10)

    drive(main)


def test_the_inner_timeout_leaves_the_outer_one_alone() -> None:
    async def main(reactor: Reactor) -> None:
        async def inner_then_more() -> None:
            with pytest.raises(Late), reactor.timeout(1, Late):
                await reactor.sleep(10)
            await reactor.sleep(10)

        with pytest.raises(Later), reactor.timeout(5, Later):
            await inner_then_more()

    drive(main)


def test_the_outer_timeout_ends_the_inner_block_too() -> None:
    async def main(reactor: Reactor) -> None:
        with pytest.raises(Later), reactor.timeout(1, Later), reactor.timeout(5, Late):
            await reactor.sleep(10)
        await reactor.sleep(10)

    drive(main)


@given(order=st.sampled_from([(1.0, 1.0), (1.0, 1.0 - 1e-9), (1.0 - 1e-9, 1.0)]))
def test_two_timeouts_at_the_same_moment_both_hold(order: tuple[float, float]) -> None:
    """The inner one is swallowed, as a retry swallows an attempt's timeout: the outer one must still end the block."""

    async def main(reactor: Reactor) -> None:
        async def tries_again() -> None:
            while True:
                try:
                    with reactor.timeout(order[1], Late):
                        await for_ever()
                except Late:
                    pass

        with pytest.raises(Later), reactor.timeout(order[0], Later):
            await tries_again()

    drive(main)


@pytest.mark.parametrize("event_first", [True, False])
def test_a_timeout_at_the_moment_of_its_event_never_raises_after_the_block(event_first: bool) -> None:
    async def main(reactor: Reactor) -> str:
        event, when = Event(reactor), trio.current_time() + 1
        if event_first:
            reactor.call_at(when, event.set)
        try:
            with reactor.timeout(1, Late):
                if not event_first:
                    reactor.call_at(when, event.set)
                await event.wait()
        except Late:
            outcome = "late"
        else:
            outcome = "in time"
        await reactor.sleep(5)
        return outcome

    assert drive(main) in ("late", "in time")


def test_a_late_timeout_does_not_take_another_error_with_it() -> None:
    async def main(reactor: Reactor) -> None:
        async def waits() -> None:
            with reactor.timeout(1, Late):
                await SUSPENDED
            await for_ever()

        task = reactor.spawn(waits())
        reactor.wake(task)
        reactor.throw(task, Gone())
        with pytest.raises(Gone):
            await reactor.join(task)

    drive(main)


# ---- events


def test_an_event_wakes_all_who_wait_and_stays_set() -> None:
    async def main(reactor: Reactor) -> list[int]:
        event, order = Event(reactor), list[int]()

        async def waits(number: int) -> None:
            await event.wait()
            order.append(number)

        tasks = [reactor.spawn(waits(number)) for number in range(3)]
        event.set()
        for task in tasks:
            await reactor.join(task)
        await event.wait()
        return order

    assert drive(main) == [0, 1, 2]


def test_who_stops_waiting_is_taken_off_the_event() -> None:
    async def main(reactor: Reactor) -> None:
        event = Event(reactor)
        with pytest.raises(Late), reactor.timeout(1, Late):
            await event.wait()
        assert event._waiting == []

    drive(main)


def test_an_event_can_be_set_from_a_trio_task() -> None:
    async def main(reactor: Reactor) -> None:
        event = Event(reactor)

        async def sets() -> None:
            await trio.sleep(1)
            event.set()

        task = reactor.spawn(reactor.in_trio(sets))
        await event.wait()
        await reactor.join(task)

    drive(main)


# ---- trio


def test_in_trio_gives_the_result_or_raises_the_error() -> None:
    async def main(reactor: Reactor) -> None:
        async def twice(n: int) -> int:
            await trio.sleep(1)
            return 2 * n

        async def trio_fails() -> None:
            raise Gone("in trio")

        assert await reactor.in_trio(twice, 21) == 42
        with pytest.raises(Gone, match="in trio"):
            await reactor.in_trio(trio_fails)

    drive(main)


def test_breaking_off_a_wait_for_trio_cancels_the_trio_function() -> None:
    async def main(reactor: Reactor) -> None:
        cancelled: list[bool] = []

        async def endless() -> None:
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                cancelled.append(True)
                raise

        with pytest.raises(Late), reactor.timeout(1, Late):
            await reactor.in_trio(endless)
        await reactor.sleep(0.001)
        assert cancelled == [True]

    drive(main)


def test_trio_tasks_get_their_turn_while_coroutines_are_always_ready() -> None:
    async def main(reactor: Reactor) -> None:
        async def busy() -> None:
            while True:
                reactor.wake(reactor.current)
                await SUSPENDED

        async def counts() -> int:
            for _ in range(100):
                await trio.lowlevel.checkpoint()
            return 100

        task = reactor.spawn(busy())
        assert await reactor.in_trio(counts) == 100
        assert not task.done

    drive(main)


def test_timers_get_their_turn_while_sockets_are_always_busy() -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)

        async def pings(one: bool) -> None:
            sock = near if one else far
            if one:
                await sock.send(b"x")
            while True:
                await sock.send(await sock.recv())

        tasks = [reactor.spawn(pings(True)), reactor.spawn(pings(False))]
        await reactor.in_trio(trio.lowlevel.checkpoint)
        await reactor.sleep(0.005)
        for task in tasks:
            reactor.throw(task, Cancelled())
        near.close()
        far.close()

    drive(main, real_time=True)


# ---- the end


def test_closing_cancels_every_task_and_closes_every_descriptor() -> None:
    said: list[str] = []

    async def main(reactor: Reactor) -> list[int]:
        near, far = pair(reactor)

        async def waits() -> None:
            try:
                await near.recv()
            finally:
                said.append("finally")

        reactor.spawn(waits())
        return [near.fd, far.fd, reactor.epoll.fileno(), reactor._wake_fd]

    before = set(os.listdir("/proc/self/fd"))
    drive(main)
    assert said == ["finally"]
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_task_that_waits_again_while_it_is_cancelled_is_ended() -> None:
    said: list[str] = []

    async def main(reactor: Reactor) -> None:
        async def lingers() -> None:
            try:
                await for_ever()
            finally:
                said.append("first")
                try:
                    await reactor.sleep(10)
                finally:
                    said.append("second")

        reactor.spawn(lingers())

    drive(main)
    assert said == ["first", "second"]


def test_a_task_spawned_by_a_cancelled_one_is_cancelled_too() -> None:
    said: list[str] = []

    async def main(reactor: Reactor) -> None:
        async def last() -> None:
            try:
                await for_ever()
            finally:
                said.append("last")

        async def spawns() -> None:
            try:
                await for_ever()
            finally:
                reactor.spawn(last())

        reactor.spawn(spawns())

    drive(main)
    assert said == ["last"]


def test_a_reactor_can_be_closed_while_it_sleeps_and_woken_afterwards() -> None:
    async def main() -> None:
        reactor = Reactor()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reactor.run)
            await trio.testing.wait_all_tasks_blocked()
            event = Event(reactor)
            task = reactor.spawn(event.wait())
            reactor.close()
            reactor.close()
            assert task.done
            read, write = os.pipe()  # likely to get the numbers of the descriptors that were closed
            try:
                event.set()
                reactor.wake(task)
                reactor.call_at(0, nothing_at_all)
                await trio.testing.wait_all_tasks_blocked()
            finally:
                os.close(read)
                os.close(write)

    with trio_time():
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.003))


def test_the_reactor_reads_as_a_status_line() -> None:
    async def main(reactor: Reactor) -> str:
        return repr(reactor)

    assert drive(main) == "<Reactor 1 tasks, 0 sockets, 0 timers>"
