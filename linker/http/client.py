"""The client's side of HTTP/1: one connection to an endpoint, one exchange at a time.

Strategy: send head and body in one go when the body is whole, else pump it from a coroutine of its own while the
answer is awaited (the backend may answer early). Whatever is doubtful afterwards (bytes beyond the answer, an unsent
body, a broken framing) closes the connection instead of reusing it: observed.md, "backend bytes beyond the answer".
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

from linker.errors import BadResponse, ClientGone, ProxyError, UpstreamClosed
from linker.http.bodies import ChunkedBody, CloseBody, LengthBody, whole
from linker.http.framing import CHUNKED, UNTIL_CLOSE, ChunkDecoder, response_length
from linker.http.heads import HeadLimits, parse_response
from linker.http.message import BodyStream, Request, Response
from linker.http.persistence import persists
from linker.http.stats import TimeoutStats
from linker.http.stream_stats import StreamStats
from linker.http.write import LAST_CHUNK, chunk, request_head
from linker.metrics import Counter
from linker.reactor import SUSPENDED, Cancelled, Task
from linker.sockets import Socket

MAX_INTERIM = 32
"""1xx responses taken before the final one; more is a broken or hostile backend."""
_INTERIM_DROPPED = (b"connection", b"keep-alive", b"transfer-encoding", b"content-length", b"upgrade", b"trailer")


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Limits of the answers of a client's endpoints; see `ServerOptions`."""

    limits: HeadLimits = field(default_factory=HeadLimits)
    stream_after: int | None = 5 * 1024
    read_timeout: float | None = None
    write_timeout: float | None = None


class Home(Protocol):
    """Where a connection belongs: its pool."""

    streams: StreamStats
    timeouts: TimeoutStats
    owner: Callable[[Upstream, bool], None]
    """Called with (connection, whether it can be used again) after every exchange."""


class Upstream:
    """One connection to an endpoint.

    label: how errors name the endpoint. rtt: seconds from the last request to the head of its answer, or its failure.
    born, idle_since: seconds on `monotonic`, for session limits. parked: what its pool has it do when something happens
    while it is idle.
    """

    __slots__ = (
        "sock", "buffer", "label", "born", "idle_since", "exchanges", "rtt", "pool", "parked",
        "_options", "_pump", "_reusable", "_broken", "_untimed", "_lent",
    )  # fmt: skip

    def __init__(self, sock: Socket, label: str, options: ClientOptions, pool: Home) -> None:
        self.sock = sock
        self.buffer = b""
        self.label = label
        self.born = monotonic()
        self.idle_since = self.born
        self.exchanges = 0
        self.rtt = 0.0
        self.pool = pool
        self.parked: Callable[[], None] | None = None
        self._options = options
        self._pump: Task | None = None
        self._reusable = False
        self._broken = False
        self._lent = False
        self._untimed = options.read_timeout is None and options.write_timeout is None

    def close(self) -> None:
        """Close the connection; what is still being sent on it stops."""
        pump, self._pump = self._pump, None
        if pump is not None and not pump.done:
            self.sock.reactor.throw(pump, Cancelled())
        self.sock.close()

    def give_back(self) -> None:
        """The request this was acquired for needs no exchange."""
        self.pool.owner(self, True)

    # ---- the exchange

    async def exchange(self, request: Request) -> Response:
        """Send `request` and give the final response, whose body may still be arriving.

        Raises UpstreamClosed (retry_safe when nothing can have been processed) or BadResponse; then, and when it is
        cancelled, the connection has been given back as not reusable.
        """
        request.upstream = None  # from here on it goes back by itself
        self.exchanges += 1
        self._lent = True
        began = monotonic()
        sock = self.sock
        sent_before = sock.sent
        try:
            body = request.body
            if type(body) is bytes and self._untimed:
                # The usual way, written out: each call of a coroutine costs half a microsecond.
                head = request_head(request)[0]
                data = head + body if body else head
                sent = sock.send_now(data)
                if sent != len(data):
                    await sock.send_rest(data, sent)
                while not sock.readable or (buffer := sock.recv_now()) is None:  # `await sock.recv()`, written out
                    sock.reader = sock.reactor.current
                    await SUSPENDED
                response, end = parse_response(buffer, self._options.limits)
                if response is None or response.status < 200:
                    self.buffer = buffer
                    response = await self._final_head(request)
                else:
                    self.buffer = buffer[end:] if end < len(buffer) else b""
            else:
                await self._send_request(request)
                response = await self._final_head(request)
            self.rtt = monotonic() - began
            length = response_length(request.method, response.status, response.headers, response.minor)
            self._reusable = length != UNTIL_CLOSE and persists(
                response.headers, response.minor == 1 and request.minor == 1
            )
            if response.status == 204:  # RFC 9110 section 8.6: a 204 has none, and readers differ on it
                response.headers.remove(b"content-length")
            if 0 <= length <= len(self.buffer):
                # Everything is here: the usual case of a small answer.
                buffer = self.buffer
                response.body = buffer[:length] if length else b""
                self.buffer = buffer[length:] if length < len(buffer) else b""
                self._finished(True)
                return response
            return await self._with_body(response, length)
        except BadResponse as error:
            self._failed(began)
            raise BadResponse(f"{error} {self.label}") from None
        except OSError as error:
            failed = UpstreamClosed(f"{error.strerror or error} {self.label}")
            # The kernel refused the first write: the endpoint had closed before anything of this request arrived.
            failed.retry_safe = sock.sent == sent_before and self.exchanges > 1
            self._failed(began)
            raise failed from error
        except BaseException:
            self._failed(began)
            raise

    async def _send_request(self, request: Request) -> None:
        """Send the head, and a whole body; a stream is pumped from now on."""
        head, chunked = request_head(request)
        body = request.body
        if isinstance(body, bytes):
            await self._send(head + body if body else head)
        else:
            await self._send(head)
            reactor = self.sock.reactor
            counted = self.pool.streams.request(body)
            self._pump = reactor.spawn(self._pump_body(counted, chunked, reactor.current))

    async def _pump_body(self, body: BodyStream, chunked: bool, waiting: Task) -> None:
        try:
            while data := await body.read():
                await self._send(chunk(data) if chunked else data)
            if chunked:
                await self._send(LAST_CHUNK % body.trailers)
        except OSError:
            self._broken = True  # the endpoint takes no more; its answer, or its close, is on the way
        except ProxyError as error:  # the client went away or broke its framing: there is no request to answer
            self._broken = True
            self.sock.reactor.throw(waiting, error)

    async def _final_head(self, request: Request) -> Response:
        for _ in range(MAX_INTERIM):
            response = await self._head()
            if response.status >= 200:
                return response
            if response.status == 101:
                raise BadResponse("101 Switching Protocols was not asked for")
            if request.interim is not None:
                for name in _INTERIM_DROPPED:
                    response.headers.remove(name)
                line = b"HTTP/1.1 %d %b\r\n" % (response.status, response.reason)
                try:
                    await request.interim(line + response.headers.render() + b"\r\n")
                except OSError as error:
                    raise ClientGone(str(error)) from error
        raise BadResponse(f"more than {MAX_INTERIM} interim responses")

    async def _head(self) -> Response:
        buffer = self.buffer
        while True:
            if buffer:
                response, end = parse_response(buffer, self._options.limits)
                if response is not None:
                    self.buffer = buffer[end:] if end < len(buffer) else b""
                    return response
            data = await self._recv()
            if not data:
                raise self.cut_off()
            buffer = buffer + data if buffer else data

    async def _with_body(self, response: Response, length: int) -> Response:
        if length == CHUNKED:
            body: BodyStream = ChunkedBody(self, ChunkDecoder(BadResponse), self._finished)
        elif length == UNTIL_CLOSE:
            body = CloseBody(self, self._finished)
        else:
            body = LengthBody(self, length, self._finished)
        whole_up_to = self._options.stream_after
        if whole_up_to is None or 0 < length <= whole_up_to:
            response.body = await whole(body)
        else:
            response.body = self.pool.streams.response(body)
        return response

    def _failed(self, began: float) -> None:
        self.rtt = monotonic() - began  # a balancer that looks at latencies must not take the last good one for this
        self._finished(False)

    def _finished(self, clean: bool) -> None:
        """The message is over: give the connection back, once."""
        if not self._lent:
            return  # a body that failed while it was gathered has said so already
        self._lent = False
        if self._pump is not None and not self._pump.done:
            clean = False  # the endpoint answered without taking the whole body
        reusable = clean and self._reusable and not self.buffer and not self._broken and not self.sock.hangup
        self._reusable = False
        self.pool.owner(self, reusable)

    # ---- Wire

    async def more(self) -> bytes:
        """The endpoint's next bytes, b"" at its end."""
        try:
            return await self._recv()
        except OSError as error:
            raise UpstreamClosed(f"{error.strerror or error} {self.label}") from error

    def cut_off(self) -> Exception:
        """See `Wire.cut_off`."""
        return UpstreamClosed(f"connection closed before the answer was whole {self.label}")

    async def _recv(self) -> bytes:
        seconds = self._options.read_timeout
        if seconds is None:
            return await self.sock.recv()
        with self.sock.reactor.timeout(seconds, lambda: self._too_slow("read", self.pool.timeouts.read)):
            return await self.sock.recv()

    async def _send(self, data: bytes) -> None:
        seconds = self._options.write_timeout
        if seconds is None:
            await self.sock.send(data)
            return
        with self.sock.reactor.timeout(seconds, lambda: self._too_slow("write", self.pool.timeouts.write)):
            await self.sock.send(data)

    def _too_slow(self, what: str, counter: Counter) -> UpstreamClosed:
        counter.value += 1
        return UpstreamClosed(f"{what}TimeoutMs passed {self.label}")

    def __repr__(self) -> str:
        return f"<Upstream {self.label} exchanges={self.exchanges}{' closed' if self.sock.closed else ''}>"


def exchange(request: Request) -> Coroutine[Any, Any, Response]:
    """The bottom of a router's list: one exchange on the connection that was acquired."""
    upstream = request.upstream
    assert upstream is not None
    return upstream.exchange(request)
