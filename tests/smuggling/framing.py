"""Request families about which length holds: Content-Length against Transfer-Encoding, odd forms of either."""

from collections.abc import Iterator

from tests.smuggling.payload import CHUNKED, END, HIDDEN, Payload, chunk, length, named, request

AFTER_END = END + HIDDEN  # hidden from a reader that goes by a Content-Length which covers it
IN_CHUNK = chunk(HIDDEN) + END  # hidden from a reader that knows chunked

# None of them is `chunked` alone, in any case of letters, with optional space or tab around.
TE_VALUES = (
    b"xchunked", b"chunkedx", b"chunk", b"x chunked", b"chunked x", b"ch unked", b"identity", b"cow", b"",
    b"chunked, identity", b"identity, chunked", b"chunked, chunked", b"chunked, gzip", b"gzip", b"deflate",
    b"identity, chunked, identity", b"chunked, cow", b"cow, chunked", b"trailers, chunked", b",chunked", b"chunked,",
    b", ,chunked", b"chunked;", b"chunked;q=1", b"chunked; x=y", b'"chunked"', b"'chunked'", b"chunked=1",
    b"chunked/1", b"{chunked}", b"(chunked)", b"chunked\x00", b"\x00chunked", b"chunked\x0b", b"\x0bchunked",
    b"\x0cchunked", b"\x1fchunked", b"\x7fchunked", b"\x08chunked", b"\xa0chunked", b"\xc2\xa0chunked", b"chunked\x85",
    b"chun\xe2\x84\xaaed", b"\\chunked", b"chunked\r", b"\rchunked", b"chunked\n", b"\nchunked", b"chunked\\r\\n",
)  # fmt: skip

# Lines that one reader takes for `Transfer-Encoding: chunked` and another does not.
TE_LINES = (
    b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked", b" Transfer-Encoding: chunked",
    b"\tTransfer-Encoding: chunked", b"Transfer Encoding: chunked", b"Transfer-Encoding chunked",
    b"Transfer-Encoding", b"Transfer-Encoding;chunked", b"Transfer-Encoding=chunked", b":Transfer-Encoding: chunked",
    b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding:\r\n\tchunked", b"Transfer-Encoding:\n chunked",
    b"Transfer-Encoding\r\n: chunked", b"Transfer-Encoding\n: chunked", b"X: y\nTransfer-Encoding: chunked",
    b"X: y\rTransfer-Encoding: chunked", b"X: y\r\n Transfer-Encoding: chunked", b"X\r\n\tTransfer-Encoding: chunked",
    b"\x00Transfer-Encoding: chunked", b"Transfer-Encoding\x00: chunked", b"Transfer-Encoding\x0b: chunked",
    b"Transfer-Encoding\x0c: chunked", b"Transfer-Encoding\xa0: chunked", b"\xa0Transfer-Encoding: chunked",
    b"\xefTransfer-Encoding: chunked", b"Transfer-Encoding\r: chunked", b"\rTransfer-Encoding: chunked",
    b'"Transfer-Encoding": chunked', b"X: y\x00\r\nTransfer-Encoding: xchunked", b"Transfer-Encoding:: chunked",
)  # fmt: skip


def conflicts() -> Iterator[Payload]:
    """A good Content-Length beside a good Transfer-Encoding, each order and each way to be misled."""
    codings = (b"chunked", b"Chunked", b"\tchunked\t", b"chunked ", b"gzip, chunked")
    for coding in codings:
        te = b"Transfer-Encoding: " + coding + b"\r\n"
        yield Payload("cl+te", f"te {named(coding)} after cl", (request(length(AFTER_END) + te, AFTER_END),))
        yield Payload("cl+te", f"te {named(coding)} before cl", (request(te + length(AFTER_END), AFTER_END),))
        yield Payload(
            "cl+te", f"te {named(coding)} with a short cl", (request(b"Content-Length: 4\r\n" + te, IN_CHUNK),)
        )
    for fields in (b"Content-Length: 0\r\n" + CHUNKED, CHUNKED + b"Content-Length: 0\r\n"):
        yield Payload("cl+te", f"cl 0, {named(fields[:9])} first", (request(fields, AFTER_END),))
    lines = (b"GET /outer-#### HTTP/1.1", b"HEAD /outer-#### HTTP/1.1", b"PUT /outer-#### HTTP/1.0")
    for line in lines:
        method = line.split()[0].decode()
        yield Payload(
            "cl+te", f"both on {named(line)}", (request(length(AFTER_END) + CHUNKED, AFTER_END, line=line),), method
        )
    te = b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"
    yield Payload("cl+te", "te twice and cl", (request(te + length(AFTER_END), AFTER_END),))


def codings() -> Iterator[Payload]:
    """Values that are not `chunked`: refused, never taken for it, never for no body."""
    for value in TE_VALUES:
        te = b"Transfer-Encoding: " + value + b"\r\n"
        yield Payload("te value", f"{named(value)}", (request(te, AFTER_END),))
        yield Payload("te value", f"{named(value)} with cl", (request(te + length(AFTER_END), AFTER_END),))
    for value in (b"xchunked", b"identity", b"deflate", b"", b"chunked, identity"):
        te = b"Transfer-Encoding: " + value + b"\r\n"
        yield Payload("te value", f"{named(value)} as no body", (request(te, HIDDEN),))
    for first, second in (
        (b"chunked", b"x"),
        (b"x", b"chunked"),
        (b"chunked", b"chunked"),
        (b"chunked", b"identity"),
        (b"", b"chunked"),
    ):
        te = b"Transfer-Encoding: " + first + b"\r\nTransfer-Encoding: " + second + b"\r\n"
        yield Payload("te value", f"{named(first)} and {named(second)}", (request(te, AFTER_END),))


def coding_lines() -> Iterator[Payload]:
    """Disguised Transfer-Encoding lines."""
    for line in TE_LINES:
        yield Payload("te line", f"{named(line)} cl covers", (request(line + b"\r\n" + length(AFTER_END), AFTER_END),))
        yield Payload(
            "te line", f"{named(line)} cl short", (request(b"Content-Length: 4\r\n" + line + b"\r\n", IN_CHUNK),)
        )
    first = b"POST /outer-#### HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: web\r\n" + length(AFTER_END)
    yield Payload("te line", "folded into the request line", (first + b"\r\n" + AFTER_END,))


def _length_values(n: int) -> list[bytes]:
    """Forms that one reader takes for the number n, another for something else or nothing."""
    d = b"%d" % n
    wide = "".join(chr(0xFF10 + int(c)) for c in str(n)).encode()
    arabic = "".join(chr(0x0660 + int(c)) for c in str(n)).encode()
    return [
        b"+" + d, b"-" + d, b"0x%x" % n, b"%xh" % n, d + b",", b"," + d, d + b"," + d, d + b", " + d, d + b" " + d,
        b"0," + d, d + b",0", d + b";", d + b";x", d + b".0", d + b"e0", d + b"_0", b"_" + d, d + b"\x00",
        b"\x00" + d, d + b"\x0b", b"\x0b" + d, b"\x0c" + d, b"\x1f" + d, b"\xa0" + d, d + b"\xa0", d + b"\r",
        b"\r" + d, b"\n" + d, d + b"x", b"x" + d, b'"' + d + b'"', b"'" + d + b"'", b"(" + d + b")", wide, arabic,
        b"%d" % (2**64 + n), b"%d" % (2**32 + n) + b"L",
    ]  # fmt: skip


def lengths() -> Iterator[Payload]:
    """Content-Length that is not one or more digits, or too large to be meant."""
    for value in _length_values(len(HIDDEN)):
        yield Payload("cl value", f"{named(value)}", (request(b"Content-Length: " + value + b"\r\n", HIDDEN),))
    for value in (v for v in _length_values(5) if v not in (b"5,5", b"5, 5")):  # RFC 9110 section 8.6 lets these be 5
        fields = b"Content-Length: " + value + b"\r\n"
        yield Payload("cl value", f"{named(value)} as 5", (request(fields, b"AAAAA" + HIDDEN),))
    for value in (b"", b" ", b"zero", b"0x0", b"-0", b"+0", b"-1", b"00x", b"%d" % 2**64, b"\x00"):
        yield Payload("cl value", f"{named(value)} as none", (request(b"Content-Length: " + value + b"\r\n", HIDDEN),))


def repeated_lengths() -> Iterator[Payload]:
    """Content-Length more than once. Equal values may be refused or merged, nothing else."""
    n = b"%d" % len(HIDDEN)
    pairs = (
        (n, b"0"),
        (b"0", n),
        (n, n),
        (n, b"5"),
        (b"5", n),
        (n, b"0" + n),
        (n, b"+" + n),
        (n, b""),
        (b"", n),
        (n, b"x"),
    )
    for first, second in pairs:
        for name in (b"Content-Length", b"content-length"):
            fields = b"Content-Length: " + first + b"\r\nX: y\r\n" + name + b": " + second + b"\r\n"
            yield Payload("cl twice", f"{named(first)} and {named(name)} {named(second)}", (request(fields, HIDDEN),))
    yield Payload("cl twice", "three", (request(length(HIDDEN) + b"Content-Length: 0\r\n" + length(HIDDEN), HIDDEN),))
    yield Payload(
        "cl twice",
        "on GET",
        (request(b"Content-Length: 0\r\n" + length(HIDDEN), HIDDEN, line=b"GET /outer-#### HTTP/1.1"),),
    )


def length_lines() -> Iterator[Payload]:
    """Disguised Content-Length lines: one reader sees a body, another a second request."""
    n = b"%d" % len(HIDDEN)
    forms = (
        b"Content-Length : " + n, b"Content-Length\t: " + n, b" Content-Length: " + n, b"\tContent-Length: " + n,
        b"Content Length: " + n, b"Content-Length " + n, b"Content-Length=" + n, b"Content-Length:\r\n " + n,
        b"Content-Length:\n " + n, b"Content-Length\r\n: " + n, b"X: y\nContent-Length: " + n,
        b"X: y\rContent-Length: " + n,
        b"\x00Content-Length: " + n, b"Content-Length\x00: " + n, b"Content-Length\x0b: " + n,
        b"\rContent-Length: " + n,
        b"Content-Length\xa0: " + n, b'"Content-Length": ' + n, b":Content-Length: " + n, b"Content-Length:: " + n,
    )  # fmt: skip
    for form in forms:
        yield Payload("cl line", named(form), (request(form + b"\r\n", HIDDEN),))


FAMILIES = (conflicts, codings, coding_lines, lengths, repeated_lengths, length_lines)
