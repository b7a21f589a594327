"""An event polled for a socket that is closed before its turn must not reach the next owner of its number."""

import select
import socket

from linker.reactor import Reactor
from linker.sockets import Socket


def test_a_new_socket_with_a_closed_ones_number_does_not_get_its_event() -> None:
    reactor = Reactor()
    first, first_peer = socket.socketpair()
    second, second_peer = socket.socketpair()
    made: list[tuple[Socket, socket.socket]] = []
    old = Socket(reactor, second)

    async def closes_second_and_opens_another() -> None:
        await wrapped.recv()
        old.close()
        new, new_peer = socket.socketpair()
        made.append((Socket(reactor, new), new_peer))

    first.setblocking(False)
    wrapped = Socket(reactor, first)
    try:
        reactor.spawn(closes_second_and_opens_another())
        first_peer.sendall(b"x")
        gone = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP
        reactor._dispatch([(wrapped.fd, select.EPOLLIN), (old.fd, gone)])
        ((new_socket, _),) = made
        assert new_socket.fd != old.fd, "the number is not free before the batch is over"
        assert (new_socket.readable, new_socket.hangup) == (False, 0)
        assert second.fileno() == -1, "closed at the end of the batch"
    finally:
        reactor.close()
        for peer in (first_peer, second_peer, *(p for _, p in made)):
            peer.close()
