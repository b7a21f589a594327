"""Failure accrual: each attempt's outcome is told to the endpoint it went to (linkerd.md section 3.10).

Success and failure are those of the request's own service. Must be at the top of what an attempt meets: also the
timeout of an attempt is a failure of its endpoint. An answer that streams is judged at its end: an endpoint that always
breaks off is dead in the end. A connection that was acquired and not used goes back from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linker.classifiers.classifier import SURE_SUCCESS, Classify, Verdict
from linker.endpoint_health import State
from linker.errors import RequestTimeout, UpstreamError
from linker.http.message import Request, Response
from linker.http.watched import Then, when_over
from linker.service import Clock, PlainFilter

if TYPE_CHECKING:
    from linker.endpoint import Endpoint

_SUCCESS = Verdict.SUCCESS


class FailureAccrual(PlainFilter):
    """One per client. `now`: monotonic seconds."""

    def __init__(self, classify: Classify, now: Clock) -> None:
        self._classify = classify
        self._now = now

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        node = request.node
        assert node is not None
        if response.status < SURE_SUCCESS or self._classify(request, response) is _SUCCESS:
            if type(response.body) is not bytes:
                when_over(response, self._when_over(node))
            else:
                node.health.on_success(self._now())
                if not node.available:
                    node.refresh(self._now())
        else:
            node.failed(self._now())
        if request.upstream is not None:  # answered on the way, without an exchange
            give_back(request)

    def _when_over(self, node: Endpoint) -> Then:
        # A probe is not kept waiting by an answer that streams for hours.
        probed = node.health.state is not State.ALIVE
        if probed:
            node.succeeded(self._now())

        def over(error: UpstreamError | None) -> None:
            if error is not None:
                node.failed(self._now())
            elif not probed:
                node.succeeded(self._now())

        return over

    def fail(self, request: Request, error: BaseException, ms: float) -> None:
        """See `PlainFilter.fail`."""
        node = request.node
        assert node is not None
        if isinstance(error, UpstreamError | RequestTimeout):
            node.failed(self._now())
        else:
            node.ignored(self._now())
        if request.upstream is not None:
            give_back(request)


def give_back(request: Request) -> None:
    """The connection acquired for the attempt is not needed."""
    upstream, request.upstream = request.upstream, None
    if upstream is not None:
        upstream.give_back()
