"""Reads the context a client sends, and takes away what only routers may say (linkerd.md sections 5.4 and 5.5).

    l5d-ctx-dtab, l5d-dtab           → request.dtab (ctx ++ user); a text that does not parse is a BadDtab
    l5d-ctx-deadline                 → request.deadline, the strictest; one that does not parse is passed on
    l5d-ctx-trace, l5d-sample        → request.trace
    l5d-dst-*, x-forwarded-client-cert  removed: a client cannot know them, so they are forged

Strategy: most requests have none of these, which one look at the index of field names says.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from random import getrandbits

from dtab import Dtab
from linker import trace
from linker.errors import BadDtab
from linker.http.message import NO_DTAB, Headers, Request
from linker.service import PlainFilter

FORGED = (b"l5d-dst-service", b"l5d-dst-client", b"l5d-dst-residual", b"l5d-reqid", b"x-forwarded-client-cert")
_READ = frozenset(
    (b"l5d-dtab", b"l5d-ctx-dtab", b"l5d-ctx-deadline", b"l5d-ctx-trace", b"l5d-sample", *FORGED),
)

PARSED_DTABS = 1000
"""Parsed header texts kept: the default of bindingCache.paths, where each distinct override has an entry too."""

_NANOS = 1_000_000_000
_MAX_LONG = 2**63 - 1
"""The original reads both numbers as Java longs; what is no long is passed on as it came."""

Texts = tuple[tuple[bytes, ...], tuple[bytes, ...]]


class ContextHeaders(PlainFilter):
    """One per server. `random_bits`: gives that many random bits, for the id of a trace that begins here."""

    fields = _READ

    def __init__(self, *, random_bits: Callable[[int], int] = getrandbits) -> None:
        self._bits = random_bits
        self._dtabs: OrderedDict[Texts, Dtab] = OrderedDict()

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        headers = request.headers
        index = headers.index
        if b"l5d-dtab" in index or b"l5d-ctx-dtab" in index:
            request.dtab = self._dtab(headers)
        if b"l5d-ctx-deadline" in index:
            deadlines = [
                at for value in headers.get_all(b"l5d-ctx-deadline") if (at := read_deadline(value)) is not None
            ]
            if deadlines:
                request.deadline = min(deadlines)
                headers.remove(b"l5d-ctx-deadline")
        if b"l5d-ctx-trace" in index or b"l5d-sample" in index:
            request.trace = self._trace(headers)
        for name in FORGED:
            headers.remove(name)

    def _dtab(self, headers: Headers) -> Dtab:
        texts = (tuple(headers.get_all(b"l5d-ctx-dtab")), tuple(headers.get_all(b"l5d-dtab")))
        found = self._dtabs.get(texts)
        if found is None:
            found = read_dtabs(texts)
            self._dtabs[texts] = found
            if len(self._dtabs) > PARSED_DTABS:
                self._dtabs.popitem(last=False)
        else:
            self._dtabs.move_to_end(texts)
        headers.remove(b"l5d-ctx-dtab")
        headers.remove(b"l5d-dtab")
        return found

    def _trace(self, headers: Headers) -> bytes | None:
        value = headers.get(b"l5d-ctx-trace")
        id_ = trace.read(value) if value is not None else None
        rate = trace.read_rate(headers.get(b"l5d-sample") or b"")
        headers.remove(b"l5d-ctx-trace")
        headers.remove(b"l5d-sample")
        if rate is not None:
            id_ = id_ or trace.root(self._bits(64).to_bytes(8, "big"))
            id_ = trace.with_sampling(id_, trace.picks(rate, id_))
        return id_


def read_dtabs(texts: Texts) -> Dtab:
    """The request's dtab from the values of l5d-ctx-dtab and of l5d-dtab. BadDtab with the parser's message."""
    dtab = NO_DTAB
    try:
        for values in texts:
            for value in values:
                dtab = dtab + Dtab.read(value.decode("latin1"))
    except ValueError as error:
        raise BadDtab(str(error)) from None
    return dtab if len(dtab) else NO_DTAB


def read_deadline(value: bytes) -> float | None:
    """Epoch seconds of `<issued> <deadline>` in epoch nanoseconds; None when it is not that."""
    issued, _, deadline = value.partition(b" ")
    if not (issued.isdigit() and deadline.isdigit() and len(issued) < 20 and len(deadline) < 20):
        return None
    if int(issued) > _MAX_LONG or int(deadline) > _MAX_LONG:
        return None
    return int(deadline) / _NANOS
