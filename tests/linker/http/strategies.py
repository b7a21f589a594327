"""Heads, well-formed and broken, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

TOKEN_CHARS = "!#$%&'*+.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"
KNOWN_NAMES = [
    "Connection",
    "keep-alive",
    "TE",
    "Via",
    "EXPECT",
    "l5d-dtab",
    "L5D-anything",
    "Forwarded",
    "X-Via",
    "Vi",
]

tokens = st.text(TOKEN_CHARS, min_size=1, max_size=12).map(lambda text: text.encode())
names = st.one_of(tokens, st.sampled_from(KNOWN_NAMES).map(lambda text: text.encode()))
values = st.binary(max_size=30).map(
    lambda raw: bytes(byte for byte in raw if byte == 9 or 32 <= byte < 127 or byte >= 128)
)
targets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30).map(
    lambda text: text.encode()
)
spaces = st.sampled_from([b"", b" ", b"  ", b"\t", b" \t "])


@st.composite
def field_lines(draw: st.DrawFn, max_size: int = 8) -> bytes:
    """Well-formed lines; names that frame the message are left to the tests of framing."""
    lines = []
    for name, value in draw(st.lists(st.tuples(names, values), max_size=max_size)):
        if name.lower() not in (b"content-length", b"transfer-encoding", b"host"):
            lines.append(name + b":" + draw(spaces) + value + draw(spaces) + b"\r\n")
    return b"".join(lines)


@st.composite
def request_heads(draw: st.DrawFn) -> bytes:
    """What the recogniser takes."""
    minor = draw(st.sampled_from([b"0", b"1"]))
    line = draw(tokens) + b" " + draw(targets) + b" HTTP/1." + minor + b"\r\n"
    return line + b"Host: web\r\n" + draw(field_lines()) + b"\r\n"


@st.composite
def response_heads(draw: st.DrawFn) -> bytes:
    """What the recogniser takes."""
    status = draw(st.integers(100, 999))
    reason = draw(st.one_of(st.none(), values))
    line = b"HTTP/1.%d %d" % (draw(st.integers(0, 1)), status)
    return line + (b"" if reason is None else b" " + reason) + b"\r\n" + draw(field_lines()) + b"\r\n"


BREAKS = [b"\n", b"\r", b"\r\n", b"\r\n ", b"\0", b"\x7f", b" ", b"\t", b":", b" :", b"\r\n\r\n", b"\xff", b"HTTP/1.1"]
BREAKS.append(b"")  # only taken away
BREAKS.append(b"A" * 90)  # beyond the limits of the tests that set them low


@st.composite
def broken(draw: st.DrawFn, heads: st.SearchStrategy[bytes]) -> bytes:
    """A head into which something was put, or from which something was taken."""
    head = draw(heads)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(head)))
        head = head[:at] + draw(st.sampled_from(BREAKS)) + head[at + draw(st.integers(0, 3)) :]
    return head
