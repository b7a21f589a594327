"""The server's side of HTTP/1: one coroutine a client connection, one request after another.

Strategy: read a head, decide its framing, hand a `Request` to the service, write what comes back; anything that makes
the connection's state doubtful ends it (design section 4.3). Pipelined requests wait in the buffer and are answered in
order. While a request is under way nobody reads the socket, so a peer that goes away shows as an event without a
reader: a reset cancels the exchange at once, a close after `HALF_CLOSE_GRACE` (the client may only have shut its side).
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from linker.errors import ClientError, ClientGone, ProxyError
from linker.http.bodies import ChunkedBody, LengthBody, whole
from linker.http.door import at_the_door, wants_keep_alive
from linker.http.framing import CHUNKED, ChunkDecoder, request_length
from linker.http.heads import HeadLimits, parse_request
from linker.http.message import Headers, Request, Response
from linker.http.stats import ConnectionStats
from linker.http.write import LAST_CHUNK, chunk, response_head
from linker.reactor import SUSPENDED, Cancelled, Reactor, Task, Timer
from linker.service import Service
from linker.sockets import Socket

HALF_CLOSE_GRACE = 0.5
"""Seconds between a client's FIN and the cancelling of its request: enough for `printf … | nc` to see most answers."""
SCANT = 1024
"""Bytes of a head so far below which it is looked at only when a line ends; above, limits may be exceeded."""
LINGER_SECONDS = 1.0
LINGER_BYTES = 1 << 20
"""How long, and how much, is read and thrown away after an early last answer, so that the client sees it before a
reset (RFC 9112 section 9.6)."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Limits and times of one server; seconds and bytes.

    stream_after: bodies up to this length are whole before the request goes on. None: every body is (streamingEnabled:
    false). head_timeout: from the first byte of a head to its last. idle_timeout, life_time: serverSession.
    mk_id: makes what requests have as `connection_id`; None: nobody asks for it.
    """

    limits: HeadLimits = field(default_factory=HeadLimits)
    stream_after: int | None = 5 * 1024
    head_timeout: float = 60.0
    idle_timeout: float | None = None
    life_time: float | None = None
    read_timeout: float | None = None
    write_timeout: float | None = None
    mk_id: Callable[[], bytes] | None = None


Refuse = Callable[[Request, ClientError], Awaitable[Response]]
"""The answer to a request that broke HTTP, counted. The request given is a blank: nothing of it was understood."""


class ServerConnection:
    """One client connection, from accept to close. `run` is its coroutine; `busy` while a request is under way."""

    __slots__ = (
        "sock", "buffer", "busy", "draining", "peer", "local", "id", "_reactor", "_service", "_answer_to", "_options",
        "_task", "_body_open", "_goodbye", "_requests", "_stats", "_born",
    )  # fmt: skip

    def __init__(
        self,
        sock: Socket,
        peer: tuple[str, int],
        local: tuple[str, int],
        service: Service,
        refuse: Refuse,
        options: ServerOptions,
        stats: ConnectionStats,
    ) -> None:
        self.sock = sock
        self.buffer = b""
        self.busy = False
        self.draining = False
        self.peer = peer
        self.local = local
        self.id = b"" if options.mk_id is None else options.mk_id()
        self._reactor: Reactor = sock.reactor
        self._service = service
        self._answer_to = refuse
        self._options = options
        self._task: Task | None = None
        self._body_open = False
        self._goodbye: Timer | None = None
        self._requests = 0
        self._stats = stats
        self._born = monotonic()

    # ---- life

    async def run(self) -> None:
        """Serve until either side is through; closes the socket."""
        self._task = self._reactor.current
        self.sock.on_event = self._peer_event
        self._stats.opened(self.sock)
        try:
            await self._serve()
            await self._linger()
        except ClientError as error:
            await self._refuse(error)
        except (ClientGone, OSError):
            pass  # nobody is left to tell
        finally:
            self.sock.close()
            if self._goodbye is not None:
                self._goodbye.cancel()
            self._stats.closed(self.sock, self._requests, (monotonic() - self._born) * 1000)

    async def _serve(self) -> None:
        """One request after the other, until either side wants no more.

        The usual way is written out in one piece: each coroutine called is a microsecond of 40.
        """
        sock, options, reactor = self.sock, self._options, self._reactor
        limits = options.limits
        plain = options.idle_timeout is None and options.life_time is None and options.write_timeout is None
        while True:
            if plain and not self.buffer and not self.draining:
                while not sock.readable or (data := sock.recv_now()) is None:  # `await sock.recv()`, written out
                    sock.reader = reactor.current
                    await SUSPENDED
                buffer = data
            else:
                buffer = await self._first_bytes()
            if not buffer:
                return
            request, end = parse_request(buffer, limits)
            if request is None:
                request, buffer, end = await self._rest_of_head(buffer[end:])
                if request is None:
                    return
            self.busy = True
            self.buffer = buffer[end:] if end < len(buffer) else b""
            length = self._admit(request)
            if length:
                await self._take_body(request, length)
            keep = wants_keep_alive(request)
            if sock.hangup:
                self._peer_event()
            response = await self._service(request)
            # With part of the request unread (refused at once, no 100 Continue asked for) it cannot be kept either.
            keep = keep and not (self.draining or self._body_open or (options.life_time and self._out_of_time()))
            body = response.body
            head, chunked, keep = response_head(request, response, keep)
            if plain and type(body) is bytes:
                data = head + body if body and request.method != b"HEAD" else head
                sent = sock.send_now(data)
                if sent != len(data):
                    await sock.send_rest(data, sent)
            else:
                keep = await self._respond(head, request, response, chunked) and keep
            self.busy = False
            if not keep or self._body_open:
                return

    def drain(self) -> None:
        """Shut down: an idle connection ends now, a busy one after its answer."""
        self.draining = True
        if not self.busy and self._task is not None and not self._request_waits():
            self._reactor.throw(self._task, Cancelled())

    def _request_waits(self) -> bool:
        """Whether the client has sent something that is not read yet: it is answered, then the connection ends."""
        try:
            return bool(self.sock.sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _peer_event(self) -> None:
        """Something arrived while nobody reads."""
        if not self.busy or not self.sock.hangup or self._task is None:
            return
        if self.sock.was_reset:
            self._reactor.throw(self._task, ClientGone("the client reset the connection"))
        elif self._goodbye is None:
            self._goodbye = self._reactor.call_at(monotonic() + HALF_CLOSE_GRACE, self._gone)

    def _gone(self) -> None:
        if self.busy and self._task is not None:
            self._reactor.throw(self._task, ClientGone("the client closed the connection"))

    # ---- Wire

    async def more(self) -> bytes:
        """The next bytes of the client, b"" at its end."""
        seconds = self._options.read_timeout
        try:
            if seconds is None:
                return await self.sock.recv()
            with self._reactor.timeout(seconds, self._says_nothing):
                return await self.sock.recv()
        except OSError as error:
            raise ClientGone(str(error)) from error

    def cut_off(self) -> Exception:
        """See `Wire.cut_off`."""
        return ClientGone("the client closed the connection in the middle of a request")

    # ---- reading

    async def _first_bytes(self) -> bytes:
        """The beginning of the next request, b"" when there will be none."""
        if self.buffer:  # pipelined: the others get their turn before this one
            self._reactor.wake(self._reactor.current)
            await SUSPENDED
            return self.buffer
        if self.draining:
            return b""
        options = self._options
        seconds = options.idle_timeout
        if options.life_time is not None:
            left = max(0.0, self._born + options.life_time - monotonic())
            seconds = left if seconds is None else min(seconds, left)
        if seconds is None:
            return await self.sock.recv()
        session = self._session_over if seconds != options.read_timeout else self._says_nothing
        with self._reactor.timeout(seconds, session):
            return await self.sock.recv()

    async def _rest_of_head(self, buffer: bytes) -> tuple[Request | None, bytes, int]:
        """The request, what has been received of it and after it, and where its head ends; None: the client left."""
        with self._reactor.timeout(self._options.head_timeout, _head_too_slow):
            while data := await self.more():
                buffer += data
                if b"\n" not in data and len(buffer) < SCANT:
                    continue  # no line has ended: a head that comes byte by byte is not read again at each
                request, end = parse_request(buffer, self._options.limits)
                if request is not None:
                    return request, buffer, end
                buffer = buffer[end:]
        return None, b"", 0

    def _admit(self, request: Request) -> int:
        """What every request has to be before it is let in; the length of its body, or CHUNKED. Raises ClientError."""
        request.peer, request.local = self.peer, self.local
        if self.id:  # a labeler asks for it
            request.connection_id = self.id
        self._requests += 1
        if request.minor:
            request.interim = self.sock.send
        at_the_door(request)
        index = request.headers.index
        if b"content-length" in index or b"transfer-encoding" in index:
            return request_length(request.headers, request.minor)
        return 0

    async def _take_body(self, request: Request, length: int) -> None:
        """Give the request its body: whole when it is short, a stream otherwise."""
        self._body_open = True
        if length == CHUNKED:
            body: ChunkedBody | LengthBody = ChunkedBody(self, ChunkDecoder(ClientError), self._body_ended)
        else:
            body = LengthBody(self, length, self._body_ended)
        whole_up_to = self._options.stream_after
        # A client that waits for 100 Continue sends nothing before the backend has said so.
        if b"expect" not in request.headers.index and (whole_up_to is None or 0 <= length <= whole_up_to):
            request.body = await whole(body)
        else:
            request.body = self._stats.streams.request(body)

    def _body_ended(self, clean: bool) -> None:
        self._body_open = not clean

    # ---- answering

    def _out_of_time(self) -> bool:
        life = self._options.life_time
        return life is not None and monotonic() - self._born >= life

    async def _respond(self, head: bytes, request: Request, response: Response, chunked: bool) -> bool:
        """Write the answer, whatever its body is; True when it is whole."""
        body = response.body
        if not isinstance(body, bytes):
            response.body = self._stats.streams.response(body)
            return await self._stream(head, response, chunked)
        await self._send(head + body if request.method != b"HEAD" else head)
        return True

    async def _stream(self, head: bytes, response: Response, chunked: bool) -> bool:
        body = response.body
        assert not isinstance(body, bytes)
        try:
            if not body.ready:
                await self._send(head)
                head = b""
            while data := await body.read():
                await self._send(head + (chunk(data) if chunked else data))
                head = b""
            if chunked:
                await self._send(head + LAST_CHUNK % body.trailers)
            elif head:
                await self._send(head)
            return True
        except ProxyError:  # the backend broke off: the only way to tell is to end the connection
            if head:
                await self._send(head)
            if body.length is None and not chunked:
                self.sock.reset()  # a client of HTTP/1.0 would take a proper end for that of the body
            return False
        finally:
            body.close()

    async def _send(self, data: bytes) -> None:
        seconds = self._options.write_timeout
        if seconds is None:
            await self.sock.send(data)
            return
        with self._reactor.timeout(seconds, self._takes_nothing):
            await self.sock.send(data)

    def _says_nothing(self) -> ClientGone:
        self._stats.timeouts.read.value += 1
        return ClientGone("readTimeoutMs passed")

    def _takes_nothing(self) -> ClientGone:
        self._stats.timeouts.write.value += 1
        return ClientGone("writeTimeoutMs passed")

    @staticmethod
    def _session_over() -> ClientGone:
        return ClientGone("the session's time is over")

    async def _refuse(self, error: ClientError) -> None:
        """The last answer of a connection whose client broke HTTP."""
        blank = Request(b"-", b"-", Headers(), peer=self.peer, local=self.local)
        response = await self._answer_to(blank, error)
        head, _, _ = response_head(blank, response, False)
        body = response.body if isinstance(response.body, bytes) else b""
        try:
            await self._send(head + body)
            await self._linger()
        except (OSError, ProxyError):
            pass  # gone already

    async def _linger(self) -> None:
        """Let the last answer arrive: a close with unread input would reset it away."""
        if self.sock.hangup or self.sock.closed:
            return
        self.sock.shutdown_write()
        left = LINGER_BYTES
        try:
            with self._reactor.timeout(LINGER_SECONDS, lambda: ClientGone("lingering is over")):
                while left > 0 and (data := await self.sock.recv()):
                    left -= len(data)
        except (OSError, ClientGone):
            pass


def _head_too_slow() -> ClientError:
    return ClientError("the request's head did not arrive in time", 408)
