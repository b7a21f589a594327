"""The connections to one endpoint: reuse, growth on demand, a bounded queue (hostConnectionPool, linkerd.md 3.6, 5.12).

Strategy: idle connections are a stack, so that the warmest is used and the coldest ages out. An idle connection on
which anything happens (a close, bytes nobody asked for) is closed at once by its socket's event, never at its next use.
"""

from __future__ import annotations

import errno
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from linker.errors import ConnectFailed, TooManyWaiters
from linker.http.client import ClientOptions, Upstream
from linker.http.stats import PoolStats
from linker.reactor import SUSPENDED, Reactor, Task, Timer
from linker.sockets import connect

CONNECT_SECONDS = 1.0
"""Fixed in linkerd 1.7.5: linkerd.md section 5.7."""
MAX_SIZE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """hostConnectionPool and clientSession; seconds. idle_timeout applies above min_size."""

    min_size: int = 0
    max_size: int = MAX_SIZE
    max_waiters: int = MAX_SIZE
    idle_timeout: float | None = None
    session_idle: float | None = None
    session_life: float | None = None
    client: ClientOptions = field(default_factory=ClientOptions)
    socket_options: Callable[[socket.socket], None] = lambda sock: sock.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )


class Pool:
    """Connections to one endpoint. `acquire` one, `exchange` on it; then `owner(connection, reusable)` is called, which
    hands it back by `returned`. `close` ends the pool: idle connections at once, others after their exchange."""

    __slots__ = (
        "address", "size", "owner", "streams", "timeouts", "_reactor", "_label", "_options", "_stats", "_idle",
        "_waiting", "_closed", "_sweep", "_idle_limits",
    )  # fmt: skip

    def __init__(
        self,
        reactor: Reactor,
        address: tuple[str, int],
        label: str,
        options: PoolOptions,
        stats: PoolStats,
        owner: Callable[[Upstream, bool], None],
    ) -> None:
        self.address = address
        self.size = 0
        self.owner = owner
        self._reactor = reactor
        self._label = label
        self._options = options
        self._stats = stats
        self._idle: list[Upstream] = []
        self._waiting: deque[_Waiter] | None = None  # made when somebody waits: 600 bytes, and most never see it used
        self._closed = False
        self._sweep: Timer | None = None
        limits = (options.idle_timeout, options.session_idle, options.session_life)
        self._idle_limits = any(limit is not None for limit in limits)
        stats.pools.add(self)
        self.streams, self.timeouts = stats.streams, stats.timeouts

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    def take(self) -> Upstream | None:
        """An idle connection, without waiting; None when there is none."""
        idle = self._idle
        while idle:
            upstream = idle.pop()
            upstream.sock.on_event = None
            life = self._options.session_life
            if life is None or monotonic() - upstream.born < life:
                return upstream
            self._drop(upstream)
        return None

    async def acquire(self) -> Upstream:
        """A connection for one exchange. Raises ConnectFailed or TooManyWaiters."""
        upstream = self.take()
        if upstream is not None:
            return upstream
        if self.size < self._options.max_size:
            return await self._connect()
        return await self._wait()

    async def _connect(self) -> Upstream:
        self.size += 1
        self._stats.size += 1
        began = monotonic()
        try:
            with self._reactor.timeout(CONNECT_SECONDS, _connect_too_slow):
                sock = await connect(self._reactor, self.address, self._options.socket_options)
        except BaseException as error:
            self._shrink()
            self._stats.connect_failed((monotonic() - began) * 1000, not isinstance(error, OSError))
            self._next_waiter(None)  # its place is free: who waits for one must not wait for nothing
            if isinstance(error, OSError):
                raise ConnectFailed(error.strerror or str(error)) from error
            raise
        self._stats.connected(sock, (monotonic() - began) * 1000)
        upstream = Upstream(sock, self._label, self._options.client, self)
        upstream.parked = partial(self._idle_event, upstream)
        return upstream

    async def _wait(self) -> Upstream:
        if self._waiting is None:
            self._waiting = deque()
        waiting = self._waiting
        if len(waiting) >= self._options.max_waiters:
            self._stats.too_many_waiters.value += 1
            raise TooManyWaiters(f"more than {self._options.max_waiters} requests wait for a connection {self._label}")
        waiter = _Waiter(self._reactor.current)
        waiting.append(waiter)
        self._stats.waiters += 1
        self._stats.waited.value += 1
        try:
            while not waiter.woken:
                await SUSPENDED
        except BaseException:
            if waiter.upstream is not None:
                self.returned(waiter.upstream, True)
            elif waiter.woken:
                self._next_waiter(None)
            else:
                waiting.remove(waiter)
            raise
        finally:
            self._stats.waiters -= 1
        return waiter.upstream if waiter.upstream is not None else await self.acquire()

    def _next_waiter(self, upstream: Upstream | None) -> bool:
        """Wake the longest waiting with a connection, or with leave to open one."""
        if not self._waiting:
            return False
        waiter = self._waiting.popleft()
        waiter.upstream, waiter.woken = upstream, True
        self._reactor.wake(waiter.task)
        return True

    def returned(self, upstream: Upstream, reusable: bool) -> None:
        """Take a connection back after its exchange; the owner calls it."""
        if not reusable or self._closed or upstream.sock.closed or self._outlived(upstream):
            self._drop(upstream)
            self._next_waiter(None)
            return
        if self._waiting and self._next_waiter(upstream):
            return
        upstream.sock.on_event = upstream.parked
        self._idle.append(upstream)
        if self._idle_limits:
            upstream.idle_since = now = monotonic()
            self._schedule_sweep(now)

    def _outlived(self, upstream: Upstream) -> bool:
        return self._idle_limits and _over(upstream.born, self._options.session_life, monotonic())

    def _idle_event(self, upstream: Upstream) -> None:
        """A parked connection was closed by the endpoint, or said something unasked: either way it is of no use."""
        if upstream in self._idle:
            self._idle.remove(upstream)
            self._drop(upstream)

    def _drop(self, upstream: Upstream) -> None:
        upstream.close()
        upstream.parked = None  # it refers to the connection itself
        self._stats.closed(upstream.sock, upstream.exchanges, (monotonic() - upstream.born) * 1000)
        self._shrink()

    def _shrink(self) -> None:
        self.size -= 1
        self._stats.size -= 1

    # ---- idle limits

    def _schedule_sweep(self, now: float) -> None:
        """Look again when the next limit is reached; those that min_size kept beyond theirs are no reason to."""
        if self._sweep is None:
            options = self._options
            limits = [each for each in (options.idle_timeout, options.session_idle) if each is not None]
            due = [upstream.idle_since + limit for upstream in self._idle for limit in limits]
            if options.session_life is not None:
                due += [upstream.born + options.session_life for upstream in self._idle]
            ahead = [when for when in due if when > now]
            if ahead:
                self._sweep = self._reactor.call_at(min(ahead), self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        now, options = monotonic(), self._options
        for upstream in tuple(self._idle):
            session_over = _over(upstream.idle_since, options.session_idle, now) or _over(
                upstream.born, options.session_life, now
            )
            if session_over or (self.size > options.min_size and _over(upstream.idle_since, options.idle_timeout, now)):
                self._idle_event(upstream)
        self._schedule_sweep(now)

    def close(self) -> None:
        """See the class."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for upstream in tuple(self._idle):
            self._idle_event(upstream)
        self._stats.pools.discard(self)

    def __repr__(self) -> str:
        state = f"size={self.size} idle={len(self._idle)} waiting={len(self._waiting or ())}"
        return f"<Pool {self.address[0]}:{self.address[1]} {state}>"


class _Waiter:
    __slots__ = ("task", "upstream", "woken")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.upstream: Upstream | None = None
        self.woken = False


def _over(since: float, limit: float | None, now: float) -> bool:
    return limit is not None and now >= since + limit


def _connect_too_slow() -> Exception:
    return OSError(errno.ETIMEDOUT, f"no connection within {CONNECT_SECONDS:g} s")
