"""Headers: every edit, in any order, against a plain list of lines."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from linker.http.heads import index_fields
from linker.http.message import Headers, Request, Response, is_known, text_response
from tests.linker.filters.fakes import Stream

NAMES = [b"host", b"via", b"l5d-dtab", b"l5d-x-new", b"connection", b"x-a", b"cookie", b"set-cookie", b"x-unseen"]
VALUES = st.sampled_from([b"", b"1", b"a, b", b"x: y", b"\xe9", b"  padded"])
Line = tuple[bytes, bytes]


def _case(name: bytes, style: int) -> bytes:
    return (name, name.upper(), name.title())[style]


LINES = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 2), VALUES), max_size=8)
EDITS = st.lists(
    st.tuples(st.sampled_from(["put", "append", "remove", "get", "render", "names"]), st.sampled_from(NAMES), VALUES),
    max_size=12,
)


class Model:
    """The same operations on a list of (lower-case name, value): the received lines, then the added ones by name."""

    def __init__(self, received: list[Line]) -> None:
        self.received = received
        self.added: list[Line] = []

    def get_all(self, name: bytes) -> list[bytes]:
        return [value for n, value in self.received + self.added if n == name]

    def remove(self, name: bytes) -> None:
        self.received = [line for line in self.received if line[0] != name]
        self.added = [line for line in self.added if line[0] != name]

    def put(self, name: bytes, value: bytes) -> None:
        self.received = [line for line in self.received if line[0] != name]
        self.added = [line for line in self.added if line[0] != name] + [(name, value)]

    def append(self, name: bytes, value: bytes) -> None:
        self.added.append((name, value))

    def lines(self) -> list[Line]:
        return sorted(self.received + self.added)


@given(LINES, EDITS, st.booleans())
def test_any_edits_give_what_a_list_of_lines_gives(
    received: list[tuple[bytes, int, bytes]], edits: list[tuple[str, bytes, bytes]], scanned: bool
) -> None:
    raw = b"".join(b"%b: %b\r\n" % (_case(name, style), value) for name, style, value in received)
    headers = Headers(raw, index_fields(raw) if scanned else None)
    model = Model([(name, value.strip()) for name, _, value in received])
    for do, name, value in edits:
        line = b"%b: %b\r\n" % (name.title(), value)
        if do == "put":
            headers.put(name, line)
            model.put(name, value.strip())
        elif do == "append":
            headers.append(name, line)
            model.append(name, value.strip())
        elif do == "remove":
            headers.remove(name)
            model.remove(name)
        elif do == "get":
            assert headers.get_all(name) == model.get_all(name)
            assert headers.get(name) == next(iter(model.get_all(name)), None)
            assert (name in headers) is bool(model.get_all(name))
        elif do == "names":
            assert sorted(headers.names()) == sorted({n for n, _ in model.lines()})
        check(headers, model)


def check(headers: Headers, model: Model) -> None:
    assert sorted((name.lower(), value) for name, value in headers.items()) == model.lines()
    sent = [(name.lower(), value) for name, value in headers.items()]
    assert sent[: len(model.received)] == model.received  # received lines keep their order and come first


@given(LINES, EDITS)
def test_a_copy_and_its_original_do_not_see_each_others_edits(
    received: list[tuple[bytes, int, bytes]], edits: list[tuple[str, bytes, bytes]]
) -> None:
    raw = b"".join(b"%b: %b\r\n" % (_case(name, style), value) for name, style, value in received)
    original = Headers(raw, index_fields(raw))
    original.put(b"via", b"Via: 1.1 linkerd\r\n")
    before = original.render()
    twin = original.copy()
    for do, name, value in edits:
        line = b"%b: %b\r\n" % (name, value)
        if do == "put":
            twin.put(name, line)
        elif do == "append":
            twin.append(name, line)
        elif do == "remove":
            twin.remove(name)
    assert original.render() == before


@given(LINES)
def test_the_one_scan_finds_every_line_of_a_known_name(received: list[tuple[bytes, int, bytes]]) -> None:
    raw = b"".join(b"%b: %b\r\n" % (_case(name, style), value) for name, style, value in received)
    whole = Headers(raw)
    known = {name: spans for name, spans in whole.index.items() if is_known(name)}
    assert index_fields(raw) == known


def test_known_names_tells_the_scanned_and_the_added_ones() -> None:
    raw = b"Host: a\r\nX-Other: 1\r\nL5d-Foo: 2\r\n"
    headers = Headers(raw, index_fields(raw))
    headers.put(b"l5d-err", b"l5d-err: x\r\n")
    assert sorted(headers.known_names()) == [b"host", b"l5d-err", b"l5d-foo"]


def test_the_value_of_an_added_line_is_found_without_its_white_space() -> None:
    headers = Headers()
    headers.append(b"x", b"X:  a b \t\r\nX: c\r\n")
    assert headers.get(b"x") == b"a b" and headers.get_all(b"x") == [b"a b", b"c"]


def test_a_request_streams_unless_its_body_is_bytes() -> None:
    assert not Request(b"GET", b"/", Headers()).streaming
    assert Request(b"GET", b"/", Headers(), Stream()).streaming


def test_discarding_a_response_closes_its_stream() -> None:
    body = Stream(b"x")
    Response(200, Headers(), body).discard()
    Response(200, Headers(), b"x").discard()
    assert body.closed


def test_a_text_response_has_type_length_and_extra_lines() -> None:
    made = text_response(400, "né", b"X: 1\r\n")
    assert made.headers.render() == b"Content-Type: text/plain\r\nContent-Length: 3\r\nX: 1\r\n"
    assert made.body == "né".encode() and not made.from_service
