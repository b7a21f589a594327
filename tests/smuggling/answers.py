"""Response families: a backend that answers oddly. Nobody may get another's answer, or one that readers cut apart."""

from collections.abc import Iterator

from tests.smuggling.payload import STOLEN, Payload, named, request

OK = b"HTTP/1.1 200 OK\r\n"
OWN = b"own-####"
WHOLE = OK + b"Content-Length: 8\r\n\r\n" + OWN


def _answer(
    name: str, *parts: bytes, method: str = "GET", drop: bool = False, partial: bool = False, idle: bool = False
) -> Payload:
    line = method.encode() + b" /bad-#### HTTP/1.1"
    return Payload("answer", name, (request(line=line),), method, answer=parts, drop=drop, partial=partial, idle=idle)


def lengths() -> Iterator[Payload]:
    """Framing fields that contradict."""
    for value in (
        b"8\r\nContent-Length: 8",
        b"8\r\nContent-Length: 60",
        b"60\r\nContent-Length: 8",
        b"8, 8",
        b"8, 60",
        b"+8",
        b"-8",
        b"0x8",
    ):
        yield _answer(f"cl {named(value)}", OK + b"Content-Length: " + value + b"\r\n\r\n" + OWN + STOLEN)
    for value in (b"8 8", b"8;", b"", b"8\x00", b"\x0b8", b"8_0", b"18446744073709551624"):
        yield _answer(f"cl {named(value)}", OK + b"Content-Length: " + value + b"\r\n\r\n" + OWN + STOLEN)
    te = b"Transfer-Encoding: chunked\r\n"
    chunks = b"8\r\n" + OWN + b"\r\n0\r\n\r\n"
    yield _answer("cl and te", OK + b"Content-Length: 8\r\n" + te + b"\r\n" + chunks + STOLEN)
    yield _answer("te and cl", OK + te + b"Content-Length: %d\r\n\r\n" % len(chunks) + chunks + STOLEN)
    for value in (
        b"xchunked",
        b"chunked, identity",
        b"identity",
        b"\x0bchunked",
        b"chunked, chunked",
        b"gzip",
        b"",
        b"chunked\r\nTransfer-Encoding: x",
    ):
        yield _answer(f"te {named(value)}", OK + b"Transfer-Encoding: " + value + b"\r\n\r\n" + chunks + STOLEN)
    for line in (
        b"Transfer-Encoding : chunked",
        b" Transfer-Encoding: chunked",
        b"X: y\nTransfer-Encoding: chunked",
        b"Transfer-Encoding\x00: chunked",
    ):
        yield _answer(
            f"line {named(line)}", OK + line + b"\r\nContent-Length: %d\r\n\r\n" % len(chunks) + chunks + STOLEN
        )
    yield _answer("1.0 chunked", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + te + b"\r\n" + chunks + STOLEN)


def chunks() -> Iterator[Payload]:
    """A chunked answer that is not."""
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    sizes = (b"0x8", b"+8", b"-8", b"8 8", b"g", b"8_", b"\x0b8", b"10000000000000008", b"", b"8\r", b"8;\n", b"8;a\nb")
    for size in sizes:
        yield _answer(f"chunk size {named(size)}", head + size + b"\r\n" + OWN + b"\r\n0\r\n\r\n" + STOLEN)
    for after in (b"", b"\n", b"XX", b"X\r\n"):
        yield _answer(f"{named(after)} after a chunk", head + b"8\r\n" + OWN + after + b"0\r\n\r\n" + STOLEN)
    for end in (b"0\n\n", b"0\r\nX\r\n\r\n", b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nX: a\n b\r\n\r\n", b"0\r\n\n"):
        yield _answer(f"end {named(end)}", head + b"8\r\n" + OWN + b"\r\n" + end + STOLEN)


def beyond() -> Iterator[Payload]:
    """Bytes after the end of the answer, at once or when the connection is idle."""
    yield _answer("another answer at once", WHOLE + STOLEN)
    yield _answer("another answer a moment later", WHOLE, STOLEN, idle=True)
    yield _answer("half an answer", WHOLE + STOLEN[:20])
    yield _answer("one byte", WHOLE + b"X")
    yield _answer("CRLF and an answer", WHOLE + b"\r\n" + STOLEN)
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n8\r\n" + OWN + b"\r\n0\r\n\r\n"
    yield _answer("an answer after the last chunk", chunked + STOLEN)
    yield _answer("an answer after the last chunk, later", chunked, STOLEN, idle=True)
    for status in (b"204 No Content", b"304 Not Modified"):
        line = b"HTTP/1.1 " + status + b"\r\n"
        yield _answer(f"{named(status[:3])} with a body", line + b"Content-Length: %d\r\n\r\n" % len(STOLEN) + STOLEN)
        yield _answer(f"{named(status[:3])} and an answer", line + b"\r\n" + STOLEN)
        yield _answer(
            f"{named(status[:3])} chunked",
            line + b"Transfer-Encoding: chunked\r\n\r\n2f\r\n" + STOLEN + b"\r\n0\r\n\r\n",
        )
    yield _answer("HEAD with a body", OK + b"Content-Length: %d\r\n\r\n" % len(STOLEN) + STOLEN, method="HEAD")
    yield _answer(
        "HEAD chunked with a body",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2f\r\n" + STOLEN + b"\r\n0\r\n\r\n",
        method="HEAD",
    )
    yield _answer(
        "HEAD with a body later", OK + b"Content-Length: %d\r\n\r\n" % len(STOLEN), STOLEN, method="HEAD", idle=True
    )


def interim() -> Iterator[Payload]:
    """1xx where none was asked for, many, with bodies; 101 that switches to nothing."""
    for status in (b"100 Continue", b"102 Processing", b"103 Early Hints", b"150 Odd", b"199 Odd"):
        line = b"HTTP/1.1 " + status + b"\r\n"
        yield _answer(f"{named(status)} first", line + b"\r\n" + WHOLE)
        yield _answer(f"{named(status)} first, apart", line + b"\r\n", WHOLE)
        yield _answer(
            f"{named(status)} with a body", line + b"Content-Length: %d\r\n\r\n" % len(STOLEN) + STOLEN + WHOLE
        )
        yield _answer(f"{named(status)} after", WHOLE + line + b"\r\n" + STOLEN)
    yield _answer("100 three times", 3 * b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE)
    switching = b"HTTP/1.1 101 Switching Protocols\r\n"
    yield _answer("101 unasked", switching + b"\r\n" + STOLEN)
    yield _answer("101 unasked with Upgrade", switching + b"Connection: Upgrade\r\nUpgrade: x\r\n\r\n" + STOLEN)
    yield _answer("101 unasked, then an answer", switching + b"\r\n", WHOLE)


def heads() -> Iterator[Payload]:
    """Head lines that readers cut differently."""
    tail = b"Content-Length: 8\r\n\r\n" + OWN
    for line in (
        b"X: a\n",
        b"X: a\r",
        b"X: a\r\n b\r\n",
        b"X : a\r\n",
        b" X: a\r\n",
        b": a\r\n",
        b"X\r\n",
        b"X: a\x00b\r\n",
        b"X: \x0b\r\n",
    ):
        yield _answer(f"line {named(line)}", OK + line + tail)
    yield _answer("all LF", (OK + b"Content-Length: 8\r\n\r\n").replace(b"\r", b"") + OWN)
    yield _answer("LF splits a field", OK + b"X: a\nContent-Length: 60\r\n" + tail + STOLEN)
    yield _answer("CR splits a field", OK + b"X: a\rContent-Length: 60\r\n" + tail + STOLEN)
    starts = (
        b"HTTP/1.1 200", b"HTTP/1.1  200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/2.0 200 OK",
        b"HTTP/0.9 200 OK",
        b"http/1.1 200 OK", b"HTTP/1.1 abc OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1\t200 OK",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200 O\x00K", b" HTTP/1.1 200 OK", b"ICY 200 OK", b"HTTP/1.1 999 OK", b"\r\nHTTP/1.1 200 OK",
        b"HTTP/1.1 200 O\nX: y",
    )  # fmt: skip
    for start in starts:
        yield _answer(f"start {named(start)}", start + b"\r\n" + tail)


def cut() -> Iterator[Payload]:
    """An answer that ends early must not look whole, whoever closes."""
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    texts = {
        "of a length": OK + b"Content-Length: 100\r\n\r\n" + OWN,
        "before the last chunk": head + b"8\r\n" + OWN + b"\r\n",
        "in a chunk": head + b"64\r\n" + OWN,
        "in the last chunk's line": head + b"8\r\n" + OWN + b"\r\n0\r",
        "before the end of trailers": head + b"8\r\n" + OWN + b"\r\n0\r\nX: y\r\n",
        "in the head": OK + b"Content-Length: 8\r\nX: y",
        "between CR and LF": OK + b"Content-Length: 8\r\n\r",
    }
    for name, text in texts.items():
        yield _answer(f"cut {name}", text, drop=True, partial=True)
    yield _answer("cut, long", OK + b"Content-Length: 200000\r\n\r\n" + b"x" * 100000, drop=True, partial=True)


FAMILIES = (lengths, chunks, beyond, interim, heads, cut)
