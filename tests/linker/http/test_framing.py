"""How long a message is, and the chunked coding, against h11 and the tables of RFC 9112 section 6.3."""

from __future__ import annotations

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linker.errors import BadResponse, ClientError
from linker.http.framing import CHUNKED, MAX_CHUNK_LINE, UNTIL_CLOSE, ChunkDecoder, request_length, response_length
from linker.http.heads import index_fields
from linker.http.message import Headers


def headers(*lines: str) -> Headers:
    raw = "".join(f"{line}\r\n" for line in lines).encode("latin1")
    return Headers(raw, index_fields(raw))


# ---- requests


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 0),
        (["Content-Length: 0"], 0),
        (["content-length: 5"], 5),
        (["Content-Length:\t 5 "], 5),
        (["Content-Length: 007"], 7),
        (["Content-Length: 999999999999999999"], 999999999999999999),
        (["Transfer-Encoding: chunked"], CHUNKED),
        (["transfer-encoding: Chunked"], CHUNKED),
    ],
)
def test_the_length_of_a_request(lines: list[str], length: int) -> None:
    assert request_length(headers(*lines), 1) == length


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Length: 3", "Content-Length: 3"], 400),
        (["Content-Length: 3", "content-length: 4"], 400),
        (["Content-Length: 3, 3"], 400),
        (["Content-Length: -1"], 400),
        (["Content-Length: +3"], 400),
        (["Content-Length: 0x3"], 400),
        (["Content-Length: 3.0"], 400),
        (["Content-Length: 3 3"], 400),
        (["Content-Length:"], 400),
        (["Content-Length: \xb2"], 400),
        (["Content-Length: 1" + "0" * 18], 400),
        (["Content-Length: 3", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: gzip, chunked"], 501),
        (["Transfer-Encoding: chunked, chunked"], 501),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 501),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], 501),
        (["Transfer-Encoding: xchunked"], 501),
        (["Transfer-Encoding: chunked;q=1"], 501),
        (["Transfer-Encoding: \x0bchunked"], 501),
        (["Transfer-Encoding: identity"], 501),
        (["Transfer-Encoding:"], 501),
        (['Transfer-Encoding: "chunked"'], 501),
    ],
)
def test_a_request_whose_length_two_readers_might_see_differently_is_refused(lines: list[str], status: int) -> None:
    with pytest.raises(ClientError) as caught:
        request_length(headers(*lines), 1)
    assert caught.value.status == status
    assert caught.value.close


def test_http_1_0_has_no_chunks() -> None:
    with pytest.raises(ClientError):
        request_length(headers("Transfer-Encoding: chunked"), 0)


# ---- responses


@pytest.mark.parametrize(
    ("method", "status", "lines", "length"),
    [
        (b"GET", 200, [], UNTIL_CLOSE),
        (b"GET", 200, ["Content-Length: 5"], 5),
        (b"GET", 200, ["Content-Length: 0"], 0),
        (b"GET", 200, ["Transfer-Encoding: chunked"], CHUNKED),
        (b"GET", 204, [], 0),
        (b"GET", 204, ["Content-Length: 5"], 0),
        (b"GET", 304, ["Content-Length: 5"], 0),
        (b"GET", 304, ["Transfer-Encoding: chunked"], 0),
        (b"GET", 205, [], UNTIL_CLOSE),
        (b"GET", 500, [], UNTIL_CLOSE),
        (b"HEAD", 200, ["Content-Length: 5"], 0),
        (b"HEAD", 200, ["Transfer-Encoding: chunked"], 0),
        (b"HEAD", 200, [], 0),
        (b"head", 200, ["Content-Length: 5"], 5),
    ],
)
def test_the_length_of_a_response(method: bytes, status: int, lines: list[str], length: int) -> None:
    assert response_length(method, status, headers(*lines), 1) == length


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 3", "Content-Length: 3"],
        ["Content-Length: x"],
        ["Content-Length: -3"],
        ["Content-Length: 3", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ],
)
def test_a_response_of_doubtful_length_is_refused(lines: list[str], method: bytes) -> None:
    with pytest.raises(BadResponse):
        response_length(method, 200, headers(*lines), 1)


def test_a_1_0_response_has_no_chunks() -> None:
    with pytest.raises(BadResponse):
        response_length(b"GET", 200, headers("Transfer-Encoding: chunked"), 0)


# ---- the chunked coding

Decoded = tuple[bytes, bytes, bytes] | str | None


def decode(pieces: list[bytes]) -> Decoded:
    """Payload, trailers and what is left; the error; None when more is due."""
    decoder, payload = ChunkDecoder(ClientError), b""
    for index, piece in enumerate(pieces):
        try:
            payload += decoder.decode(piece)
        except ClientError as error:
            return str(error)
        if decoder.done:
            return payload, decoder.trailers, decoder.rest + b"".join(pieces[index + 1 :])
    return None


def as_h11(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], bytes] | None:
    """The same as h11 reads it, None when it refuses or wants more."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    payload = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                payload += event.data
            elif isinstance(event, h11.EndOfMessage):
                return payload, list(event.headers), connection.trailing_data[0]
            elif event in (h11.NEED_DATA, h11.PAUSED):
                return None
    except h11.RemoteProtocolError:
        return None


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


extensions = st.sampled_from([b"", b";x", b";x=y", b';x="y z"', b"; x = y"])
trailer_lines = st.lists(st.sampled_from([b"X-Sum: 7\r\n", b"A:\r\n", b"Y: \xe4\r\n"]), max_size=3).map(b"".join)


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    """A chunked body, its payload, its trailers."""
    data, payload = b"", b""
    for part in draw(st.lists(st.binary(min_size=1, max_size=40), max_size=5)):
        size = b"%x" % len(part)
        size = draw(st.sampled_from([size, size.upper(), b"000" + size]))
        data += size + draw(extensions) + b"\r\n" + part + b"\r\n"
        payload += part
    trailers = draw(trailer_lines)
    return data + b"0" + draw(extensions) + b"\r\n" + trailers + b"\r\n", payload, trailers


@settings(max_examples=150, deadline=None)
@given(message=messages(), rest=st.binary(max_size=20), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_a_chunked_body_is_the_same_however_it_is_cut(
    message: tuple[bytes, bytes, bytes], rest: bytes, cuts: list[int]
) -> None:
    data, payload, trailers = message
    whole = data + rest
    edges = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    pieces = [whole[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert decode([whole]) == (payload, trailers, rest)
    assert decode(pieces) == (payload, trailers, rest)
    assert decode(byte_by_byte(whole)) == (payload, trailers, rest)
    assert decode([data[:-1]]) is None
    seen = as_h11(whole)
    assert seen is not None
    assert (seen[0], seen[2]) == (payload, rest)


@settings(max_examples=200, deadline=None)
@given(
    message=messages(),
    breaks=st.lists(
        st.tuples(
            st.integers(0, 200),
            st.sampled_from([b"\n", b"\r", b"\r\n", b"0", b"x", b" ", b"\0", b";", b"", b"\r\n\r\n", b"-", b"f" * 16]),
            st.integers(0, 2),
        ),
        max_size=3,
    ),
)
@example(message=(b"5 \r\nhello\r\n0\r\n\r\n", b"", b""), breaks=[])
@example(message=(b"5\nhello\r\n0\r\n\r\n", b"", b""), breaks=[])
@example(message=(b"5\r\nhelloXX0\r\n\r\n", b"", b""), breaks=[])
def test_whatever_is_decoded_h11_decodes_alike_and_pieces_do_not_matter(
    message: tuple[bytes, bytes, bytes], breaks: list[tuple[int, bytes, int]]
) -> None:
    data = message[0]
    for at, what, cut in breaks:
        at = min(at, len(data))
        data = data[:at] + what + data[at + cut :]
    got = decode([data])
    pieces = decode(byte_by_byte(data))
    assert type(got) is type(pieces), (got, pieces)
    if isinstance(got, tuple):
        assert got == pieces
        seen = as_h11(data)
        assert seen is not None
        assert (seen[0], seen[2]) == (got[0], got[2])


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=60))
def test_garbage_gives_bytes_or_the_error(data: bytes) -> None:
    decode([data])
    decode(byte_by_byte(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"g\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b" 1\r\n",
        b"0x1\r\n",
        b"1 \r\na\r\n",
        b"1\na\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"1\r\na\r\r\n",
        b"1;\0\r\n",
        b"1;a\nb\r\n",
        b"f" * 16 + b"\r\n",
        b"0\r\nX: 1\n\r\n",
        b"0\r\nX : 1\r\n\r\n",
        b"0\r\n X: 1\r\n\r\n",
        b"0\r\nno colon\r\n\r\n",
        b"0\r\nX: 1\r\n 2\r\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\nhost: other\r\n\r\n",
        b"0\r\nTRAILER: x\r\n\r\n",
    ],
)
def test_broken_chunks_are_refused(data: bytes) -> None:
    assert isinstance(decode([data]), str)
    assert isinstance(decode(byte_by_byte(data)), str)


def test_the_error_is_the_one_asked_for() -> None:
    with pytest.raises(BadResponse):
        ChunkDecoder(BadResponse).decode(b"zz\r\n")


@pytest.mark.parametrize("name", [b"Content-Length", b"Upgrade", b"keep-alive"])
def test_trailers_of_either_side_change_no_framing(name: bytes) -> None:
    for error in (ClientError, BadResponse):
        with pytest.raises(error):
            ChunkDecoder(error).decode(b"0\r\nX: 1\r\n%b: 1\r\n\r\n" % name)


@pytest.mark.parametrize("name", [b"L5d-Dst-Service", b"l5d-ctx-dtab", b"l5d-dtab", b"l5d-reqid", b"Via", b"Forwarded"])
def test_what_routers_tell_each_other_comes_in_no_requests_trailers(name: bytes) -> None:
    trailers = b"%b: 1\r\n" % name
    assert decode([b"0\r\n", trailers, b"\r\n"]) == "a trailer may not change framing or routing"
    answer = ChunkDecoder(BadResponse)
    answer.decode(b"0\r\n" + trailers + b"\r\n")
    assert answer.trailers == trailers


@pytest.mark.parametrize("cut", [False, True])
def test_a_size_line_and_trailers_have_limits(cut: bool) -> None:
    fits = b"1;" + b"x" * (MAX_CHUNK_LINE - 4) + b"\r\n"
    over = b"1;" + b"x" * (MAX_CHUNK_LINE - 3) + b"\r\n"
    endless = b"1;" + b"x" * 5000
    trailers = b"0\r\nX: " + b"y" * 8200

    def spread(data: bytes) -> list[bytes]:
        return [data[at : at + 50] for at in range(0, len(data), 50)] if cut else [data]

    assert decode(spread(fits)) is None
    assert isinstance(decode(spread(over)), str)
    assert isinstance(decode(spread(endless)), str)
    assert isinstance(decode(spread(trailers)), str)
    assert isinstance(decode(spread(trailers + b"\r\n\r\n")), str)


def test_a_large_body_in_tiny_chunks_is_decoded_in_linear_time() -> None:
    data = b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"
    assert decode([data]) == (b"x" * 100_000, b"", b"")
