"""Connection coroutines driven by one epoll set inside one trio task: the hot path's event loop.

Why: a trio task switch with its epoll re-arming costs about 10 µs, twice a request; stepping a plain coroutine costs
under one. So every socket of the data path is registered once, edge-triggered, and its coroutine is resumed straight
from the poll loop; whatever is slow or rare (binding a name, DNS, files) is ordinary trio code behind `in_trio`.

Rules that the primitives keep:
- A coroutine is resumed by an event, a timer, `wake` or `throw`; a resume may be spurious, so every primitive waits in
  a loop on its own condition.
- An error thrown in (client gone, a timeout) appears at the suspension point; primitives take themselves off their
  wait list on the way out.
- Between batches, and at least once a millisecond, trio gets its turn: namers, admin and timers live there.
"""

from __future__ import annotations

import heapq
import logging
import os
import select
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import trio

if TYPE_CHECKING:
    from linker.sockets import Listener, Socket

T = TypeVar("T")
log = logging.getLogger("linker.reactor")

_READ = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_WRITE = select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR

BATCH = 256
"""Events handled before timers and trio get their turn."""
LINGER = 0.001
"""Seconds to wait in epoll itself before going to sleep in trio: with few connections the next event is mostly that
near, and a sleep in trio costs 10 µs more. The least that epoll can wait."""
TRIO_EVERY = 0.001
"""Seconds that the data path may run under load before other trio tasks get a turn."""
DEAD_TIMERS = 1000
"""Cancelled timers that may stay in the heap in any case; beyond, as many as there are live ones. Timeouts are nearly
always cancelled: with a minute each, they would otherwise hold a minute's requests."""


class _Suspended:
    """Yields once. The iterator is a tuple's, made and driven in C: a generator would be two frames more a wait."""

    __await__ = (None,).__iter__


SUSPENDED: Awaitable[None] = cast(Awaitable[None], _Suspended())
"""`await SUSPENDED` gives control back to the reactor until it resumes this coroutine."""


class Task:
    """One coroutine that the reactor drives. `done` once it has ended; `error` is what it ended with, if it failed."""

    __slots__ = ("coro", "done", "error", "thrown", "joiner")

    def __init__(self, coro: Coroutine[Any, Any, Any]) -> None:
        self.coro = coro
        self.done = False
        self.error: BaseException | None = None
        self.thrown: list[BaseException] = []
        self.joiner: Task | None = None


class Cancelled(BaseException):
    """Thrown into a coroutine whose owner does not want it any more. Not an Exception: nothing may swallow it."""


class Reactor:
    """The loop. Make it, then `await run()` in one trio task; `close` cancels every coroutine left."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.sockets: dict[int, Socket | Listener] = {}
        self.current: Task = _nobody()
        self.tasks: set[Task] = set()
        # Sockets closed while events are dispatched: their numbers must not be given to new ones within the batch,
        # or an event that was polled for the old would reach the new.
        self.closing: list[socket.socket] = []
        self._dispatching = False
        self._ready: deque[Task] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self.dead_timers = 0
        self._sequence = count()
        self._sleeping = False
        self._stopping = False
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.epoll.register(self._wake_fd, select.EPOLLIN | select.EPOLLET)
        self._nursery: trio.Nursery | None = None

    # ---- tasks

    def spawn(self, coro: Coroutine[Any, Any, Any]) -> Task:
        """Start a coroutine; it runs at once up to its first suspension. An error nobody joins is logged."""
        task = Task(coro)
        self.tasks.add(task)
        self.step(task)
        return task

    def step(self, task: Task) -> None:
        """Resume `task` until it suspends again or ends."""
        if task.done:
            return
        previous, self.current = self.current, task
        try:
            if task.thrown:
                task.coro.throw(task.thrown.pop(0))
            else:
                task.coro.send(None)
        except StopIteration:
            self._ended(task, None)
        except Exception as error:  # the top of a coroutine: there is nobody above to pass it to
            self._ended(task, error)
        except Cancelled:
            self._ended(task, None)
        finally:
            self.current = previous

    def _ended(self, task: Task, error: Exception | None) -> None:
        task.done, task.error = True, error
        self.tasks.discard(task)
        if task.joiner is not None:
            self.wake(task.joiner)
        elif error is not None:
            log.error("a connection's coroutine failed", exc_info=error)

    def wake(self, task: Task) -> None:
        """Resume `task` soon. Callable from trio tasks of the same thread."""
        self._ready.append(task)
        if self._sleeping:
            self._sleeping = False
            os.eventfd_write(self._wake_fd, 1)

    def throw(self, task: Task, error: BaseException) -> None:
        """Raise `error` in `task` at its suspension point, soon; after those thrown before, unless it is `Cancelled`.

        None may be lost: when an attempt's timeout and the total one come together, the attempt's is swallowed by a
        retry, and the other must still end it.
        """
        if not task.done:
            task.thrown.insert(0 if isinstance(error, Cancelled) else len(task.thrown), error)
            self.wake(task)

    async def join(self, task: Task) -> None:
        """Wait until `task` ends, and raise what it failed with. If this wait is broken off, the task is cancelled."""
        task.joiner = self.current
        try:
            while not task.done:
                await SUSPENDED
        except BaseException:
            task.joiner = None
            self.throw(task, Cancelled())
            raise
        if task.error is not None:
            raise task.error

    # ---- time

    def call_at(self, when: float, action: Callable[[], None]) -> Timer:
        """Call `action` at `when` (seconds on `monotonic`). `Timer.cancel` takes it back."""
        timer = Timer(self, action)
        if self.dead_timers > DEAD_TIMERS and self.dead_timers * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if entry[2].action is not None]
            heapq.heapify(self._timers)
            self.dead_timers = 0
        heapq.heappush(self._timers, (when, next(self._sequence), timer))
        if self._sleeping:
            self._sleeping = False
            os.eventfd_write(self._wake_fd, 1)
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        task, when = self.current, monotonic() + seconds
        timer = self.call_at(when, lambda: self.wake(task))
        try:
            while monotonic() < when:
                await SUSPENDED
        finally:
            timer.cancel()

    def timeout(self, seconds: float, make_error: Callable[[], Exception]) -> Timeout:
        """`with reactor.timeout(0.3, lambda: SomeError()):` raises the error inside the block when time is up."""
        return Timeout(self, seconds, make_error)

    def _run_timers(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:  # an action may exchange the heap
            timer = heapq.heappop(self._timers)[2]
            action, timer.action = timer.action, None
            if action is None:
                self.dead_timers -= 1
            else:
                self._call(action)

    # ---- trio

    async def in_trio(self, fn: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run a trio async function as a trio task and wait for its result. Breaking the wait off cancels it."""
        task, scope, box = self.current, trio.CancelScope(), _Box[T]()

        async def run() -> None:
            with scope:
                try:
                    box.value = await fn(*args)
                except Exception as error:  # handed to the coroutine that waits
                    box.error = error
            box.done = True
            self.wake(task)

        assert self._nursery is not None, "the reactor is not running"
        self._nursery.start_soon(run)
        try:
            while not box.done:
                await SUSPENDED
        except BaseException:
            scope.cancel()
            raise
        if box.error is not None:
            raise box.error
        return box.value  # type: ignore[return-value]  # None only where T allows it: done without an error

    async def run(self) -> None:
        """Drive everything until cancelled; then every coroutine left is cancelled and every socket closed."""
        async with trio.open_nursery() as self._nursery:
            try:
                await self._loop()
            finally:
                self._nursery.cancel_scope.cancel()
                self.close()

    async def _loop(self) -> None:
        poll, trio_turn = self.epoll.poll, monotonic()
        while not self._stopping:
            now = monotonic()
            if self._timers and self._timers[0][0] <= now:
                self._run_timers(now)
            ready = self._ready
            for _ in range(len(ready)):
                self.step(ready.popleft())
            events = poll(0, BATCH)
            if not events and not ready:
                events = poll(LINGER, BATCH)
            if events:
                self._dispatch(events)
                if now - trio_turn > TRIO_EVERY:
                    await trio.lowlevel.checkpoint()
                    trio_turn = monotonic()
            elif not ready:
                await self._sleep()
                trio_turn = monotonic()
            else:
                await trio.lowlevel.checkpoint()

    def _dispatch(self, events: list[tuple[int, int]]) -> None:
        sockets, step = self.sockets, self.step
        self._dispatching = True
        for fd, mask in events:
            sock = sockets.get(fd)
            if sock is None:
                if fd == self._wake_fd:
                    _drain(fd)
                continue
            if mask & _READ:
                sock.readable = True
                if mask & _GONE:
                    sock.hangup |= mask & _GONE
                task = sock.reader
                if task is not None:
                    sock.reader = None
                    step(task)
                elif sock.on_event is not None:
                    self._call(sock.on_event)
            if mask & _WRITE and sock.writer is not None:
                task, sock.writer = sock.writer, None
                step(task)
        self._dispatching = False
        if self.closing:
            for closed in self.closing:
                closed.close()
            self.closing.clear()

    @staticmethod
    def _call(action: Callable[[], None]) -> None:
        """Call what belongs to one connection: its failure must not end the others."""
        try:
            action()
        except Exception:
            log.exception("an action of the reactor failed")

    def close_socket(self, sock: socket.socket) -> None:
        """Close it, at the end of the batch if one is being dispatched (see `closing`)."""
        if self._dispatching:
            self.closing.append(sock)
        else:
            sock.close()

    async def _sleep(self) -> None:
        """Nothing to do: let trio wait for the epoll set, no longer than to the next timer."""
        self._sleeping = True
        try:
            if self._timers:
                with trio.move_on_after(max(0.0, self._timers[0][0] - monotonic())):
                    await trio.lowlevel.wait_readable(self.epoll.fileno())
            else:
                await trio.lowlevel.wait_readable(self.epoll.fileno())
        except trio.ClosedResourceError:
            pass  # `close` from another task
        finally:
            self._sleeping = False

    def close(self) -> None:
        """Cancel what is left (its `finally` blocks run), close all sockets. Idempotent."""
        self._stopping = True
        self._sleeping = False  # nobody is to be woken, by way of a descriptor that may be somebody else's then
        while self.tasks:  # one may spawn another on its way out
            task = next(iter(self.tasks))
            while not task.done:  # one may wait again on its way out: not any more
                task.thrown = [Cancelled()]
                self.step(task)
        for sock in tuple(self.sockets.values()):
            sock.close()
        if not self.epoll.closed:
            if self._nursery is not None:
                trio.lowlevel.notify_closing(self.epoll.fileno())
            self.epoll.close()
            os.close(self._wake_fd)

    def __repr__(self) -> str:
        return f"<Reactor {len(self.tasks)} tasks, {len(self.sockets)} sockets, {len(self._timers)} timers>"


def _nobody() -> Task:
    """The task that is current while none is: nobody steps it."""

    async def never() -> None:
        pass

    coro = never()
    coro.close()
    return Task(coro)


def _drain(fd: int) -> None:
    try:
        os.eventfd_read(fd)
    except BlockingIOError:
        pass


class _Box(Generic[T]):
    """Where a trio task leaves its result."""

    __slots__ = ("value", "error", "done")

    def __init__(self) -> None:
        self.value: T | None = None
        self.error: Exception | None = None
        self.done = False


class Timer:
    """An action due at some time; a cancelled one stays in the heap without its action until its time comes."""

    __slots__ = ("action", "_reactor")

    def __init__(self, reactor: Reactor, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action
        self._reactor = reactor

    def cancel(self) -> None:
        """Do not call it. Harmless afterwards and twice."""
        if self.action is not None:
            self.action = None
            self._reactor.dead_timers += 1


class Timeout:
    """See `Reactor.timeout`."""

    __slots__ = ("_reactor", "_seconds", "_make_error", "_timer", "_task", "_error")

    def __init__(self, reactor: Reactor, seconds: float, make_error: Callable[[], Exception]) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._make_error = make_error

    def __enter__(self) -> Timeout:
        self._task = self._reactor.current
        self._error: Exception | None = None
        self._timer = self._reactor.call_at(monotonic() + self._seconds, self._expire)
        return self

    def _expire(self) -> None:
        self._error = self._make_error()
        self._reactor.throw(self._task, self._error)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._timer.cancel()
        if self._error is not None:  # unless it is what ends the block, it came too late
            self._task.thrown = [each for each in self._task.thrown if each is not self._error]


class Event:
    """A flag that coroutines wait for; stays set. Settable from trio tasks of the same thread."""

    __slots__ = ("_reactor", "_waiting", "is_set")

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._waiting: list[Task] = []
        self.is_set = False

    def set(self) -> None:
        """Wake all who wait, in the order they came."""
        self.is_set = True
        for task in self._waiting:
            self._reactor.wake(task)
        self._waiting = []

    async def wait(self) -> None:
        """Until `set` was called."""
        task = self._reactor.current
        self._waiting.append(task)
        try:
            while not self.is_set:
                await SUSPENDED
        finally:
            if task in self._waiting:
                self._waiting.remove(task)
