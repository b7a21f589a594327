"""Whether a connection outlives a message: RFC 9112 section 9.3, for both sides."""

from __future__ import annotations

from linker.http.message import Headers

_KEEP_ALIVE = (b"keep-alive", b"Keep-Alive")


def persists(headers: Headers, by_default: bool) -> bool:
    """What the Connection field of a message says of its connection; `by_default` where it says nothing."""
    values = headers.index.get(b"connection")
    if values is None:
        return by_default
    if len(values) == 1 and values[0][2] in _KEEP_ALIVE:  # nearly always
        return True
    options = b",".join(value for _, _, value in values).lower().translate(None, b" \t").split(b",")
    return b"close" not in options and (by_default or b"keep-alive" in options)
