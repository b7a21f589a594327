"""The heads that are sent: framing made anew for each hop."""

from __future__ import annotations

from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.http.message import Headers, Request, Response
from linker.http.write import LAST_CHUNK, chunk, request_head, response_head
from tests.linker.filters.fakes import Stream


def request(method: bytes, *lines: str, body: Any = b"", minor: int = 1) -> Request:
    return Request(method, b"/a?b", Headers("".join(f"{line}\r\n" for line in lines).encode()), body, minor=minor)


def response(status: int, *lines: str, body: Any = b"", reason: bytes = b"") -> Response:
    return Response(status, Headers("".join(f"{line}\r\n" for line in lines).encode()), body, reason=reason)


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"DELETE"])
def test_a_request_without_body_says_nothing_of_it(method: bytes) -> None:
    assert request_head(request(method, "Host: web")) == (method + b" /a?b HTTP/1.1\r\nHost: web\r\n\r\n", False)


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"PATCH"])
def test_a_method_that_usually_has_a_body_says_that_there_is_none(method: bytes) -> None:
    head = method + b" /a?b HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n"
    assert request_head(request(method, "Host: web")) == (head, False)
    assert request_head(request(method, "Host: web", "Content-Length: 0")) == (head, False)


@pytest.mark.parametrize(
    ("lines", "body", "added", "chunked"),
    [
        ((), b"abc", b"Content-Length: 3\r\n", False),
        (("Content-Length: 3",), b"abc", b"", False),
        (("Content-Length: 9000",), Stream(length=9000), b"", False),
        ((), Stream(), b"Transfer-Encoding: chunked\r\n", True),
    ],
)
def test_a_request_body_is_framed_by_what_it_is(lines: tuple[str, ...], body: Any, added: bytes, chunked: bool) -> None:
    head, goes_chunked = request_head(request(b"POST", *lines, body=body))
    sent = "".join(f"{line}\r\n" for line in lines).encode()
    assert (head, goes_chunked) == (b"POST /a?b HTTP/1.1\r\n" + sent + added + b"\r\n", chunked)


def test_the_version_of_a_request_stays() -> None:
    assert request_head(request(b"GET", minor=0))[0] == b"GET /a?b HTTP/1.0\r\n\r\n"


GET, OLD, HEAD = request(b"GET"), request(b"GET", minor=0), request(b"HEAD")
CLOSE, KEEP = b"Connection: close\r\n", b"Connection: keep-alive\r\n"
CHUNKED, LENGTH_3 = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 3\r\n"


@pytest.mark.parametrize(
    ("asked", "answer", "keep", "added", "outcome"),
    [
        (GET, response(200, body=b"abc"), True, LENGTH_3, (False, True)),
        (GET, response(200, body=b"abc"), False, LENGTH_3 + CLOSE, (False, False)),
        (GET, response(200, "Content-Length: 3", body=b"abc"), True, b"", (False, True)),
        (GET, response(200), True, b"Content-Length: 0\r\n", (False, True)),
        (GET, response(204), True, b"", (False, True)),
        (GET, response(304), True, b"", (False, True)),
        (GET, response(304, "Content-Length: 9"), True, b"", (False, True)),
        (HEAD, response(200), True, b"", (False, True)),
        (HEAD, response(200, "Content-Length: 9"), True, b"", (False, True)),
        (GET, response(200, body=Stream()), True, CHUNKED, (True, True)),
        (GET, response(200, body=Stream()), False, CHUNKED + CLOSE, (True, False)),
        (GET, response(200, "Content-Length: 9", body=Stream(length=9)), True, b"", (False, True)),
        (OLD, response(200, body=b"abc"), True, LENGTH_3 + KEEP, (False, True)),
        (OLD, response(200, body=b"abc"), False, LENGTH_3 + CLOSE, (False, False)),
        (OLD, response(200, body=Stream()), True, CLOSE, (False, False)),
        (OLD, response(200, "Content-Length: 9", body=Stream(length=9)), True, KEEP, (False, True)),
    ],
)
def test_a_response_is_framed_for_who_asked(
    asked: Request, answer: Response, keep: bool, added: bytes, outcome: tuple[bool, bool]
) -> None:
    head, chunked, kept = response_head(asked, answer, keep)
    line, _, fields = head.partition(b"\r\n")
    assert line.startswith(b"HTTP/1.1 %d" % answer.status)
    assert fields == answer.headers.render() + added + b"\r\n"
    assert (chunked, kept) == outcome


@pytest.mark.parametrize("keep", [True, False])
def test_an_answer_made_here_that_says_close_closes_and_says_it_once(keep: bool) -> None:
    answer = response(400, "Content-Length: 0", "Connection: close")
    head, _, kept = response_head(GET, answer, keep)
    assert head == b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert not kept


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (200, b"", b"HTTP/1.1 200 OK"),
        (200, b"Fine", b"HTTP/1.1 200 Fine"),
        (418, b"", b"HTTP/1.1 418 I'm a Teapot"),
        (599, b"", b"HTTP/1.1 599 "),
    ],
)
def test_the_reason_is_the_backends_or_the_usual_one(status: int, reason: bytes, line: bytes) -> None:
    assert response_head(GET, response(status, reason=reason), True)[0].partition(b"\r\n")[0] == line


@given(parts=st.lists(st.binary(min_size=1, max_size=50), max_size=4), trailers=st.sampled_from([b"", b"X: 1\r\n"]))
def test_chunks_are_read_back_by_h11(parts: list[bytes], trailers: bytes) -> None:
    connection = h11.Connection(h11.SERVER)
    head, _ = request_head(request(b"POST", "Host: web", body=Stream()))
    connection.receive_data(head + b"".join(map(chunk, parts)) + LAST_CHUNK % trailers)
    assert isinstance(connection.next_event(), h11.Request)
    got = b""
    while isinstance(event := connection.next_event(), h11.Data):
        got += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert got == b"".join(parts)
    assert list(event.headers) == ([(b"x", b"1")] if trailers else [])
