"""Request families about the start line and the authority: methods, targets, versions, Host."""

from collections.abc import Iterator

from tests.smuggling.payload import CHUNKED, END, HIDDEN, Payload, length, named, request

ID = b"X-Id: outer-####\r\n"  # where the target does not say which payload it is


def hosts() -> Iterator[Payload]:
    """More than one authority, none, or one that readers cut differently."""
    line = b"GET /outer-#### HTTP/1.1\r\n"
    fields = (
        b"", b"Host: web\r\nHost: web\r\n", b"Host: web\r\nHost: evil\r\n", b"Host: evil\r\nhost: web\r\n",
        b"Host: web\r\nHost:\r\n",
        b"Host: web\r\n Host: evil\r\n", b"Host : web\r\n", b"Host: web\r\nHost : evil\r\n", b"Host: web, evil\r\n",
        b"Host: web evil\r\n", b"Host: web\tevil\r\n", b"Host: evil@web\r\n", b"Host: web/evil\r\n",
        b"Host: web#evil\r\n",
        b"Host: web?evil\r\n", b"Host: web\\evil\r\n", b"Host: web:80:80\r\n", b"Host: web:evil\r\n", b"Host: [::1\r\n",
        b"Host: ::1\r\n", b"Host: http://web\r\n", b'Host: "web"\r\n', b"Host: web|evil\r\n", b"Host: <web>\r\n",
        b"Host: web\x7f\r\n", b"Host: w\xc3\xa9b\r\n", b"X-Host: web\r\n", b"Host; web\r\n", b"Host web\r\n",
        b"\x00Host: web\r\n",
    )  # fmt: skip
    for field in fields:
        yield Payload("host", named(field), (line + field + b"\r\n",))
    targets = (
        b"http://evil/outer-####", b"http://web:81/outer-####", b"HTTP://evil/outer-####", b"https://evil/outer-####",
        b"http://web@evil/outer-####", b"http://evil:80@web/outer-####", b"http:///outer-####", b"http:/outer-####",
        b"http:outer-####", b"http://evil", b"ftp://evil/outer-####", b"://evil/outer-####",
        b"http://web evil/outer-####",
        b"http://evil\\web/outer-####", b"http://evil#web/outer-####", b"http://evil?/outer-####",
        b"http://[evil/outer-####",
    )  # fmt: skip
    for target in targets:
        yield Payload("host", f"target {named(target)}", (request(ID, line=b"GET " + target + b" HTTP/1.1"),))
        yield Payload("host", f"target {named(target)}, no Host", (b"GET " + target + b" HTTP/1.1\r\n" + ID + b"\r\n",))


def targets() -> Iterator[Payload]:
    """Start lines that readers cut in different places."""
    lines = (
        b"GET  /outer-#### HTTP/1.1", b"GET /outer-####  HTTP/1.1", b"GET /outer-#### HTTP/1.1 ",
        b" GET /outer-#### HTTP/1.1",
        b"GET\t/outer-#### HTTP/1.1", b"GET /outer-####\tHTTP/1.1", b"GET /outer-#### x HTTP/1.1",
        b"GET /outer-#### HTTP/1.1 x",
        b"GET /outer-#### HTTP/1.1\tx", b"GET /outer-####\x0bHTTP/1.1", b"GET\x0b/outer-#### HTTP/1.1",
        b"GET\xa0/outer-#### HTTP/1.1",
        b"/outer-#### HTTP/1.1", b"GET HTTP/1.1", b"GET  HTTP/1.1", b"G:ET /outer-#### HTTP/1.1",
        b"G/ET /outer-#### HTTP/1.1",
        b"G\xc3\xa9T /outer-#### HTTP/1.1", b"(GET) /outer-#### HTTP/1.1", b'"GET" /outer-#### HTTP/1.1',
        b"GET outer-#### HTTP/1.1",
        b"GET \\outer-#### HTTP/1.1", b"GET /outer-####\xc3\xa9 HTTP/1.1", b"GET /outer-####\xff HTTP/1.1",
        b"GET ?outer-#### HTTP/1.1",
        b"GET #outer-#### HTTP/1.1", b"GET /outer-##### HTTP/1.1", b"GET /outer-#####/hidden HTTP/1.1",
        b"GET * HTTP/1.1",
        b"POST *outer-#### HTTP/1.1", b"GET web:80 HTTP/1.1", b"GET @evil/outer-#### HTTP/1.1",
        b"GET :80/outer-#### HTTP/1.1",
    )  # fmt: skip
    for line in lines:
        yield Payload("start line", named(line), (request(ID, line=line),))
    split = b"GET /outer-#### HTTP/1.1\r\nHost: web\r\n\r\nGET /hidden-####"
    yield Payload(
        "start line", "encoded CRLF", (request(line=b"GET /outer-####%20HTTP/1.1%0d%0aX-Injected:%20y HTTP/1.1"),)
    )
    yield Payload(
        "start line",
        "spaced second request line",
        (request(line=b"GET /outer-#### HTTP/1.1 GET /hidden-#### HTTP/1.1"),),
    )
    yield Payload("start line", "CONNECT", (request(line=b"CONNECT web:80 HTTP/1.1", body=HIDDEN),), "CONNECT")
    yield Payload(
        "start line", "CONNECT to a path", (request(line=b"CONNECT /outer-#### HTTP/1.1", body=HIDDEN),), "CONNECT"
    )
    yield Payload("start line", "LF split", (split.replace(b"\r\n\r\nGET", b"\r\nX: y\nGET") + b" HTTP/1.1\r\n\r\n",))
    trace = request(length(HIDDEN), HIDDEN, line=b"TRACE /outer-#### HTTP/1.1")
    yield Payload("start line", "TRACE with a body", (trace,), "TRACE")


def versions() -> Iterator[Payload]:
    """Versions other than HTTP/1.0 and HTTP/1.1, and chunked where the version has none."""
    words = (
        b"HTTP/0.9", b"HTTP/2.0", b"HTTP/2", b"HTTP/3.0", b"HTTP/1", b"HTTP/1.", b"HTTP/.1", b"HTTP/", b"HTTP",
        b"HTTP/1.10",
        b"HTTP/1.01", b"HTTP/01.1", b"HTTP/11.1", b"HTTP/1.1.1", b"HTTP/1,1", b"HTTP/1.1x", b"xHTTP/1.1",
        b"http/1.1", b"Http/1.1",
        b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/1 .1", b"HTTP/-1.1", b"HTTP/+1.1", b"HTTP/1.1\x00", b"HTTP/\x001.1",
        b"HTTPS/1.1", b"ICY/1.1",
        b"HTTP/1.\xef\xbc\x91", b"HTTP\\1.1", b"HTTP/1.a", b"HTTP/9.9",
    )  # fmt: skip
    for word in words:
        yield Payload("version", named(word), (request(line=b"GET /outer-#### " + word),))
    yield Payload("version", "0.9 simple request", (b"GET /outer-####\r\n",))
    yield Payload("version", "0.9 simple request, LF", (b"GET /outer-####\n",))
    yield Payload(
        "version", "0.9 behind a good one", (request(line=b"GET /next-#### HTTP/1.1") + b"GET /hidden-####\r\n\r\n",)
    )
    for fields in (
        CHUNKED,
        CHUNKED + b"Connection: keep-alive\r\n",
        b"Connection: keep-alive\r\n" + CHUNKED + b"Content-Length: 47\r\n",
    ):
        parts = (request(fields, END + HIDDEN, line=b"POST /outer-#### HTTP/1.0"),)
        yield Payload("version", f"1.0 with {named(fields)}", parts)


FAMILIES = (hosts, targets, versions)
