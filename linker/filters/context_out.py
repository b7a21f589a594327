"""Writes the context for the next router or service: dtab, deadline, trace (linkerd.md sections 5.4 and 5.5).

Must be below every timeout, which tightens the deadline, and below retries, since each attempt is a span of its own.
"""

from __future__ import annotations

from binascii import b2a_base64, hexlify
from collections import OrderedDict
from collections.abc import Callable
from random import getrandbits
from time import time

from dtab import Dtab
from linker import trace
from linker.http.message import NO_DTAB, Request
from linker.service import Clock, PlainFilter

SHOWN_DTABS = 1000
"""Shown override dtabs kept: as many as are kept parsed."""

_NO_FLAGS = trace.NO_FLAGS


class ContextOut(PlainFilter):
    """Random ids, not secret ones: 128 bits an attempt. `epoch` gives epoch seconds."""

    def __init__(self, *, random_bits: Callable[[int], int] = getrandbits, epoch: Clock = time) -> None:
        self._bits = random_bits
        self._epoch = epoch
        self._dtabs: OrderedDict[Dtab, bytes] = OrderedDict()

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        headers = request.headers
        id_ = request.trace
        # `trace.root` and `trace.child`, spelt out: nearly every request begins a trace here.
        if id_ is None:
            ids = self._bits(128).to_bytes(16, "big")
            root = ids[:8]
            above = root + root + _NO_FLAGS
            request.trace = root + above
            child = ids[8:] + above
        else:
            root = id_[16:24]
            child = trace.child(id_, self._bits(64).to_bytes(8, "big"))
        # One entry for two lines; what came in was taken by ContextHeaders.
        headers.lines[b"l5d-ctx-trace"] = b"l5d-ctx-trace: %b\r\nl5d-reqid: %b\r\n" % (
            b2a_base64(child, newline=False),
            hexlify(root),
        )
        if request.dtab is not NO_DTAB:
            headers.put(b"l5d-ctx-dtab", self._dtab_line(request.dtab))
        if request.deadline is not None:
            headers.put(b"l5d-ctx-deadline", deadline_line(self._epoch(), request.deadline))

    def _dtab_line(self, dtab: Dtab) -> bytes:
        lines = self._dtabs
        line = lines.get(dtab)
        if line is None:
            line = lines[dtab] = b"l5d-ctx-dtab: %b\r\n" % dtab.show().encode()
            if len(lines) > SHOWN_DTABS:
                lines.popitem(last=False)
        return line


def deadline_line(issued: float, deadline: float) -> bytes:
    """The complete line; both in epoch seconds."""
    return b"l5d-ctx-deadline: %d %d\r\n" % (issued * 1e9, deadline * 1e9)
