"""Failure accrual: each attempt's outcome is told to the endpoint it went to (linkerd.md section 3.10).

Success and failure are those of the request's own service. Must be at the top of what an attempt meets: also the
timeout of an attempt is a failure of its endpoint. A connection that was acquired and not used goes back from here.
"""

from __future__ import annotations

from linker.classifiers.classifier import SURE_SUCCESS, Classify, Verdict
from linker.errors import RequestTimeout, UpstreamError
from linker.http.message import Request, Response
from linker.service import Clock, PlainFilter

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
            node.health.on_success(self._now())
            if not node.available:
                node.refresh(self._now())
        else:
            node.failed(self._now())
        if request.upstream is not None:  # answered on the way, without an exchange
            give_back(request)

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
