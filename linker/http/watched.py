"""A response's body that tells how it ended: an answer whose head was fine may still break off.

Strategy: only bodies that stream are watched, by whoever has to judge the exchange; all of them share one watcher.
"""

from __future__ import annotations

from collections.abc import Callable

from linker.errors import UpstreamError
from linker.http.message import BodyStream, Response

Then = Callable[[UpstreamError | None], None]
"""Called once, with the error when the endpoint broke off; with None when the body was whole or nobody wanted more."""


def when_over(response: Response, then: Then) -> None:
    """Have `then` called when the body of `response`, which must be a stream, is over."""
    body = response.body
    if isinstance(body, WatchedBody):
        body.then.append(then)
    else:
        assert not isinstance(body, bytes)
        response.body = WatchedBody(body, then)


class WatchedBody:
    """Made by `when_over`."""

    __slots__ = ("length", "then", "_body")

    def __init__(self, body: BodyStream, then: Then) -> None:
        self.length = body.length
        self.then = [then]
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
        try:
            data = await self._body.read()
        except BaseException as error:
            self._over(error if isinstance(error, UpstreamError) else None)
            raise
        if not data:
            self._over(None)
        return data

    def close(self) -> None:
        """See `BodyStream.close`."""
        self._over(None)
        self._body.close()

    def _over(self, error: UpstreamError | None) -> None:
        then, self.then = self.then, []
        for each in then:
            each(error)
