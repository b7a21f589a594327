"""`httpAccessLog`: one line for each attempt that was answered, and one for each answer the router made itself.

Stands twice in the list: below retries, for the answers of services (linkerd.md section 5.11), and at the top of the
server with `generated=True`, where the original is silent (observed.md). Left out where the option is absent.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time

from linker.accesslog import Line
from linker.http.message import Request, Response
from linker.service import Clock, PlainFilter


class AccessLog(PlainFilter):
    """`write` takes complete lines and does not wait (`linker.accesslog.AccessLogWriter.write`)."""

    def __init__(self, write: Callable[[bytes], None], *, generated: bool = False, epoch: Clock = time) -> None:
        self._write = write
        self._generated = generated
        self._line = Line(epoch=epoch)

    def leave(self, request: Request, response: Response, ms: float) -> None:
        """See `PlainFilter.leave`."""
        if response.from_service is not self._generated:
            self._write(self._line(request, response))
