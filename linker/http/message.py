"""HTTP messages as the filters see them: a validated head kept as bytes plus edits, and a body.

Strategy (design section 4.3): the field lines stay the bytes that came in. One scan (linker/http/h1.py) notes where the
lines stand whose names routing, framing or a filter may ask for (`KNOWN`); edits are recorded as lines cut and lines
added and applied once, by `render`. Asking for any other name indexes all lines, which is the slow and rare way.
Field names are given in lower case as bytes; lines that are added are complete: `b"Via: 1.1 linkerd\\r\\n"`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from dtab import Dtab, Path

if TYPE_CHECKING:
    from linker.endpoint import Endpoint
    from linker.errors import ProxyError
    from linker.http.client import Upstream
    from linker.routing import LogicalService, Route
    from namer.addr import Address
    from namer.name import Bound

Span = tuple[int, int, bytes]
"""Where a line starts, where it ends (after its CRLF), and its value without surrounding white space."""

KNOWN = frozenset(
    b"host connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding"
    b" upgrade content-length expect via forwarded max-forwards retry-after x-forwarded-client-cert"
    b" l5d-dtab l5d-ctx-dtab l5d-ctx-deadline l5d-ctx-trace l5d-sample l5d-reqid l5d-dst-service l5d-dst-client"
    b" l5d-dst-residual l5d-add-context l5d-name l5d-err l5d-retryable l5d-success-class finagle-http-nack".split()
)
"""Names found by the one scan. Any name that begins with `l5d-` is found too, so that clearContext sees all."""

_LINE = re.compile(rb"([^:\r\n]+):[ \t]*([^\r\n]*?)[ \t]*\r\n")


def is_known(name: bytes) -> bool:
    """Whether the one scan finds lines of this (lower-case) name."""
    return name in KNOWN or name.startswith(b"l5d-")


class Headers:
    """The field lines of one message: bytes as received, plus edits.

    raw: validated lines, each ending in CRLF, without the empty line.
    index: lower-case name -> spans of its lines in `raw`, for all KNOWN names at least.
    lines: lower-case name -> complete lines added. A filter on the path of every request may set a KNOWN name's here
    itself, when `index` has no such name: `put` would look for it once more.
    """

    _whole = False

    def __init__(self, raw: bytes = b"", index: dict[bytes, list[Span]] | None = None) -> None:
        if index is None:
            index = _index(raw)
            self._whole = True
        self.raw = raw
        self.index = index
        self._cuts: list[Span] | None = None
        self.lines: dict[bytes, bytes] = {}

    def _spans(self, name: bytes) -> list[Span] | None:
        # Asked several times a filter: a known name that is absent must cost no call.
        spans = self.index.get(name)
        if spans is None and not self._whole and name not in KNOWN:
            return self._unseen(name)
        return spans

    def _unseen(self, name: bytes) -> list[Span] | None:
        """The spans of a name that is not indexed, for which all lines may have to be."""
        if not name.startswith(b"l5d-"):
            cut = {span[0] for span in self._cuts or ()}
            index = _index(self.raw)
            self.index = {n: kept for n, spans in index.items() if (kept := [s for s in spans if s[0] not in cut])}
            self._whole = True
        return self.index.get(name)

    def get(self, name: bytes) -> bytes | None:
        """The first value of `name`, or None."""
        spans = self._spans(name)
        if spans:
            return spans[0][2]
        added = self.lines.get(name)
        if added is not None:  # without the expression, which costs a microsecond: filters ask for what others wrote
            return added[len(name) + 1 : added.index(b"\r\n")].strip(b" \t")
        return None

    def get_all(self, name: bytes) -> list[bytes]:
        """Every value of `name`, in order."""
        values = [span[2] for span in self._spans(name) or ()]
        if name in self.lines:
            values += [value for _, value in _LINE.findall(self.lines[name])]
        return values

    def __contains__(self, name: bytes) -> bool:
        return name in self.lines or bool(self._spans(name))

    def remove(self, name: bytes) -> None:
        """Drop every line of `name`."""
        spans = self._spans(name)
        if spans:
            del self.index[name]
            self._cuts = spans if self._cuts is None else self._cuts + spans
        self.lines.pop(name, None)

    def cut(self, name: bytes) -> None:
        """As `remove`, of a name that is in `index`."""
        spans = self.index.pop(name)
        self._cuts = spans if self._cuts is None else self._cuts + spans

    def put(self, name: bytes, line: bytes) -> None:
        """Replace all lines of `name` by the complete `line` (which may be several lines of that name)."""
        if name in self.index or not (self._whole or name in KNOWN):
            self.remove(name)
        self.lines[name] = line

    def added(self, name: bytes) -> bytes | None:
        """The complete line that a filter has `put`, or None: to recognise a constant line without looking into it."""
        return self.lines.get(name)

    def append(self, name: bytes, line: bytes) -> None:
        """One more line of `name`, after those there are."""
        self.lines[name] = self.lines.get(name, b"") + line

    def names(self) -> list[bytes]:
        """The lower-case names present, without order."""
        self._spans(b"")
        return [*self.index, *(name for name in self.lines if name not in self.index)]

    def known_names(self) -> list[bytes]:
        """The lower-case names present among those that the one scan finds, and those added; cheaper than `names`."""
        return [*self.index, *(name for name in self.lines if name not in self.index)]

    def items(self) -> list[tuple[bytes, bytes]]:
        """(name as written, value) of every line, in the order they are sent."""
        return _LINE.findall(self.render())

    def render(self) -> bytes:
        """The lines to send: what came, less the cuts, then the added ones."""
        raw, cuts = self.raw, self._cuts
        if cuts is None:
            return b"".join((raw, *self.lines.values()))
        if len(cuts) == 1:
            start, end, _ = cuts[0]
            return b"".join((raw[:start], raw[end:], *self.lines.values()))
        parts, at = [], 0
        for start, end, _ in sorted(cuts):
            parts.append(raw[at:start])
            at = end
        return b"".join((*parts, raw[at:], *self.lines.values()))

    def copy(self) -> Headers:
        """An independent copy: edits of one are not seen in the other."""
        twin = Headers.__new__(Headers)
        twin.raw, twin.index, twin._whole = self.raw, self.index.copy(), self._whole
        twin._cuts, twin.lines = self._cuts, self.lines.copy()
        return twin

    def __repr__(self) -> str:
        return f"Headers({self.render()!r})"


def _index(raw: bytes) -> dict[bytes, list[Span]]:
    index: dict[bytes, list[Span]] = {}
    for m in _LINE.finditer(raw):
        index.setdefault(m[1].lower(), []).append((m.start(), m.end(), m[2]))
    return index


class BodyStream(Protocol):
    """A body that is still arriving. One reader; back-pressure is that nobody calls `read`."""

    @property
    def length(self) -> int | None:
        """Bytes promised by Content-Length; None where the end is found by chunks or by the close."""

    @property
    def trailers(self) -> bytes:
        """Validated trailer lines, known once `read` gave b""; b"" when there are none."""

    @property
    def ready(self) -> bool:
        """Whether `read` would give something without waiting."""

    async def read(self) -> bytes:
        """The next buffer, b"" at the end. Raises a ProxyError when the peer breaks off or breaks the framing."""

    def close(self) -> None:
        """Give up what is unread; its connection will not be used again. Harmless after the end, and twice."""


Body = bytes | BodyStream


class Request:
    """One request on its way through a router.

    method, target: as received (target in origin form after the server's door). minor: 1 for HTTP/1.1, 0 for 1.0.
    body: bytes when it is whole (then it may be replayed), else a stream. peer, local: (ip, port) of the client
    connection's two ends. Filled on the way down: `dtab` (request-local: ctx ++ user), `dst` (the logical name),
    `bound` and `endpoint` (where the last attempt went), `deadline` (epoch seconds or None), `trace` (linker/trace.py).
    name, route: what the router knows of `dst`, and where it leads now; node,
    upstream: the endpoint and the connection of the attempt.
    refusal: why a blank request stands for one that was not understood.
    interim: sends a whole 1xx head to the client; None where the client cannot take one.
    """

    # Defaults stand here and not in __init__: of 22 attributes an ordinary request sets ten.
    peer: tuple[str, int] = ("", 0)
    local: tuple[str, int] = ("", 0)
    scheme = b""
    bound: Bound | None = None
    endpoint: Address | None = None
    node: Endpoint | None = None
    connection_id = b""
    name: LogicalService | None = None
    route: Route | None = None
    upstream: Upstream | None = None
    refusal: ProxyError | None = None
    interim: Callable[[bytes], Awaitable[None]] | None = None
    dst: Path

    def __init__(
        self,
        method: bytes,
        target: bytes,
        headers: Headers,
        body: Body = b"",
        *,
        minor: int = 1,
        peer: tuple[str, int] | None = None,
        local: tuple[str, int] | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        # Read on the way of every request: the interpreter finds an instance's own attributes faster.
        self.minor = minor
        self.dtab: Dtab = NO_DTAB
        self.trace: bytes | None = None
        self.deadline: float | None = None
        if peer is not None:
            self.peer = peer
        if local is not None:
            self.local = local

    @property
    def streaming(self) -> bool:
        """Whether the body is still arriving, so that the request cannot be replayed."""
        return type(self.body) is not bytes

    def __repr__(self) -> str:
        return f"<{self.method.decode('latin1')} {self.target.decode('latin1')} dst={self.dst.show()}>"


class Response:
    """One response on its way back. `from_service`: it came from a backend, it was not made by the router.
    `success`: the verdict of its service's classifier, once it was asked."""

    __slots__ = ("status", "reason", "headers", "body", "minor", "from_service", "success")

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: Body = b"",
        *,
        reason: bytes = b"",
        minor: int = 1,
        from_service: bool = False,
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.minor = minor
        self.from_service = from_service
        self.success: bool | None = None

    def discard(self) -> None:
        """Give up the body: the response will not be sent on."""
        if type(self.body) is not bytes:
            self.body.close()  # type: ignore[union-attr]  # the type() test above leaves only streams

    def __repr__(self) -> str:
        return f"<{self.status} {self.reason.decode('latin1')}>"


def text_response(status: int, text: str, *lines: bytes) -> Response:
    """A text/plain response made by the router; `lines` are complete extra field lines."""
    body = text.encode()
    raw = b"Content-Type: text/plain\r\nContent-Length: %d\r\n" % len(body)
    return Response(status, Headers(raw + b"".join(lines)), body)


NO_DTAB = Dtab(())
NO_PATH = Path()
Request.dst = NO_PATH
