"""A small HTTP/1.1 server on trio and h11 for whole messages: the admin server's transport, not the hot path.

Strategy: one task a connection, one request at a time, everything bounded (`Limits`). A handler gets a whole request
and gives a whole response; what it raises is a 500 and a log line, never the end of the server.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus

import h11
import trio

from linker.admin.message import AdminRequest, AdminResponse, Handler, text
from linker.config.sockets import SocketOptions
from namer.records import record

log = logging.getLogger("linker.admin")

_SLASHES = re.compile("//+")
_AUTHORITY = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_RECV_BYTES = 65536
BACKLOG = 128
"""Connections that may wait to be accepted: as many as are served at a time, and some."""


@record
class Limits:
    """connections: open at a time, more are refused with 503. head, body: bytes. idle, exchange, send: seconds to wait
    for a request's head, for its body, for the client to take the response. no_delay: TCP_NODELAY."""

    connections: int = 100
    head: int = 16 * 1024
    body: int = 1024 * 1024
    idle: float = 60.0
    exchange: float = 10.0
    send: float = 30.0
    no_delay: bool = True


LIMITS = Limits()


def limits_of(options: SocketOptions) -> Limits:
    """What `admin.socketOptions` say of connections; its other keys are the listening socket's (`listen`)."""
    read, write = options.readTimeoutMs, options.writeTimeoutMs
    return Limits(
        idle=min(LIMITS.idle, read / 1000) if read is not None else LIMITS.idle,
        exchange=min(LIMITS.exchange, read / 1000) if read is not None else LIMITS.exchange,
        send=min(LIMITS.send, write / 1000) if write is not None else LIMITS.send,
        no_delay=options.noDelay,
    )


class _Refused(Exception):
    """The request is not read to its end: answer and close."""

    def __init__(self, response: AdminResponse) -> None:
        super().__init__(response.status)
        self.response = response


async def serve_http(listeners: Sequence[trio.SocketListener], handle: Handler, limits: Limits = LIMITS) -> None:
    """Serve until cancelled. The listeners and all connections are closed then."""
    server = Server(handle, limits)
    await trio.serve_listeners(server.connection, list(listeners))


class Server:
    """Counts connections and serves each: `connection(stream)` is the handler for `trio.serve_listeners`."""

    def __init__(self, handle: Handler, limits: Limits = LIMITS) -> None:
        self.handle = handle
        self.limits = limits
        self.connections = 0

    async def connection(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until it ends; closes the stream."""
        self.connections += 1
        if isinstance(stream, trio.SocketStream):
            stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY, self.limits.no_delay)
        try:
            async with stream:
                full = self.connections > self.limits.connections
                await _Connection(stream, _busy if full else self.handle, self.limits, once=full).run()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client has gone
        finally:
            self.connections -= 1


class _Connection:
    def __init__(self, stream: trio.abc.Stream, handle: Handler, limits: Limits, *, once: bool) -> None:
        self.stream = stream
        self.handle = handle
        self.limits = limits
        self.once = once
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head)

    async def run(self) -> None:
        while await self._exchange():
            pass

    async def _exchange(self) -> bool:
        """One request and its response; whether another may follow."""
        try:
            request = await self._read()
            if request is None:
                return False
            response = await self._answer(request)
            await self._write(response, head_only=request.method == "HEAD")
        except h11.RemoteProtocolError as error:
            await self._refuse(text(f"{error}\n", error.error_status_hint))
            return False
        except _Refused as refused:
            await self._refuse(refused.response)
            return False
        if response.after is not None:
            response.after()
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE and not self.once:
            self.http.start_next_cycle()
            return True
        return False

    async def _read(self) -> AdminRequest | None:
        """The next request; None when there is none: the client closed, or said nothing for too long."""
        head: h11.Request | None = None
        with trio.move_on_after(self.limits.idle):
            event = await self._event()
            head = event if isinstance(event, h11.Request) else None
        if head is None:
            return None
        body = bytearray()
        with trio.move_on_after(self.limits.exchange) as waiting:
            while isinstance(event := await self._event(), h11.Data):
                body += event.data
                if len(body) > self.limits.body:
                    raise _Refused(text(f"the body is longer than {self.limits.body} bytes\n", 413))
        if waiting.cancelled_caught:
            raise _Refused(text(f"the body did not arrive within {self.limits.exchange:g} seconds\n", 408))
        return _request(head, bytes(body))

    async def _event(self) -> object:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self.http.receive_data(bytes(await self.stream.receive_some(_RECV_BYTES)))
        return event

    async def _answer(self, request: AdminRequest) -> AdminResponse:
        try:
            return await self.handle(request)
        except Exception as error:  # one resource that fails must not take the others down
            log.exception("%s %s failed", request.method, request.path)
            return text(f"{type(error).__name__}: {error}\n", 500)

    async def _write(self, response: AdminResponse, *, head_only: bool) -> None:
        fields = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        fields += response.fields
        if self.once:
            fields.append(("Connection", "close"))
        reason = HTTPStatus(response.status).phrase.encode()
        events: list[h11.Event] = [h11.Response(status_code=response.status, headers=fields, reason=reason)]
        if response.body and not head_only:
            events.append(h11.Data(data=response.body))
        await self._send(*events, h11.EndOfMessage())

    async def _refuse(self, response: AdminResponse) -> None:
        if self.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.once = True
            await self._write(response, head_only=False)

    async def _send(self, *events: h11.Event) -> None:
        data = b"".join(self.http.send(event) or b"" for event in events)
        with trio.move_on_after(self.limits.send) as waiting:
            await self.stream.send_all(data)
        if waiting.cancelled_caught:
            raise trio.BrokenResourceError(f"the client did not take the response in {self.limits.send:g} seconds")


async def _busy(_: AdminRequest) -> AdminResponse:
    return text("too many connections\n", 503)


def _request(head: h11.Request, body: bytes) -> AdminRequest:
    target = _AUTHORITY.sub("", head.target.decode("latin1"), count=1)
    path, _, query = target.partition("?")
    return AdminRequest(
        method=head.method.decode("ascii"),
        path=_SLASHES.sub("/", path) or "/",
        query=query,
        fields=tuple(head.headers.raw_items()),
        body=body,
        target=head.target,
    )


async def listen(ip: str, port: int, options: SocketOptions) -> trio.SocketListener:
    """A listener on one address (an IP literal). Raises OSError that names it."""
    sock = trio.socket.socket(trio.socket.AF_INET6 if ":" in ip else trio.socket.AF_INET)
    try:
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEADDR, options.reuseAddr)
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEPORT, options.reusePort)
        if options.keepAlive is not None:
            sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_KEEPALIVE, options.keepAlive)
        await sock.bind((ip, port))
        sock.listen(options.backlog or BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot listen on {ip}:{port}: {error.strerror}") from error
    except BaseException:
        sock.close()
        raise
    return trio.SocketListener(sock)
