"""A body around another: what a filter does to, or wants to know of, a body that streams.

`WrappedBody` passes everything on; a kind overrides `read`, `trailers` or `close`. `EndingBody` also tells, once, that
the body is over: read to its end, broken off, or given up.
"""

from __future__ import annotations

from linker.http.message import BodyStream


class WrappedBody:
    """See `BodyStream`; all of it is `body`'s."""

    __slots__ = ("length", "_body")

    def __init__(self, body: BodyStream) -> None:
        self.length = body.length
        self._body = body

    @property
    def trailers(self) -> bytes:
        """See `BodyStream.trailers`."""
        return self._body.trailers

    @property
    def ready(self) -> bool:
        """See `BodyStream.ready`."""
        return self._body.ready

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        return await self._body.read()

    def close(self) -> None:
        """See `BodyStream.close`."""
        self._body.close()


class EndingBody(WrappedBody):
    """Calls `over` at its end."""

    __slots__ = ()

    def over(self, error: BaseException | None) -> None:
        """The body ended, with the error it broke off with, if it did. May be called again, to no effect."""
        raise NotImplementedError

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        try:
            data = await self._body.read()
        except BaseException as error:
            self.over(error)
            raise
        if not data:
            self.over(None)
        return data

    def close(self) -> None:
        """See `BodyStream.close`."""
        self.over(None)
        self._body.close()
