"""A strict second reader of HTTP/1 (RFC 9112, RFC 9110 section 5): what was sent, and what may be read otherwise.

Pure: `read(data, …)` takes the bytes received so far and gives the first message in them, or None when more is needed.
`Message.faults` names each deviation and each ambiguity; an empty tuple means that every conforming reader sees the
same message. It shares no code with the product: it is the judge.
"""

import re
from dataclasses import dataclass

TCHAR = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"
TOKEN = rb"[%s]+" % TCHAR
_REQUEST_LINE = re.compile(rb"(%s) ([\x21\x22\x24-\x7e]+) HTTP/1\.([01])" % TOKEN)
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?")
_FIELD = re.compile(rb"(%s):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*" % TOKEN)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_CHUNK = re.compile(
    rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|%s))?)*\r\n" % (TOKEN, TOKEN, _QUOTED)
)
_AUTHORITY = re.compile(rb"(?:[A-Za-z0-9\-._~%!$&'()*+;=]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://([^/?#]*)")
# Fields that may not be named in Connection, nor come as trailers: they frame or route the message.
_FRAMING = {b"content-length", b"transfer-encoding", b"host"}
_NOT_IN_TRAILERS = _FRAMING | {b"connection", b"l5d-dtab", b"l5d-ctx-dtab", b"l5d-dst-service", b"l5d-dst-client"}
_LARGEST = 2**63 - 1  # what every implementation's integer can hold


@dataclass(frozen=True)
class Message:
    """One message. `start`: method and target, or the status; `end`: the bytes of `data` it took."""

    raw: bytes
    start: tuple[bytes, ...]
    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes
    faults: tuple[str, ...]
    end: int

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a field, by its name in lower case."""
        return [v for n, v in self.fields if n == name]

    @property
    def status(self) -> int:
        """A response's status, 0 if its status line is not one."""
        return int(self.start[0]) if len(self.start) == 1 else 0


def read_request(data: bytes) -> Message | None:
    """The first request in `data`."""
    head = _head(data, _REQUEST_LINE)
    if head is None:
        return None
    if not head.start:
        return head
    *start, minor = head.start
    faults = [*head.faults, *_framing_faults(head, minor), *_request_faults(head, start)]
    return _with_body(data, head, tuple(start), faults, length=0)


def read_response(data: bytes, method: str, closed: bool) -> Message | None:
    """The first response in `data`, to a `method` request; `closed`: nothing more will come."""
    head = _head(data, _STATUS_LINE)
    if head is None:
        return None
    if not head.start:
        return head
    minor, status = head.start
    faults = [*head.faults, *_framing_faults(head, minor)]
    code = int(status)
    if code < 200 or code == 204:
        faults += [f"{n.decode()} in a {code}" for n in _FRAMING if n != b"host" and head.all(n)]
    if code < 200 or code in (204, 304) or method == "HEAD":
        return _message(head, (status,), b"", faults, head.end)
    length = None if closed else -1
    return _with_body(data, head, (status,), faults, length)


def _head(data: bytes, start_line: re.Pattern[bytes]) -> Message | None:
    """The head as a message without body; no `start` when its first line is not one. None: incomplete."""
    end = _HEAD_END.search(data)
    if end is None:
        return None
    faults, fields = [], []
    if end[0] != b"\r\n\r\n":
        faults.append("bare LF at the end of the head")
    first, *lines = data[: end.start()].split(b"\r\n")
    line = start_line.fullmatch(first)
    if line is None:
        faults.append(f"start line {first[:80]!r}")
    for text in lines:
        if field := _FIELD.fullmatch(text):
            fields.append((field[1].lower(), field[2]))
        else:
            faults.append(f"field line {text[:80]!r}")
    start = line.groups() if line else ()
    return Message(data[: end.end()], start, tuple(fields), b"", tuple(faults), end.end())


def _framing_faults(head: Message, minor: bytes) -> list[str]:
    faults = []
    lengths, codings = head.all(b"content-length"), head.all(b"transfer-encoding")
    if lengths and codings:
        faults.append("Content-Length beside Transfer-Encoding")
    if len(lengths) > 1:
        faults.append("Content-Length more than once")
    faults += [f"Content-Length {v!r}" for v in lengths if not re.fullmatch(rb"[0-9]+", v) or int(v) > _LARGEST]
    if len(codings) > 1:
        faults.append("Transfer-Encoding more than once")
    faults += [f"Transfer-Encoding {v!r}" for v in codings if not re.fullmatch(rb"(?:gzip, )?chunked", v.lower())]
    if codings and minor == b"0":
        faults.append("Transfer-Encoding in HTTP/1.0")
    for value in head.all(b"connection"):
        named = {part.strip().lower() for part in value.split(b",")} & _FRAMING
        faults += [f"Connection names {name.decode()}" for name in sorted(named)]
    return faults


def _request_faults(head: Message, start: list[bytes]) -> list[str]:
    method, target = start
    faults = []
    hosts = head.all(b"host")
    if len(hosts) != 1:
        faults.append(f"{len(hosts)} Host fields")
    faults += [f"Host {v!r}" for v in hosts if not _AUTHORITY.fullmatch(v)]
    absolute = _ABSOLUTE.match(target)
    if absolute and (not hosts or absolute[1].lower() != hosts[0].lower()):
        faults.append(f"target {target!r} beside Host {hosts!r}")
    if not (absolute or target.startswith(b"/") or (target == b"*" and method == b"OPTIONS") or method == b"CONNECT"):
        faults.append(f"target {target!r}")
    if any(v.lower().startswith(b"h2c") for v in head.all(b"upgrade")):
        faults.append("Upgrade to h2c passed on")
    return faults


def _with_body(
    data: bytes, head: Message, start: tuple[bytes, ...], faults: list[str], length: int | None
) -> Message | None:
    """Delimit the body. `length` without framing fields: a number; -1: until close; None: it has closed."""
    if head.all(b"transfer-encoding"):
        return _chunked(data, head, start, faults)
    lengths = head.all(b"content-length")
    if lengths and lengths[0].isdigit():
        length = int(lengths[0])
    if length == -1:
        return None
    end = len(data) if length is None else head.end + length
    if end > len(data):
        return _message(head, start, b"", faults, head.end) if faults else None
    return _message(head, start, data[head.end : end], faults, end)


def _chunked(data: bytes, head: Message, start: tuple[bytes, ...], faults: list[str]) -> Message | None:
    at, body = head.end, b""
    while True:
        line = _CHUNK.match(data, at)
        if line is None:
            newline = data.find(b"\n", at)
            if newline < 0 and len(data) - at < 4096:
                return None
            faults = [*faults, f"chunk line {data[at : newline + 1 or at + 40]!r}"]
            return _message(head, start, body, faults, len(data))
        size, at = int(line[1], 16), line.end()
        if size == 0:
            return _trailers(data, at, head, start, body, faults)
        if len(data) < at + size + 2:
            return None
        body, at = body + data[at : at + size], at + size
        if data[at : at + 2] != b"\r\n":
            faults = [*faults, f"{data[at : at + 2]!r} after a chunk"]
            return _message(head, start, body, faults, len(data))
        at += 2


def _trailers(
    data: bytes, at: int, head: Message, start: tuple[bytes, ...], body: bytes, faults: list[str]
) -> Message | None:
    while True:
        newline = data.find(b"\n", at)
        if newline < 0:
            return None
        line, at = data[at : newline + 1], newline + 1
        if line == b"\r\n":
            return _message(head, start, body, faults, at)
        field = _FIELD.fullmatch(line[:-2]) if line.endswith(b"\r\n") else None
        if field is None:
            return _message(head, start, body, [*faults, f"trailer line {line[:80]!r}"], len(data))
        if field[1].lower() in _NOT_IN_TRAILERS:
            faults = [*faults, f"{field[1].decode().lower()} as a trailer"]


def _message(head: Message, start: tuple[bytes, ...], body: bytes, faults: list[str], end: int) -> Message:
    return Message(head.raw, start, head.fields, body, tuple(faults), end)
