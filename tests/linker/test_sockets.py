"""Sockets on the reactor: back-pressure, half-close, reset, connecting, listening."""

from __future__ import annotations

import errno
import logging
import socket
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.reactor import Cancelled, Event, Reactor
from linker.sockets import RECV_BYTES, Listener, Socket, connect
from tests.linker.driving import drive, pair, read_to_close, read_until

RST = struct.pack("ii", 1, 0)


class Late(Exception):
    pass


def no_options(sock: socket.socket) -> None:
    pass


def tcp_pair(reactor: Reactor) -> tuple[Socket, Socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    near.setblocking(False)
    far.setblocking(False)
    return Socket(reactor, near), Socket(reactor, far)


# ---- receiving


def test_bytes_that_came_before_anybody_read_are_not_lost() -> None:
    async def main(reactor: Reactor) -> bytes:
        near, far = pair(reactor)
        await far.send(b"early")
        await reactor.sleep(1)
        got = await near.recv()
        near.close()
        far.close()
        return got

    assert drive(main) == b"early"


def test_a_close_behind_the_last_bytes_is_seen_after_them() -> None:
    async def main(reactor: Reactor) -> list[bytes]:
        near, far = pair(reactor)
        await far.send(b"last")
        far.close()
        await reactor.sleep(1)
        got = [await near.recv(), await near.recv(), await near.recv()]
        near.close()
        return got

    assert drive(main) == [b"last", b"", b""]


def test_a_half_closed_peer_can_still_be_sent_to() -> None:
    async def main(reactor: Reactor) -> bytes:
        near, far = pair(reactor)
        far.shutdown_write()
        assert await near.recv() == b""
        assert near.hangup
        assert not near.was_reset
        await near.send(b"answer")
        got = await far.recv()
        near.close()
        far.close()
        return got

    assert drive(main) == b"answer"


def test_a_reset_is_an_error_and_is_known() -> None:
    async def main(reactor: Reactor) -> None:
        near, far = tcp_pair(reactor)
        far.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        far.close()
        with pytest.raises(ConnectionResetError):
            await near.recv()
        assert near.was_reset
        near.close()

    drive(main)


def test_what_happens_while_nobody_reads_is_told() -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)
        told: list[bool] = []
        near.on_event = lambda: told.append(bool(near.hangup))
        await far.send(b"x")
        await reactor.sleep(0.001)
        assert told == [False]
        far.close()
        await reactor.sleep(0.001)
        assert told == [False, True]
        near.close()

    drive(main)


def test_a_reader_that_is_broken_off_loses_no_bytes() -> None:
    async def main(reactor: Reactor) -> bytes:
        near, far = pair(reactor)
        with pytest.raises(Late), reactor.timeout(1, Late):
            await near.recv()
        await far.send(b"later")
        got = await near.recv()
        near.close()
        far.close()
        return got

    assert drive(main) == b"later"


class Firehose:
    """A socket that always has a full buffer to give."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def recv(self, size: int) -> bytes:
        return b"x" * size

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)


def test_a_body_that_never_pauses_lets_others_have_their_turn() -> None:
    async def main(reactor: Reactor) -> None:
        one, other = socket.socketpair()
        hose = Socket(reactor, Firehose(one))  # type: ignore[arg-type]  # as much of a socket as is used
        hose.readable = True

        async def drinks() -> None:
            while True:
                assert len(await hose.recv()) <= RECV_BYTES  # the first ones ask for less

        task = reactor.spawn(drinks())
        await reactor.sleep(0.002)
        reactor.throw(task, Cancelled())
        await reactor.join(task)
        hose.close()
        other.close()

    drive(main, real_time=True)


# ---- sending


def test_sending_waits_while_the_peer_does_not_read() -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)
        data = bytes(range(256)) * 20_000
        task = reactor.spawn(near.send(data))
        await reactor.sleep(1)
        assert not task.done
        got = b""
        while len(got) < len(data):
            got += await far.recv()
        await reactor.join(task)
        assert got == data
        assert (near.sent, far.received) == (len(data), len(data))
        near.close()
        far.close()

    drive(main)


def test_sending_to_a_peer_that_has_gone_is_an_error() -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)
        far.close()
        with pytest.raises(BrokenPipeError):
            await near.send(b"x")
        near.close()

    drive(main)


def test_a_sender_that_waits_learns_that_its_peer_has_gone() -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)
        task = reactor.spawn(near.send(b"x" * 5_000_000))
        await reactor.sleep(1)
        far.close()
        with pytest.raises(OSError, match=r"Broken pipe|Connection reset"):
            await reactor.join(task)
        near.close()

    drive(main)


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.binary(max_size=300_000), max_size=6))
def test_whatever_is_sent_arrives_in_order(parts: list[bytes]) -> None:
    async def main(reactor: Reactor) -> None:
        near, far = pair(reactor)

        async def sends() -> None:
            for part in parts:
                await near.send(part)
            near.close()

        task = reactor.spawn(sends())
        assert await read_to_close(far) == b"".join(parts)
        await reactor.join(task)
        far.close()

    drive(main)


# ---- connecting


def test_a_connection_is_made_and_options_are_set_first() -> None:
    async def main(reactor: Reactor) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            seen: list[socket.socket] = []
            sock = await connect(reactor, server.getsockname(), seen.append)
            assert seen == [sock.sock]
            peer, _ = server.accept()
            await sock.send(b"hello")
            assert peer.recv(10) == b"hello"
            peer.close()
            sock.close()

    drive(main)


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (("127.0.0.1", 1), errno.ECONNREFUSED),
        (("255.255.255.255", 80), None),
        (("::1", 1), None),
    ],
)
def test_a_refused_connection_is_an_error_and_leaves_nothing(address: tuple[str, int], error: int | None) -> None:
    async def main(reactor: Reactor) -> None:
        with pytest.raises(OSError) as caught:  # noqa: PT011  # the kernels differ, the number is checked
            await connect(reactor, address, no_options)
        assert error is None or caught.value.errno == error
        assert reactor.sockets == {}

    drive(main)


def test_a_connect_that_is_broken_off_leaves_nothing() -> None:
    async def main(reactor: Reactor) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
            fillers = []
            for _ in range(3):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(server.getsockname())
                fillers.append(filler)
            with pytest.raises(Late), reactor.timeout(1, Late):
                await connect(reactor, server.getsockname(), no_options)
            assert reactor.sockets == {}
            for filler in fillers:
                filler.close()

    drive(main)


def test_options_that_fail_close_the_socket() -> None:
    async def main(reactor: Reactor) -> None:
        def fails(sock: socket.socket) -> None:
            raise OSError("no such option")

        with pytest.raises(OSError, match="no such option"):
            await connect(reactor, ("127.0.0.1", 1), fails)

    drive(main)


# ---- listening


class Limited(socket.socket):
    """A listening socket that fails as often as it is told."""

    failures: list[int]

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        if self.failures:
            raise OSError(self.failures.pop(0), "as told")
        return super().accept()


def listening(reactor: Reactor, failures: list[int], got: Callable[[socket.socket], None]) -> Listener:
    sock = Limited(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen(100)
    sock.failures = failures
    return Listener(reactor, sock, lambda accepted, peer: got(accepted))


@pytest.mark.parametrize("failures", [[], [errno.ECONNABORTED], [errno.EMFILE], [errno.ENFILE, errno.ENOBUFS]])
def test_every_connection_is_accepted_whatever_happens_before(
    failures: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    async def main(reactor: Reactor) -> None:
        accepted: list[socket.socket] = []
        all_there = Event(reactor)

        def got(sock: socket.socket) -> None:
            accepted.append(sock)
            if len(accepted) == 3:
                all_there.set()

        listener = listening(reactor, list(failures), got)
        clients = [socket.create_connection(listener.sock.getsockname()) for _ in range(3)]
        await all_there.wait()
        listener.close()
        listener.close()
        for each in clients + accepted:
            each.close()

    drive(main)
    said = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert bool(said) == any(number != errno.ECONNABORTED for number in failures)  # once in LOG_EVERY


def test_a_listener_closed_while_it_pauses_stays_closed() -> None:
    async def main(reactor: Reactor) -> None:
        listener = listening(reactor, [errno.EMFILE], lambda sock: sock.close())
        client = socket.create_connection(listener.sock.getsockname())
        await reactor.sleep(0.001)
        listener.close()
        await reactor.sleep(1)
        client.close()

    drive(main)


def test_a_line_can_be_talked_over_both_ways() -> None:
    async def main(reactor: Reactor) -> bytes:
        near, far = tcp_pair(reactor)

        async def echo() -> None:
            await far.send(await read_until(far, b"\n"))
            far.close()

        reactor.spawn(echo())
        await near.send(b"hello\n")
        got = await read_to_close(near)
        near.close()
        return got

    assert drive(main) == b"hello\n"
