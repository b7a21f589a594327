"""One connection of the admin server: h11 between the bytes and whole messages. Loaded by the first connection.

Strategy: one request at a time, everything bounded (`Limits`). A handler gets a whole request and gives a whole
response; what it raises is a 500 and a log line, never the end of the server.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

import h11
import trio

from linker.admin.message import AdminRequest, AdminResponse, Handler, text
from linker.admin.server import Limits

log = logging.getLogger("linker.admin")

_SLASHES = re.compile("//+")
_AUTHORITY = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_RECV_BYTES = 65536


class _Refused(Exception):
    """The request is not read to its end: answer and close."""

    def __init__(self, response: AdminResponse) -> None:
        super().__init__(response.status)
        self.response = response


class Connection:
    """once: close after one answer."""

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
