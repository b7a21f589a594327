"""`timestampHeader`: adds a line with the current epoch milliseconds to the request (linkerd.md section 3.13).

Added, not put in place of one that came. Left out where the option is absent.
"""

from __future__ import annotations

from time import time

from linker.http.message import Request
from linker.service import Clock, PlainFilter


class Timestamp(PlainFilter):
    """`header`: the name as it is to be written. `epoch` gives epoch seconds."""

    def __init__(self, header: str, *, epoch: Clock = time) -> None:
        self._name = header.lower().encode("latin1")
        self._format = header.encode("latin1").replace(b"%", b"%%") + b": %d\r\n"
        self._epoch = epoch

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        request.headers.append(self._name, self._format % (self._epoch() * 1000))
