"""Bodies that are still arriving on a connection: of known length, chunked, or until the close.

Strategy: pull. `read` gives what the connection has buffered, else one recv; nobody reading is the back-pressure. Each
tells its connection once, by `ended(clean)`, when the message is over, so that it can be used again or closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from linker.http.framing import ChunkDecoder
from linker.http.message import BodyStream


class Wire(Protocol):
    """A connection as a body sees it."""

    buffer: bytes
    """Received and not used yet."""

    async def more(self) -> bytes:
        """The next bytes, b"" at the peer's end. Raises a ProxyError when the connection broke."""

    def cut_off(self) -> Exception:
        """The error for a peer that ended in the middle of a message."""


class LengthBody:
    """A body of `length` bytes (RFC 9112 section 6.2)."""

    __slots__ = ("length", "trailers", "_wire", "_left", "_ended")

    def __init__(self, wire: Wire, length: int, ended: Callable[[bool], None]) -> None:
        self.length: int | None = length
        self.trailers = b""
        self._wire = wire
        self._left = length
        self._ended: Callable[[bool], None] | None = ended

    @property
    def ready(self) -> bool:
        """See `BodyStream.ready`."""
        return bool(self._wire.buffer)

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        left = self._left
        if left == 0:
            return b""
        wire = self._wire
        data = wire.buffer
        if data:
            wire.buffer = b""
        else:
            try:
                data = await wire.more()
            except BaseException:
                self.close()
                raise
            if not data:
                self.close()
                raise wire.cut_off()
        if len(data) > left:
            wire.buffer = data[left:]
            data = data[:left]
        self._left = left - len(data)
        if self._left == 0:
            self._end(True)
        return data

    def close(self) -> None:
        """See `BodyStream.close`."""
        self._left = 0
        self._end(False)

    def _end(self, clean: bool) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(clean)


class ChunkedBody:
    """A chunked body (RFC 9112 section 7.1); extensions are dropped, trailers kept."""

    __slots__ = ("length", "_wire", "_decoder", "_ended")

    def __init__(self, wire: Wire, decoder: ChunkDecoder, ended: Callable[[bool], None]) -> None:
        self.length: int | None = None
        self._wire = wire
        self._decoder = decoder
        self._ended: Callable[[bool], None] | None = ended

    @property
    def trailers(self) -> bytes:
        """See `BodyStream.trailers`."""
        return self._decoder.trailers

    @property
    def ready(self) -> bool:
        """See `BodyStream.ready`."""
        return bool(self._wire.buffer)

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        wire, decoder = self._wire, self._decoder
        try:
            while self._ended is not None:
                data, wire.buffer = wire.buffer or await wire.more(), b""
                if not data:
                    raise wire.cut_off()
                payload = decoder.decode(data)
                if decoder.done:
                    wire.buffer = decoder.rest
                    self._end(True)
                if payload:
                    return payload
        except BaseException:
            self.close()
            raise
        return b""

    def close(self) -> None:
        """See `BodyStream.close`."""
        self._end(False)

    def _end(self, clean: bool) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(clean)


class CloseBody:
    """A response body that ends with its connection (RFC 9112 section 6.3, rule 8)."""

    __slots__ = ("length", "trailers", "_wire", "_ended")

    def __init__(self, wire: Wire, ended: Callable[[bool], None]) -> None:
        self.length: int | None = None
        self.trailers = b""
        self._wire = wire
        self._ended: Callable[[bool], None] | None = ended

    @property
    def ready(self) -> bool:
        """See `BodyStream.ready`."""
        return bool(self._wire.buffer)

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        if self._ended is None:
            return b""
        wire = self._wire
        try:
            data, wire.buffer = wire.buffer or await wire.more(), b""
        except BaseException:
            self.close()
            raise
        if not data:
            self.close()
        return data

    def close(self) -> None:
        """See `BodyStream.close`."""
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(False)  # the connection cannot be used again either way


async def whole(body: BodyStream) -> bytes:
    """All of a body, gathered; raises what reading it raises."""
    parts = []
    while data := await body.read():
        parts.append(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)
