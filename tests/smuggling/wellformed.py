"""Well-formed messages, which must go through: a proxy that refuses everything would withstand all other families."""

from collections.abc import Iterator

from tests.smuggling.payload import CHUNKED, END, HIDDEN, NEXT, Payload, chunk, length, request

OUTER, THEN = b"/outer-####", b"/next-####"


def _through(name: str, *parts: bytes, method: str = "GET", then: bool = False) -> Payload:
    return Payload("well-formed", name, parts, method, echoes=(OUTER, THEN) if then else (OUTER,))


def wellformed() -> Iterator[Payload]:
    """One of each legal shape, requests hidden in bodies included."""
    get = request(line=b"GET /outer-#### HTTP/1.1")
    yield _through("GET", get)
    yield _through("GET, byte by byte", *(get[i : i + 9] for i in range(0, len(get), 9)))
    yield _through("two pipelined", get + NEXT, then=True)
    yield _through("empty line before", b"\r\n" + get)
    yield _through("absolute form", request(line=b"GET http://web/outer-#### HTTP/1.1"))
    yield _through("optional spaces", request(b"X:a\r\nY: \t b \t\r\nZ:\r\n", line=b"GET /outer-#### HTTP/1.1"))
    yield _through("obs-text", request(b"X: caf\xe9 \xc3\xa9\r\n", line=b"GET /outer-#### HTTP/1.1"))
    yield _through("odd token", request(b"!#$%&'*+-.^_`|~9: y\r\n", line=b"GET /outer-#### HTTP/1.1"))
    yield _through("HEAD", request(line=b"HEAD /outer-#### HTTP/1.1"), method="HEAD")
    yield _through("1.0", request(line=b"GET /outer-#### HTTP/1.0"))
    yield _through("request in a body", request(length(HIDDEN), HIDDEN), method="POST")
    yield _through("request in a body, then another", request(length(HIDDEN), HIDDEN) + NEXT, method="POST", then=True)
    yield _through("request in a body, in pieces", request(length(HIDDEN)), HIDDEN[:7], HIDDEN[7:], method="POST")
    yield _through("body on GET", request(length(HIDDEN), HIDDEN, line=b"GET /outer-#### HTTP/1.1"))
    yield _through("leading zeros", request(b"Content-Length: 005\r\n", b"AAAAA") + NEXT, method="POST", then=True)
    chunks = chunk(HIDDEN) + chunk(b"0\r\n\r\n") + END
    yield _through("request in a chunk", request(CHUNKED, chunks), method="POST")
    yield _through("request in a chunk, then another", request(CHUNKED, chunks) + NEXT, method="POST", then=True)
    yield _through(
        "chunks in pieces", request(CHUNKED), chunks[:1], chunks[1:9], chunks[9:-3], chunks[-3:], method="POST"
    )
    yield _through(
        "coding in capitals", request(b"TRANSFER-ENCODING:\tCHUNKED \r\n", chunks) + NEXT, method="POST", then=True
    )
    extension = b'5;a;b=c;d="e;\\" f"\r\nAAAAA\r\n'
    yield _through("chunk extensions", request(CHUNKED, extension + END) + NEXT, method="POST", then=True)
    yield _through(
        "zeros before a size", request(CHUNKED, b"0005\r\nAAAAA\r\n000\r\n\r\n") + NEXT, method="POST", then=True
    )
    trailer = chunk(b"AAAAA") + b"0\r\nX-Sum: 1\r\n\r\n"
    yield _through("trailers", request(b"Trailer: X-Sum\r\n" + CHUNKED, trailer) + NEXT, method="POST", then=True)
    yield _through("expect", request(b"Expect: 100-continue\r\n" + length(HIDDEN)), HIDDEN, method="POST")
    yield _through("close", request(b"Connection: close, x\r\nX: y\r\n", line=b"GET /outer-#### HTTP/1.1"))


FAMILIES = (wellformed,)
