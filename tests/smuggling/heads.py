"""Request families about head lines: terminators, names, folds, controls, hop-by-hop names, Expect, own headers."""

from collections.abc import Iterator

from tests.smuggling.payload import CHUNKED, END, HIDDEN, NEXT, Payload, length, named, request

GET = b"GET /outer-#### HTTP/1.1"
CONTROLS = tuple(bytes([c]) for c in (0, 1, 7, 8, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F))
DELIMITERS = b'"(),/;<=>?@[\\]{}'


def terminators() -> Iterator[Payload]:
    """Anything but CRLF at the end of a line, and empty lines that only some readers see."""
    heads = {
        "all LF": b"GET /outer-#### HTTP/1.1\nHost: web\n\n",
        "all CR": b"GET /outer-#### HTTP/1.1\rHost: web\r\r",
        "LF after the request line": b"GET /outer-#### HTTP/1.1\nHost: web\r\n\r\n",
        "LF after Host": b"GET /outer-#### HTTP/1.1\r\nHost: web\nX: y\r\n\r\n",
        "LF CR": b"GET /outer-#### HTTP/1.1\n\rHost: web\n\r\n\r",
        "CR CR LF": b"GET /outer-#### HTTP/1.1\r\nHost: web\r\r\nX: y\r\n\r\n",
        "CR CR LF at the end": b"GET /outer-#### HTTP/1.1\r\nHost: web\r\n\r\r\n",
        "LF for the empty line": b"GET /outer-#### HTTP/1.1\r\nHost: web\r\n\n",
        "LF CR LF": b"GET /outer-#### HTTP/1.1\r\nHost: web\n\r\n",
        "VT": b"GET /outer-#### HTTP/1.1\r\nHost: web\x0bX: y\r\n\r\n",
        "FF": b"GET /outer-#### HTTP/1.1\x0c\r\nHost: web\r\n\r\n",
        "NEL": b"GET /outer-#### HTTP/1.1\xc2\x85Host: web\r\n\r\n",
        "CR after the request line": b"GET /outer-#### HTTP/1.1\rHost: web\r\n\r\n",
    }
    for name, head in heads.items():
        yield Payload("line end", name, (head,))
    for form in (b"X: a\n\n", b"X: a\r\r", b"X: a\n\r\n", b"X: a\r\n\n", b"X: a\r\n\r", b"X: \n\n", b"X: a\x00\n\n"):
        text = b"GET /outer-#### HTTP/1.1\r\nHost: web\r\n" + form + HIDDEN
        yield Payload("line end", f"{named(form)} before a hidden request", (text,))
    for form in (b"\n", b"\r", b"\n\n", b"\x0b", b"\x0c", b"\x00", b" ", b"\t", b" \r\n", b"\x00\r\n"):
        yield Payload("line end", f"{named(form)} before the request line", (form + request(line=GET),))
    for form in (
        b"a\nGET /hidden-#### HTTP/1.1",
        b"a\rGET /hidden-#### HTTP/1.1",
        b"a\n\nGET /hidden-#### HTTP/1.1\nHost: web\n",
    ):
        yield Payload("line end", f"in a value: {named(form)[:12]}", (request(b"X: " + form + b"\r\n", line=GET),))


def names() -> Iterator[Payload]:
    """Field lines whose name is not a token right before the colon."""
    lines = [
        b"X : y",
        b"X\t: y",
        b": y",
        b" : y",
        b"X",
        b"X y",
        b"X Y: z",
        b"X\tY: z",
        b"\xe9: y",
        b"X\xa0: y",
        b"X\r: y",
        b"X\x00Y: z",
    ]
    lines += [b"X" + bytes([d]) + b": y" for d in DELIMITERS] + [bytes([d]) + b": y" for d in b"\x00\x0b\x7f"]
    for line in lines:
        yield Payload("name", named(line), (request(line + b"\r\n", line=GET),))
        yield Payload(
            "name",
            f"{named(line)} last, no Host before",
            (b"GET /outer-#### HTTP/1.1\r\n" + line + b"\r\nHost: web\r\n\r\n",),
        )


def folds() -> Iterator[Payload]:
    """obs-fold, which readers join, cut or refuse."""
    lines = {
        "space": b"X: a\r\n b\r\n",
        "tab": b"X: a\r\n\tb\r\n",
        "empty value": b"X:\r\n a\r\n",
        "only space": b"X: a\r\n \r\n",
        "twice": b"X: a\r\n b\r\n c\r\n",
        "before an end": b"X: a\r\n \r\n",
        "with a colon": b"X: a\r\n Y: b\r\n",
        "of Connection": b"Connection: keep-alive,\r\n close\r\n",
        "hides a length": b"X: a\r\n Content-Length: 5\r\n",
        "bare LF": b"X: a\n b\r\n",
        "bare CR": b"X: a\r b\r\n",
        "NUL first": b"X: a\r\n\x00b\r\n",
    }
    for name, fields in lines.items():
        yield Payload("fold", name, (request(fields, line=GET),))
    yield Payload("fold", "of Host", (b"GET /outer-#### HTTP/1.1\r\nHost:\r\n web\r\n\r\n",))
    yield Payload("fold", "Host continued", (b"GET /outer-#### HTTP/1.1\r\nHost: web\r\n evil\r\n\r\n",))
    yield Payload("fold", "after the request line", (b"GET /outer-#### HTTP/1.1\r\n Host: evil\r\nHost: web\r\n\r\n",))
    yield Payload("fold", "length", (request(b"Content-Length:\r\n %d\r\n" % len(HIDDEN), HIDDEN),))
    yield Payload("fold", "length grows", (request(b"Content-Length: 0\r\n %d\r\n" % len(HIDDEN), HIDDEN),))


def controls() -> Iterator[Payload]:
    """Control characters where none may be."""
    for c in CONTROLS:
        yield Payload("control", f"{named(c)} in a value", (request(b"X: a" + c + b"b\r\n", line=GET),))
        yield Payload("control", f"{named(c)} in the target", (request(line=b"GET /outer-####" + c + b"x HTTP/1.1"),))
        yield Payload("control", f"{named(c)} in the method", (request(line=b"GE" + c + b"T /outer-#### HTTP/1.1"),))
        yield Payload("control", f"{named(c)} in Host", (request(line=GET, host=b"web" + c),))


def hop_by_hop() -> Iterator[Payload]:
    """Connection naming what the message cannot do without: the name is removed, the field must hold all the same."""
    for name in (
        b"content-length",
        b"Content-Length",
        b"close, content-length",
        b"content-length, keep-alive",
        b'"content-length"',
    ):
        yield Payload("connection", named(name), (request(b"Connection: " + name + b"\r\n" + length(HIDDEN), HIDDEN),))
    for name in (b"transfer-encoding", b"keep-alive, Transfer-Encoding"):
        body = b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n" + END
        yield Payload("connection", named(name), (request(b"Connection: " + name + b"\r\n" + CHUNKED, body),))
    for name in (b"host", b"Host, close", b"via", b"expect", b"connection", b"x, , y", b"keep-alive\x00", b"close x"):
        yield Payload("connection", named(name), (request(b"Connection: " + name + b"\r\n", line=GET),))
    for name in (b"l5d-dst-service", b"l5d-dst-client", b"l5d-ctx-trace"):
        fields = b"Connection: " + name + b"\r\n"
        yield Payload("connection", f"{named(name)} of ours", (request(fields, line=GET),), only="linker")
    for fields in (b"Connection: close\r\nConnection: content-length\r\n", b"Proxy-Connection: content-length\r\n"):
        yield Payload("connection", named(fields), (request(fields + length(HIDDEN), HIDDEN),))


def expectations() -> Iterator[Payload]:
    """Expect, where reading of the body and the answer may fall out of step."""
    for value in (
        b"100-continue",
        b"100-Continue",
        b"x 100-continue",
        b"100-continue, 100-continue",
        b"417",
        b"",
        b"\x00",
        b"100-continue\x0b",
    ):
        fields = b"Expect: " + value + b"\r\n" + length(HIDDEN)
        yield Payload("expect", named(value), (request(fields), HIDDEN))
        yield Payload(
            "expect", f"{named(value)}, early answer", (request(fields, line=b"POST /early-#### HTTP/1.1"), HIDDEN)
        )
    yield Payload("expect", "twice", (request(b"Expect: 100-continue\r\nExpect: x\r\n" + length(HIDDEN), HIDDEN),))
    yield Payload(
        "expect",
        "HTTP/1.0",
        (request(b"Expect: 100-continue\r\n" + length(HIDDEN), HIDDEN, line=b"POST /outer-#### HTTP/1.0"),),
    )
    yield Payload(
        "expect", "early answer without Expect", (request(length(HIDDEN), line=b"POST /early-#### HTTP/1.1"), HIDDEN)
    )
    yield Payload(
        "expect", "early answer, half a body", (request(length(HIDDEN), HIDDEN[:9], line=b"POST /early-#### HTTP/1.1"),)
    )
    yield Payload(
        "expect",
        "early answer, half a chunk",
        (request(CHUNKED, b"99\r\n" + HIDDEN, line=b"POST /early-#### HTTP/1.1"),),
    )


def upgrades() -> Iterator[Payload]:
    """Protocol switches that nobody agreed to."""
    h2c = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    yield Payload("upgrade", "h2c", (request(h2c, line=GET),))
    yield Payload("upgrade", "h2c without Connection", (request(b"Upgrade: h2c\r\n", line=GET),))
    yield Payload("upgrade", "h2c with a body", (request(h2c + length(HIDDEN), HIDDEN),))
    websocket = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\nSec-WebSocket-Key: eA==\r\n"
    )
    yield Payload("upgrade", "websocket with a body", (request(websocket + length(HIDDEN), HIDDEN),))
    yield Payload("upgrade", "HTTP/2 preface", (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN,))


def own_headers() -> Iterator[Payload]:
    """Headers that only linker writes, sent by a client; and texts of a client that come back in `l5d-err`."""
    names_ = (
        b"l5d-dst-service",
        b"l5d-dst-client",
        b"l5d-dst-residual",
        b"l5d-reqid",
        b"L5D-Dst-Service",
        b"l5D-dSt-ClIeNt",
    )
    for name in names_:
        yield Payload("l5d", f"{named(name)} forged", (request(name + b": /forged\r\n", line=GET),), only="linker")
        twice = name + b": /forged\r\n" + name + b": /forged\r\n"
        yield Payload("l5d", f"{named(name)} forged twice", (request(twice, line=GET),), only="linker")
    for line in (
        b"l5d-dst-service : /forged",
        b" l5d-dst-service: /forged",
        b"l5d-dst-service\x00: /forged",
        b"X: y\nl5d-dst-service: /forged",
    ):
        yield Payload("l5d", named(line), (request(line + b"\r\n", line=GET),), only="linker")
    dtab = b"l5d-dtab: /svc/web => /svc/web\r\n"
    yield Payload("l5d", "dtab passed on", (request(dtab, line=GET),), only="linker")
    for text in (
        b"/svc => /x\x00",
        b"/svc => /x\ry",
        b"/svc => /x\ny",
        b"%0d%0aX-Injected: 1",
        b"\xe5\x98\x8a\xe5\x98\x8dX-Injected: 1",
    ):
        yield Payload("l5d", f"dtab {named(text)}", (request(b"l5d-dtab: " + text + b"\r\n", line=GET),), only="linker")
    for host in (b"no%0d%0aX-Injected:%201", b"no%0aX-Injected", b"nosuch\xe5\x98\x8aX-Injected"):
        yield Payload("l5d", f"Host {named(host)}", (request(line=GET, host=host),), only="linker")
    trailer = (
        b"POST /outer-#### HTTP/1.1\r\nHost: web\r\n" + CHUNKED + b"\r\n0\r\nl5d-dst-service: /forged\r\n\r\n" + NEXT
    )
    yield Payload("l5d", "as a trailer", (trailer,), "POST", only="linker")


FAMILIES = (terminators, names, folds, controls, hop_by_hop, expectations, upgrades, own_headers)
