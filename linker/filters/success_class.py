"""`l5d-success-class` on every response of a service: the classifier's verdict as a fraction (linkerd.md 3.12).

Statistics of servers above, this router's and others', go by it. Must be below the service's ErrorResponder: errors
made by the router carry no class.
"""

from __future__ import annotations

from linker.classifiers.classifier import SURE_SUCCESS, Classify, Verdict
from linker.http.message import Request, Response
from linker.service import PlainFilter

_SUCCESS = Verdict.SUCCESS
FAILED, SUCCEEDED = b"l5d-success-class: 0.0\r\n", b"l5d-success-class: 1.0\r\n"


class SuccessClass(PlainFilter):
    """A class that the service itself gave is replaced."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        success = response.status < SURE_SUCCESS or self._classify(request, response) is _SUCCESS
        response.success = success
        headers = response.headers
        if b"l5d-success-class" in headers.index:
            headers.remove(b"l5d-success-class")
        headers.lines[b"l5d-success-class"] = SUCCEEDED if success else FAILED
