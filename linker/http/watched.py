"""A response's body that tells how it ended: an answer whose head was fine may still break off.

Strategy: only bodies that stream are watched, by whoever has to judge the exchange; all of them share one watcher.
"""

from __future__ import annotations

from collections.abc import Callable

from linker.errors import UpstreamError
from linker.http.message import BodyStream, Response
from linker.http.wrapped import EndingBody

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


class WatchedBody(EndingBody):
    """Made by `when_over`."""

    __slots__ = ("then",)

    def __init__(self, body: BodyStream, then: Then) -> None:
        super().__init__(body)
        self.then = [then]

    def over(self, error: BaseException | None) -> None:
        """See `EndingBody.over`."""
        then, self.then = self.then, []
        for each in then:
            each(error if isinstance(error, UpstreamError) else None)
