"""What was meant for one connection stays there. RFC 9110 section 7.6.1; observed.md, hop-by-hop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.filters.hop_by_hop import HopByHop
from tests.linker.filters.fakes import Answers, Stream, lines, request, response, run

HOP = [
    "Keep-Alive: 300",
    "Proxy-Connection: keep-alive",
    "Proxy-Authenticate: Basic",
    "Proxy-Authorization: Basic x",
    "TE: trailers",
    "Transfer-Encoding: chunked",
    "Upgrade: h2c",
    "Connection: keep-alive",
    "Trailer: X-T",
]


def both_ways(*header_lines: str, body: object = b"") -> list[str]:
    """The lines left of a request with these and, the same, of a response."""
    service = Answers(response(200, *header_lines, body=body))
    answer = run(HopByHop()(request(*header_lines, body=body), service))
    assert service.seen == [lines(answer)]
    return lines(answer)


@pytest.mark.parametrize("line", HOP)
def test_the_fixed_list_is_removed_both_ways(line: str) -> None:
    assert both_ways("X-A: 1", line, "X-B: 2") == ["X-A: 1", "X-B: 2"]


def test_what_connection_names_is_removed() -> None:
    assert both_ways("Connection: x-foo, keep-alive", "X-Foo: 1", "Connection: Cookie2", "Cookie2: 1", "X: 1") == [
        "X: 1"
    ]


KEPT = ["Host", "Content-Length", "Via", "l5d-dst-service", "L5d-ctx-dtab", "Forwarded", "X-Forwarded-For", "Date"]


@pytest.mark.parametrize("name", KEPT)
def test_connection_cannot_take_what_routing_and_framing_rely_on(name: str) -> None:
    assert both_ways(f"{name}: 1", f"Connection: close, {name}") == [f"{name}: 1"]


def test_trailers_stay_announced_where_there_can_be_some() -> None:
    chunked = Stream(b"x")
    assert both_ways("Trailer: X-T", "Connection: trailer", body=chunked) == ["Trailer: X-T"]
    assert both_ways("Trailer: X-T", body=Stream(b"x", length=1)) == []


OPTIONS = st.text(st.sampled_from("abch-,; \t"), max_size=30)


@given(st.lists(OPTIONS, max_size=3), st.lists(st.sampled_from(["a", "b", "ab", "a-b", "Host", "X"]), max_size=5))
def test_any_connection_value_takes_exactly_the_names_it_lists(options: list[str], names: list[str]) -> None:
    listed = {option.strip(" \t").lower() for value in options for option in value.split(",")} - {"host"}
    came = [f"{name}: 1" for name in names]
    assert both_ways(*[f"Connection: {value}" for value in options], *came) == [
        line for line, name in zip(came, names, strict=True) if name.lower() not in listed
    ]
