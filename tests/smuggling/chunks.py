"""Request families about the chunked coding: sizes, extensions, line ends, the end, trailers."""

from collections.abc import Iterator

from tests.smuggling.payload import CHUNKED, END, HIDDEN, Payload, chunk, named, request


def _payload(name: str, body: bytes) -> Payload:
    return Payload("chunk", name, (request(CHUNKED, body),), "POST")


def sizes() -> Iterator[Payload]:
    """Sizes that are not hexadecimal digits alone, or too large: whoever takes them for 5 meets the hidden request."""
    values = (
        b"0x5", b"0X5", b"+5", b"-5", b" 5", b"\t5", b"\x0b5", b"\x005", b"5\x00", b"5\x0b", b"5\xa0", b"\xa05",
        b"5 ", b"5\t",
        b"", b"g", b"5g", b"5h", b"5L", b"5.0", b"5_", b"_5", b"5,", b"5,5", b"5 5", b"5:", b"5=", b"#5", b"&5",
        b'"5"', b"0x",
        b"\xd9\xa5", b"\xef\xbc\x95", b"five", b"FFFFFFFFFFFFFFFF", b"10000000000000005", b"100000000000000000000005",
        b"8000000000000005", b"-1", b"-0", b"5\r", b"\r5", b"\n5", b"5;\r", b"5\\r",
    )  # fmt: skip
    for value in values:
        yield _payload(f"size {named(value)}", value + b"\r\nAAAAA\r\n" + END + HIDDEN)
    for value in (
        b"FFFFFFFFFFFFFFFF",
        b"100000000",
        b"10000000000000000",
        b"0000000000000000000000000000000000000000g",
    ):
        yield _payload(f"size {named(value)} before a hidden request", value + b"\r\n" + HIDDEN)
    for value in (b"0x0", b"+0", b"-0", b"0 ", b"0\x00", b" 0", b"0g", b"0_0", b"0\x0b"):
        yield _payload(f"end {named(value)}", chunk(b"AAAAA") + value + b"\r\n\r\n" + HIDDEN)


def extensions() -> Iterator[Payload]:
    """Extensions that hold line ends or control characters: one reader's extension is the other's data."""
    tails = (
        b";\n", b";a\n", b";a=b\n", b';a="\n"', b';a="\r\n"', b";\r", b";a\rb", b";\x00", b";a\x00b", b";a\x0bb",
        b";a=\x7f", b"; \n",
        b"\n;a", b" \n", b"\n", b"\r", b"\x0b;a", b";a=\n\r\n",
    )  # fmt: skip
    for tail in tails:
        yield _payload(f"extension {named(tail[:12])}", b"5" + tail + b"\r\nAAAAA\r\n" + END + HIDDEN)
    hidden = b"5;\n" + b"AAAAA\r\n%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n" + END
    yield _payload("extension ends in LF, hidden in a chunk", hidden)
    yield _payload("end with an extension of LF", b"0;\n\r\n" + HIDDEN)
    yield _payload("end with an extension and no CR", b"0;a\n\n" + HIDDEN)


def line_ends() -> Iterator[Payload]:
    """Missing or odd line ends after chunk data and at the end."""
    for after in (b"", b"\n", b"\r", b"\n\r", b"\r\r\n", b"XX", b"X\r\n", b" \r\n", b"\r\n\r\n", b"\x00\r\n", b"X\n"):
        yield _payload(f"{named(after)} after data", b"5\r\nAAAAA" + after + END + HIDDEN)
    for end in (
        b"0\n\n",
        b"0\r\n\n",
        b"0\n\r\n",
        b"0\r\r",
        b"0\r\n\r\r\n",
        b"0\r\n \r\n",
        b"0\r\n\x00\r\n",
        b"\r\n\r\n",
        b"0\r\nX\r\n\r\n",
    ):
        yield _payload(f"end {named(end)}", chunk(b"AAAAA") + end + HIDDEN)
    yield _payload("data longer than its size", b"5\r\nAAAAAA\r\n" + END + HIDDEN)
    yield _payload("data shorter than its size", b"7\r\nAAAAA\r\n" + END + HIDDEN)
    yield _payload("no end", chunk(b"AAAAA") + HIDDEN)
    yield _payload("line feed hides a chunk", b"2\r\nxx\n%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n" + END)


def trailers() -> Iterator[Payload]:
    """Trailers that frame or route, and malformed ones."""
    names = (
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        b"Host: evil",
        b"Connection: close",
        b"transfer-encoding: x",
    )
    lines = names + (
        b"X : y", b" X: y", b": y", b"X", b"X\x00: y", b"X: y\x00", b"X: \x0b", b"X: a\r\n b", b"X: a\nY: b",
        b"X: a\rY: b",
        b"X: a\n\nGET /hidden-#### HTTP/1.1\nHost: web\n", b"X Y: z", b"X: a\r\n\tContent-Length: 5",
        b"Content-Length : 5",
        b"GET /hidden-#### HTTP/1.1", b"\x00", b"X: a\n",
    )  # fmt: skip
    for line in lines:
        yield Payload(
            "trailer", named(line[:24]), (request(CHUNKED, chunk(b"AAAAA") + b"0\r\n" + line + b"\r\n\r\n"),), "POST"
        )
    announced = b"Trailer: Content-Length\r\n" + CHUNKED
    yield Payload("trailer", "announced", (request(announced, b"0\r\nContent-Length: 5\r\n\r\n"),), "POST")


FAMILIES = (sizes, extensions, line_ends, trailers)
