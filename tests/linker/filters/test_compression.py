"""compressionLevel. linkerd.md sections 3.13 and 5.2; observed.md, compression."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.filters.compression import MIN_SIZE, Compression, choose
from linker.http.message import Response
from tests.linker.filters.fakes import Stream, lines, read_all, request, response, through

TEXT = b"many words " * 200
GZIP = "Accept-Encoding: gzip, deflate"


def answered(
    *header_lines: str, body: object = TEXT, status: int = 200, accept: str = GZIP, level: int = -1
) -> Response:
    length = [f"Content-Length: {len(body)}"] if isinstance(body, bytes) else []
    return through(Compression(level), request("Host: a", accept), response(status, *header_lines, *length, body=body))


def test_a_text_is_compressed_and_its_head_says_so() -> None:
    answer = answered("Content-Type: text/plain", 'ETag: "x"', "Accept-Ranges: bytes", "Vary: Origin")
    assert isinstance(answer.body, bytes)
    assert gzip.decompress(answer.body) == TEXT
    assert lines(answer) == [
        "Content-Type: text/plain",
        f"Content-Length: {len(answer.body)}",
        "Content-Encoding: gzip",
        "Vary: Origin, Accept-Encoding",
        'ETag: W/"x"',
    ]


@pytest.mark.parametrize(
    "type_",
    [
        "text/html; charset=utf-8",
        "application/json",
        "application/problem+json",
        "application/javascript",
        "image/svg+xml",
        "application/atom+xml",
        "TEXT/CSS",
        "application/rss+xml",
        "application/xhtml+xml",
        "application/xml;q=1",
    ],
)
def test_textual_types(type_: str) -> None:
    assert "Content-Encoding: gzip" in lines(answered(f"Content-Type: {type_}"))


@pytest.mark.parametrize("type_", ["image/png", "application/octet-stream", "application/jsonx", "x/text/y", ""])
def test_other_types_only_with_a_level(type_: str) -> None:
    assert answered(f"Content-Type: {type_}").body == TEXT
    assert "Content-Encoding: gzip" in lines(answered(f"Content-Type: {type_}", level=9))


@pytest.mark.parametrize(
    "why_not",
    [
        {"header_lines": ["Content-Encoding: br"]},
        {"header_lines": ["Cache-Control: public, No-Transform"]},
        {"header_lines": ["Content-Range: bytes 0-9/20"]},
        {"body": b"x" * (MIN_SIZE - 1)},
        {"status": 206},
        {"accept": "Accept-Encoding: br"},
        {"accept": "X-Gzip: gzip"},
        {"accept": "Accept-Encoding: gzip;q=0, deflate;q=0.0"},
    ],
)
def test_what_is_not_compressed_is_not_touched(why_not: dict[str, object]) -> None:
    header_lines = ["Content-Type: text/plain", *why_not.pop("header_lines", [])]  # type: ignore[misc]  # a table
    answer = answered(*header_lines, **why_not)  # type: ignore[arg-type]  # a table
    assert "Content-Encoding: gzip" not in lines(answer) and "Vary" not in str(lines(answer))


def test_the_answer_to_head_stays_as_it_is() -> None:
    answer = response(200, "Content-Type: text/plain", f"Content-Length: {len(TEXT)}", body=TEXT)
    through(Compression(9), request(GZIP, method=b"HEAD"), answer)
    assert lines(answer) == ["Content-Type: text/plain", f"Content-Length: {len(TEXT)}"]


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ([b"gzip"], b"gzip"),
        ([b"deflate"], b"deflate"),
        ([b"deflate, gzip"], b"gzip"),
        ([b"gzip;q=0.5, deflate;q=0.8"], b"deflate"),
        ([b"GZIP ; q=1.0"], b"gzip"),
        ([b"*"], b"gzip"),
        ([b"gzip;q=0, *"], b"deflate"),
        ([b"*;q=0"], None),
        ([b"br", b"deflate"], b"deflate"),
        ([b"identity"], None),
        ([], None),
        ([b"gzip;q=x"], None),
    ],
)
def test_the_client_chooses(accept: list[bytes], coding: bytes | None) -> None:
    assert choose(accept) == coding


@given(st.lists(st.binary(max_size=20), max_size=3))
def test_any_accept_encoding_chooses_something_or_nothing(accept: list[bytes]) -> None:
    assert choose(accept) in (b"gzip", b"deflate", None)


BUFFERS = st.lists(st.binary(min_size=1, max_size=400), max_size=6)


@given(BUFFERS, st.sampled_from(["gzip", "deflate"]))
def test_a_streamed_body_arrives_whole_and_without_delay(buffers: list[bytes], coding: str) -> None:
    body = Stream(*buffers, trailers=b"X-T: 1\r\n")
    answer = answered("Content-Type: text/plain", body=body, accept=f"Accept-Encoding: {coding}")
    assert not isinstance(answer.body, bytes)
    assert (answer.body.length, answer.body.trailers, answer.body.ready) == (None, b"X-T: 1\r\n", True)
    inflate = zlib.decompressobj(wbits=47)
    got = read_all(answer.body)
    assert [inflate.decompress(data) for data in got[: len(buffers)]] == buffers
    inflate.decompress(b"".join(got[len(buffers) :]))
    assert inflate.eof and inflate.unused_data == b""


def test_a_streamed_body_of_known_length_loses_its_length_and_closes_through() -> None:
    body = Stream(TEXT, length=len(TEXT))
    answer = answered("Content-Type: text/plain", f"Content-Length: {len(TEXT)}", body=body)
    assert "Content-Length" not in str(lines(answer)) and not isinstance(answer.body, bytes)
    answer.body.close()
    assert body.closed and read_all(answer.body) == []
