"""The judge: well-formed messages have no fault, and each kind of fault is named."""

import pytest

from tests.smuggling.strict import read_request, read_response

GOOD = (
    b"GET / HTTP/1.1\r\nHost: web\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: web:80\r\n\r\n",
    b"GET http://web/x HTTP/1.1\r\nhost: web\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\nX: y\r\n\r\n",
)  # fmt: skip


@pytest.mark.parametrize("data", GOOD)
def test_a_good_request_has_no_fault_and_ends_where_it_ends(data: bytes) -> None:
    message = read_request(data + b"GET")
    assert message is not None
    assert message.faults == ()
    assert message.end == len(data)


@pytest.mark.parametrize("data", GOOD)
def test_a_request_that_is_not_whole_is_not_read(data: bytes) -> None:
    assert all(read_request(data[:n]) is None for n in range(len(data)))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"GET / HTTP/1.1\nHost: web\r\n\r\n", "start line"),
        (b"GET / HTTP/1.1\r\nHost: web\n\n", "bare LF"),
        (b"GET /\r\nHost: web\r\n\r\n", "start line"),
        (b"GET / HTTP/1.1\r\nHost : web\r\n\r\n", "field line"),
        (b"GET / HTTP/1.1\r\nHost: web\r\nX: a\rb\r\n\r\n", "field line"),
        (b"GET / HTTP/1.1\r\nHost: web\r\n a\r\n\r\n", "field line"),
        (b"GET / HTTP/1.1\r\nHost: web\r\nX: a\0\r\n\r\n", "field line"),
        (b"GET / HTTP/1.1\r\n\r\n", "0 Host fields"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "2 Host fields"),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "Host b'a b'"),
        (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "beside Host"),
        (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", "target b'x'"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", "Content-Length b'+1'"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "more than once"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "beside Transfer",
        ),
        (b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "in HTTP/1.0"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", "Transfer-Encoding b'x'"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", "chunk line"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX", "after a chunk"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n", "host as a trailer"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX\n", "trailer line"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Host\r\n\r\n", "Connection names host"),
    ],
)
def test_each_fault_is_named(data: bytes, fault: str) -> None:
    message = read_request(data)
    assert message is not None
    assert any(fault in said for said in message.faults), message.faults


def test_answers_without_a_body_end_at_their_head() -> None:
    for data, method in (
        (b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", "GET"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"),
    ):
        message = read_response(data + b"next", method, closed=False)
        assert message is not None
        assert (message.end, message.faults) == (len(data), ())


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    data = b"HTTP/1.1 200 OK\r\n\r\nabc"
    assert read_response(data, "GET", closed=False) is None
    message = read_response(data, "GET", closed=True)
    assert message is not None
    assert message.body == b"abc"


def test_a_cut_answer_is_not_read_even_when_closed() -> None:
    assert read_response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "GET", closed=True) is None
    assert (
        read_response(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "GET", closed=True) is None
    )


def test_a_length_on_204_is_a_fault() -> None:
    message = read_response(b"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", "GET", closed=False)
    assert message is not None
    assert message.faults == ("content-length in a 204",)
