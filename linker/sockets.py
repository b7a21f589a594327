"""Sockets on the reactor: stream sockets with back-pressure, outgoing connections, listeners.

Strategy: a socket is registered once and edge-triggered, so that a request costs no epoll_ctl. `readable` remembers an
edge that nobody waited for; a recv that gives less than was asked for has emptied the kernel's buffer.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import struct
from collections.abc import Callable
from time import monotonic

from linker.reactor import BATCH, SUSPENDED, Reactor, Task

log = logging.getLogger("linker.reactor")

_EVERYTHING = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for 0 seconds: a close is a reset."""
RECV_LEAST = 4096
RECV_BYTES = 65536
"""Bytes asked of one recv: a head and a small body; and, after recvs that were filled, few calls for a large one. The
buffer is made at full length and cut: 64 KB for every head cost 3 µs a recv."""


class Socket:
    """A non-blocking stream socket, registered once, edge-triggered. One reader and one writer at a time.

    readable: a recv may give something. hangup: the epoll bits of a peer that closed (RDHUP) or reset (ERR, HUP).
    on_event: called when something arrives while nobody reads: a parked connection, a client that leaves.
    Close it exactly by `close`; it is idempotent.
    """

    __slots__ = (
        "reactor", "sock", "fd", "readable", "hangup", "reader", "writer", "on_event", "closed",
        "received", "sent", "_recv", "_send", "_want", "_full",
    )  # fmt: skip

    def __init__(self, reactor: Reactor, sock: socket.socket) -> None:
        self.reactor = reactor
        self.sock = sock
        self.fd = sock.fileno()
        self._recv, self._send = sock.recv, sock.send
        self.readable = False
        self.hangup = 0
        self.reader: Task | None = None
        self.writer: Task | None = None
        self.on_event: Callable[[], None] | None = None
        self.closed = False
        self.received = 0
        self.sent = 0
        self._want = RECV_LEAST
        self._full = False  # the last recv gave all that was asked for
        reactor.sockets[self.fd] = self
        reactor.epoll.register(self.fd, _EVERYTHING)

    @property
    def was_reset(self) -> bool:
        """The peer reset the connection, or it failed: nothing that is sent can arrive."""
        return bool(self.hangup & (select.EPOLLERR | select.EPOLLHUP))

    async def recv(self) -> bytes:
        """The next bytes, b"" when the peer has closed its side. Raises OSError when the connection broke."""
        while True:
            if not self.readable:
                self.reader = self.reactor.current
                try:
                    await SUSPENDED
                except BaseException:
                    self.reader = None
                    raise
                if not self.readable:
                    self.reader = None
                    continue
            elif self._full:  # a large body: the others get their turn between its buffers
                self._full = False
                self.reactor.wake(self.reactor.current)
                await SUSPENDED
            data = self.recv_now()
            if data is not None:
                return data

    def recv_now(self) -> bytes | None:
        """What `recv` would give now; None: nothing yet. For those on the way of every request, who wait themselves:

        while not sock.readable or (data := sock.recv_now()) is None:
            sock.reader = reactor.current
            await SUSPENDED

        A coroutine that is broken off there must close the socket: it is still named as its reader.
        """
        want = self._want
        try:
            data = self._recv(want)
        except BlockingIOError:
            self.readable = False
            return None
        n = len(data)
        # Fewer than asked for: the kernel has no more, and an edge tells of the next. A close behind the bytes
        # may have been told with the same edge, so then it must be read without waiting for another.
        if n == want:
            if want == RECV_BYTES:
                self._full = True
            else:
                self._want = want << 2
        else:
            if n < want >> 2 and want > RECV_LEAST:
                self._want = want >> 2
            if not self.hangup:
                self.readable = False
        self.received += n
        return data

    def send_now(self, data: bytes) -> int:
        """Send what the kernel takes at once; how many bytes that was. `send_rest` does the rest."""
        try:
            n = self._send(data)
        except BlockingIOError:
            return 0
        self.sent += n
        return n

    async def send(self, data: bytes) -> None:
        """Send all of it, waiting while the peer does not read. Raises OSError when the connection broke."""
        n = self.send_now(data)
        if n != len(data):
            await self.send_rest(data, n)

    async def send_rest(self, data: bytes, sent: int) -> None:
        """Send what comes after the first `sent` bytes."""
        rest = memoryview(data)[sent:]
        self.sent += len(rest)
        while rest:
            self.writer = self.reactor.current
            try:
                await SUSPENDED
            finally:
                self.writer = None
            try:
                rest = rest[self._send(rest) :]
            except BlockingIOError:
                pass

    def shutdown_write(self) -> None:
        """Tell the peer that no more will be sent."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # gone already

    def reset(self) -> None:
        """Close the socket so that the peer sees no proper end: what it got is not all."""
        if not self.closed:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.close()

    def close(self) -> None:
        """Close the socket; closing takes it off the epoll set."""
        if not self.closed:
            self.closed = True
            self.reactor.sockets.pop(self.fd, None)
            self.reactor.close_socket(self.sock)

    def __repr__(self) -> str:
        return f"<Socket {self.fd}{' closed' if self.closed else ''}>"


async def connect(reactor: Reactor, address: tuple[str, int], options: Callable[[socket.socket], None]) -> Socket:
    """A connected socket to an IP literal and port. Raises OSError; the caller bounds the time."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        options(sock)
        failure = sock.connect_ex(address)
        if failure not in (0, errno.EINPROGRESS):
            raise OSError(failure, os.strerror(failure))
        made = Socket(reactor, sock)
    except BaseException:
        sock.close()
        raise
    if failure:
        made.writer = reactor.current
        try:
            while made.writer is not None:
                await SUSPENDED
            failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure:
                raise OSError(failure, os.strerror(failure))
        except BaseException:
            made.writer = None
            made.close()
            raise
    return made


class Listener:
    """A listening socket; `accepted(socket, peer)` is called for each new connection."""

    __slots__ = (
        "reactor",
        "sock",
        "fd",
        "readable",
        "hangup",
        "reader",
        "writer",
        "on_event",
        "_accepted",
        "_quiet_until",
    )

    PAUSE = 0.1
    """Seconds without accepting after the process ran out of file descriptors."""
    LOG_EVERY = 10.0
    """Seconds between two lines that say so."""

    def __init__(
        self, reactor: Reactor, sock: socket.socket, accepted: Callable[[socket.socket, tuple[str, int]], None]
    ) -> None:
        sock.setblocking(False)
        self.reactor = reactor
        self.sock = sock
        self.fd = sock.fileno()
        self.readable = False
        self.hangup = 0
        self.reader: Task | None = None
        self.writer: Task | None = None
        self.on_event: Callable[[], None] | None = self._accept
        self._accepted = accepted
        self._quiet_until = 0.0
        reactor.sockets[self.fd] = self
        reactor.epoll.register(self.fd, select.EPOLLIN)  # level-triggered: what one turn leaves, the next sees

    def _accept(self) -> None:
        for _ in range(BATCH):
            try:
                sock, peer = self.sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS):
                    if monotonic() >= self._quiet_until:
                        self._quiet_until = monotonic() + self.LOG_EVERY
                        log.error("cannot accept connections on %s: %s", self.sock.getsockname(), error.strerror)
                    self.reactor.epoll.modify(self.fd, 0)
                    self.reactor.call_at(monotonic() + self.PAUSE, self._resume)
                    return
                continue  # ECONNABORTED and its kin: that client has gone
            self._accepted(sock, peer[:2])

    def _resume(self) -> None:
        if self.fd in self.reactor.sockets:
            self.reactor.epoll.modify(self.fd, select.EPOLLIN)

    def close(self) -> None:
        """Stop listening."""
        if self.reactor.sockets.pop(self.fd, None) is not None:
            self.sock.close()
