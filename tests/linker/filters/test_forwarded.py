"""addForwardedHeader and its labelers. linkerd.md section 3.13; RFC 7239."""

from __future__ import annotations

import re

import pytest

from linker.filters.forwarded import ForwardedHeaderConfig, connection_label, random_label
from linker.http.message import Request
from namer.config import ConfigErrors, bind_config
from tests.linker.filters.fakes import lines, request, through


def forwarded(text: str, asked: Request) -> str:
    through(bind_config(ForwardedHeaderConfig, text, "t.yaml").mk("http"), asked)
    return lines(asked)[-1].removeprefix("Forwarded: ")


V4 = {"peer": ("1.2.3.4", 80), "local": ("5.6.7.8", 4140)}
V6 = {"peer": ("2001:db8::1", 80), "local": ("::", 4140)}


@pytest.mark.parametrize(
    ("kind", "ends", "value"),
    [
        ("ip", V4, "by=5.6.7.8;for=1.2.3.4"),
        ("ip", V6, 'by=unknown;for="[2001:db8::1]"'),
        ("ip", {}, "by=unknown;for=unknown"),
        ("ip:port", V4, 'by="5.6.7.8:4140";for="1.2.3.4:80"'),
        ("ip:port", V6, 'by=unknown;for="[2001:db8::1]:80"'),
        ("router", V4, "by=_http;for=_http"),
        ("static, label: me", V4, "by=_me;for=_me"),
        ('static, label: "a;b"', V4, 'by="_a;b";for="_a;b"'),
    ],
)
def test_each_kind_labels_its_end(kind: str, ends: dict[str, tuple[str, int]], value: str) -> None:
    kind = kind.replace("ip:port", '"ip:port"')
    text = f"by: {{kind: {kind}}}\nfor: {{kind: {kind}}}"
    assert forwarded(text, request(peer=ends.get("peer", ("", 0)), local=ends.get("local", ("", 0)))) == value


def test_the_default_is_a_random_label_for_each_request_and_end() -> None:
    value = forwarded("{}", request())
    m = re.fullmatch("by=(_[0-9A-Za-z]{6});for=(_[0-9A-Za-z]{6})", value)
    assert m is not None and m[1] != m[2]
    assert forwarded("{}", request()) != value


def test_connection_random_is_the_connections() -> None:
    asked = request()
    asked.connection_id = b"a1B2c3"
    both = "by: {kind: connectionRandom}\nfor: {kind: connectionRandom}"
    assert forwarded(both, asked) == "by=_a1B2c3;for=_a1B2c3"


@pytest.mark.parametrize(
    ("text", "asks"), [("{}", False), ("by: {kind: connectionRandom}", True), ("for: {kind: connectionRandom}", True)]
)
def test_a_server_knows_whether_connections_need_a_label(text: str, asks: bool) -> None:
    assert bind_config(ForwardedHeaderConfig, text, "t.yaml").by_connection is asks
    assert re.fullmatch(b"[0-9A-Za-z]{6}", connection_label())


@pytest.mark.parametrize(
    ("host", "scheme", "value"),
    [
        ("web:8080", b"", "by=_x;for=_x;host=web:8080"),
        ("web", b"http", "by=_x;for=_x;host=web;proto=http"),
        ('we;b="', b"", 'by=_x;for=_x;host="we;b=\\""'),
    ],
)
def test_host_and_scheme_are_told_and_cannot_break_out(host: str, scheme: bytes, value: str) -> None:
    asked = request(f"Host: {host}")
    asked.scheme = scheme
    assert forwarded("by: {kind: static, label: x}\nfor: {kind: static, label: x}", asked) == value


def test_the_line_is_added_after_those_that_came() -> None:
    asked = request("Forwarded: for=1.2.3.4")
    forwarded("{}", asked)
    assert lines(asked)[0] == "Forwarded: for=1.2.3.4" and len(lines(asked)) == 2


def test_an_unknown_end_is_refused() -> None:
    with pytest.raises(ConfigErrors, match="unknown key 'via'"):
        bind_config(ForwardedHeaderConfig, "via: {kind: ip}", "t.yaml")


def test_a_random_label_uses_what_chance_it_is_given() -> None:
    assert random_label(lambda bits: 0) == b"_000000"
