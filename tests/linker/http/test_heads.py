"""The recogniser of heads against h11 and against a naive reader: whole, byte by byte, broken."""

from __future__ import annotations

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linker.errors import BadResponse, ClientError
from linker.http.framing import request_length, response_length
from linker.http.heads import HeadLimits, index_fields, parse_request, parse_response
from linker.http.message import KNOWN, Request, Response, is_known
from tests.linker.http.strategies import broken, field_lines, request_heads, response_heads

LIMITS = HeadLimits()
NARROW = HeadLimits(60, 200)
WIDE = HeadLimits(1 << 20, 1 << 20)
Pairs = list[tuple[bytes, bytes]]


def request_of(head: bytes) -> Request:
    """The request that begins with this whole head."""
    request, end = parse_request(head, LIMITS)
    assert request is not None
    assert end == len(head)
    return request


def naive(raw: bytes) -> Pairs:
    """Lower-case names and values of field lines, as one reads them."""
    pairs = []
    for line in raw.split(b"\r\n"):
        if line:
            name, _, value = line.partition(b":")
            pairs.append((name.lower(), value.strip(b" \t")))
    return pairs


def as_h11(head: bytes) -> tuple[bytes, bytes, bytes, Pairs] | None:
    """Method, target, version, fields as h11 reads them; None when it refuses."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    assert isinstance(event, h11.Request), event
    return event.method, event.target, event.http_version, list(event.headers)


def response_as_h11(head: bytes) -> tuple[int, bytes, bytes, Pairs] | None:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "web")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    assert isinstance(event, h11.Response | h11.InformationalResponse), event
    return event.status_code, event.reason, event.http_version, list(event.headers)


def shown(request: Request) -> tuple[bytes, bytes, bytes, Pairs]:
    return request.method, request.target, b"1.%d" % request.minor, naive(request.headers.raw)


# ---- whole heads


@settings(max_examples=120, deadline=None)
@given(head=request_heads())
def test_a_request_that_is_recognised_means_the_same_to_h11(head: bytes) -> None:
    assert shown(request_of(head)) == as_h11(head)


@settings(max_examples=120, deadline=None)
@given(head=response_heads())
def test_a_response_that_is_recognised_means_the_same_to_h11(head: bytes) -> None:
    response, end = parse_response(head, LIMITS)
    assert response is not None
    assert end == len(head)
    if response.status == 101:
        return  # a matter of who asked for it, which the client's side judges
    seen = response_as_h11(head)
    assert seen is not None
    status, reason, version, fields = seen
    assert (response.status, b"1.%d" % response.minor, naive(response.headers.raw)) == (status, version, fields)
    assert response.reason.strip(b" \t") == reason.strip(b" \t")


@settings(max_examples=120, deadline=None)
@given(head=broken(request_heads()))
@example(b"GET / HTTP/1.1\r\nHost: web\r\nA: b\r\n c\r\n\r\n")
@example(b"GET / HTTP/1.1\nHost: web\n\n")
@example(b"GET / HTTP/1.2\r\nHost: web\r\n\r\n")
@example(b"GET / HTTP/1.1\r\nHost: web\r\nA : b\r\n\r\n")
@example(b"GET / HTTP/1.1\r\n\r\n")
@example(b"\r\n\r\nGET / HTTP/1.1\r\nHost: web\r\n\r\n")
def test_whatever_is_accepted_h11_accepts_with_the_same_meaning(head: bytes) -> None:
    try:
        request, end = parse_request(head, LIMITS)
    except ClientError:
        return
    if request is None or not head[:end].endswith(b"\r\n\r\n"):
        return
    index = request.headers.index
    if b"host" not in index or len(index[b"host"]) != 1:
        return  # refused at the door, after the codec
    try:
        request_length(request.headers, request.minor)
    except ClientError:
        return
    seen = as_h11(head[:end].lstrip(b"\r\n"))  # RFC 9112 section 2.2 would have them skipped; h11 does not
    assert seen is not None
    if seen[2] in (b"1.0", b"1.1"):
        assert shown(request) == seen
    else:  # HTTP/1.2 and on: read as the highest that is known (RFC 9110 section 2.5)
        assert shown(request)[:2] == seen[:2]
        assert shown(request)[2:] == (b"1.1", seen[3])


@settings(max_examples=120, deadline=None)
@given(head=broken(response_heads()))
def test_whatever_response_is_accepted_h11_accepts_with_the_same_meaning(head: bytes) -> None:
    try:
        response, end = parse_response(head, LIMITS)
        if response is None:
            return
        response_length(b"GET", response.status, response.headers, response.minor)
    except BadResponse:
        return
    if response.status == 101:
        return
    seen = response_as_h11(head[:end])
    assert seen is not None
    assert (response.status, naive(response.headers.raw)) == (seen[0], seen[3])


# ---- pieces


def outcome(buffer: bytes, limits: HeadLimits = LIMITS) -> Request | ClientError | None:
    """The request, None when it is not whole, or the error."""
    try:
        request, end = parse_request(buffer, limits)
    except ClientError as error:
        return error
    if request is None:
        assert buffer[:end] == b"\r\n" * (end // 2), "only empty lines may be dropped"
    return request


def response_outcome(buffer: bytes) -> Response | BadResponse | None:
    try:
        return parse_response(buffer, LIMITS)[0]
    except BadResponse as error:
        return error


@settings(max_examples=30, deadline=None)
@given(head=request_heads(), before=st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]))
def test_a_head_that_comes_byte_by_byte_is_not_whole_until_it_is(head: bytes, before: bytes) -> None:
    data = before + head
    for size in range(1, len(data)):
        assert outcome(data[:size]) is None, data[:size]
    whole = outcome(data)
    assert isinstance(whole, Request)
    assert shown(whole) == shown(request_of(head))


@settings(max_examples=30, deadline=None)
@given(head=response_heads())
def test_a_response_that_comes_byte_by_byte_is_not_whole_until_it_is(head: bytes) -> None:
    for size in range(1, len(head)):
        assert response_outcome(head[:size]) is None, head[:size]
    assert isinstance(response_outcome(head), Response)


@settings(max_examples=50, deadline=None)
@given(head=broken(request_heads()))
def test_a_prefix_is_refused_only_if_the_whole_is(head: bytes) -> None:
    """Else the answer would depend on how the kernel cut the bytes. A bare LF or CR in what comes after a whole head
    belongs to the next message."""
    end = len(head)
    for size in range(1, end + 1):
        got = outcome(head[:size], NARROW)
        if isinstance(got, Request):
            return
        if isinstance(got, ClientError):
            for more in range(size, end + 1):
                assert isinstance(outcome(head[:more], NARROW), ClientError), (head[:size], head[:more])
            return


@settings(max_examples=50, deadline=None)
@given(head=broken(response_heads()))
def test_a_prefix_of_a_response_is_refused_only_if_the_whole_is(head: bytes) -> None:
    for size in range(1, len(head) + 1):
        got = response_outcome(head[:size])
        if isinstance(got, Response):
            return
        if isinstance(got, BadResponse):
            for more in range(size, len(head) + 1):
                assert isinstance(response_outcome(head[:more]), BadResponse), (head[:size], head[:more])
            return


@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=200), after=st.sampled_from([b"", b"\r\n\r\n", b" / HTTP/1.1\r\n\r\n"]))
def test_garbage_gives_a_request_nothing_or_the_error(data: bytes, after: bytes) -> None:
    outcome(data + after)
    if data + after:
        response_outcome(data + after)


@given(head=request_heads(), rest=st.binary(max_size=50))
def test_what_follows_the_head_is_left(head: bytes, rest: bytes) -> None:
    request, end = parse_request(head + rest, LIMITS)
    assert request is not None
    assert end == len(head)


# ---- refusals


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET  / HTTP/1.1\r\nHost: web\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: web\r\n\r\n", 400),
        (b" GET / HTTP/1.1\r\nHost: web\r\n\r\n", 400),
        (b"GET / http/1.1\r\nHost: web\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: web\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\rX: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : web\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: web\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA B: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n Host: web\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: b\r\n\tc\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: \0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: \x01\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: \x7f\r\n\r\n", 400),
        (b"GET /\x01 HTTP/1.1\r\nHost: web\r\n\r\n", 400),
        (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: web\r\n\r\n", 400),
        (b"G(T / HTTP/1.1\r\nHost: web\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: web\r\n\r\n", 505),
        (b"GET / HTTP/3.0\r\nHost: web\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\nHost: web\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /" + b"a" * 4096 + b" HTTP/1.1\r\nHost: web\r\n\r\n", 414),
        (b"GET /" + b"a" * 5000, 414),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: " + b"v" * 8192 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: web\r\nA: " + b"v" * 8300, 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 2000, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
def test_what_is_refused_and_how(head: bytes, status: int) -> None:
    with pytest.raises(ClientError) as caught:
        parse_request(head, LIMITS)
    assert caught.value.status == status
    assert caught.value.close


@pytest.mark.parametrize(
    ("line", "fields", "fits"),
    [(16, 11, True), (15, 11, False), (16, 10, False)],
)
def test_limits_count_the_line_without_its_end_and_the_fields_with_theirs(line: int, fields: int, fits: bool) -> None:
    head = b"GET /ab HTTP/1.1\r\nHost: web\r\n\r\n"
    got = outcome(head, HeadLimits(line, fields))
    assert isinstance(got, Request) is fits
    for size in range(1, len(head)):
        early = outcome(head[:size], HeadLimits(line, fields))
        assert early is None if fits else not isinstance(early, Request)


def test_the_statuses_of_the_limits_are_known_before_the_head_is_whole() -> None:
    """A client that sends for ever must be answered."""
    assert isinstance(error := outcome(b"GET /" + b"a" * 4100), ClientError)
    assert error.status == 414
    assert isinstance(error := outcome(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1400), ClientError)
    assert error.status == 431


@pytest.mark.parametrize("status", [b"099", b"20", b"2000", b"2x0", b"", b"-20"])
def test_a_status_has_three_digits_and_is_at_least_100(status: bytes) -> None:
    assert isinstance(response_outcome(b"HTTP/1.1 " + status + b" OK\r\n\r\n"), BadResponse)


def test_a_reason_may_be_missing_or_empty() -> None:
    for line in (b"HTTP/1.1 200", b"HTTP/1.1 200 "):
        response = response_outcome(line + b"\r\n\r\n")
        assert isinstance(response, Response)
        assert response.reason == b""


def test_obs_text_in_values_is_kept() -> None:
    assert request_of(b"GET / HTTP/1.1\r\nA: \xe4\r\n\r\n").headers.raw == b"A: \xe4\r\n"


# ---- fields


@settings(max_examples=120, deadline=None)
@given(raw=field_lines(max_size=12))
def test_the_index_holds_what_a_naive_reader_finds(raw: bytes) -> None:
    index = index_fields(raw)
    expected: dict[bytes, list[bytes]] = {}
    for name, value in naive(raw):
        if is_known(name):
            expected.setdefault(name, []).append(value)
    found = {name: [value for _, _, value in spans] for name, spans in index.items() if is_known(name)}
    assert found == expected
    for name, spans in index.items():
        for start, end, value in spans:
            line = raw[start:end]
            assert line.endswith(b"\r\n")
            assert line.count(b"\r\n") == 1
            assert line.partition(b":")[0].lower() == name
            assert line.partition(b":")[2].strip(b" \t\r\n") == value


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_known_name_is_found_in_any_case(name: bytes) -> None:
    raw = b"X: 1\r\n%b: one\r\n%b-not: 2\r\nnot-%b: 3\r\n%b:two\r\n" % (name.upper(), name, name, name.title())
    assert [value for _, _, value in index_fields(raw)[name]] == [b"one", b"two"]


# ---- work


@pytest.mark.parametrize(
    "attack",
    [
        b"GET / HTTP/1.1\r\n" + b"a" * 300_000,
        b"GET / HTTP/1.1\r\n" + b"a:" + b" " * 300_000 + b"\x01",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 60_000 + b"\x01",
        b"GET " + b"/" * 300_000,
        b"!" * 300_000,
        b"\r\n" * 150_000,
        b"GET / HTTP/1.1\r\n" + b":" * 300_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a:\t" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"\t" * 300_000,
    ],
)
def test_large_input_is_read_in_linear_time(attack: bytes) -> None:
    """Quadratic work on 300 KB would be 10^11 steps: this test would not end."""
    outcome(attack, WIDE)
    response_outcome(attack)
