"""A small HTTP/1.1 client on trio and h11, for the demo: one connection, one request at a time, whole answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import h11
import trio

TIMEOUT_S = 10.0
"""An answer that takes longer is none: everything is on this machine."""


class NoAnswer(Exception):
    """The other side cannot be reached, closed, or said nothing in time."""


@dataclass(frozen=True)
class Answer:
    """status, body as text, fields by lower-case name (the last of each)."""

    status: int
    body: str
    fields: Mapping[str, str]


class Client:
    """`async with Client(port) as client: await client.get("/", {"Host": "users"})`. Connects when first asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._stream: trio.SocketStream | None = None
        self._http = h11.Connection(h11.CLIENT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)
        self._stream, self._http = None, h11.Connection(h11.CLIENT)

    async def get(self, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        """GET; see `ask`."""
        return await self.ask("GET", path, fields)

    async def ask(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request without a body. Raises NoAnswer."""
        request = h11.Request(method=method, target=path, headers=[*{"Host": "localhost", **(fields or {})}.items()])
        try:
            with trio.fail_after(TIMEOUT_S):
                answer = await self._exchange(request)
        except (OSError, trio.BrokenResourceError, h11.RemoteProtocolError, trio.TooSlowError) as error:
            await self.close()
            raise NoAnswer(f"no answer from port {self.port}: {error or type(error).__name__}") from error
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            await self.close()
        return answer

    async def _exchange(self, request: h11.Request) -> Answer:
        if self._stream is None:
            self._stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        await self._stream.send_all((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        head: h11.Response | None = None
        body = b""
        while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                self._http.receive_data(bytes(await self._stream.receive_some()))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
        if head is None:
            raise NoAnswer("an answer without a head")
        fields = {name.decode(): value.decode("latin1") for name, value in head.headers}
        return Answer(head.status_code, body.decode("utf8", "replace"), fields)
