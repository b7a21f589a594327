"""The address files of io.l5d.fs, line by line."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namer.namers.fs_format import Endpoint, MalformedAddress, parse_addresses


@pytest.mark.parametrize(
    ("text", "endpoints"),
    [
        ("", []),
        ("\n \t\n# nobody\n#\n", []),
        ("10.1.0.1 8080", [Endpoint("10.1.0.1", 8080, 1.0, "10.1.0.1")]),
        ("# c\n10.1.0.4\t8080   # more\n\n  10.1.0.5   8081  \n", [("10.1.0.4", 8080), ("10.1.0.5", 8081)]),
        ("10.1.0.7 80\r\n10.1.0.8 80\r\n", [("10.1.0.7", 80), ("10.1.0.8", 80)]),
        ("10.1.0.1 80 * 2", [("10.1.0.1", 80, 2.0)]),
        ("10.1.0.1 80 * 0.5\n10.1.0.2 80 * 0", [("10.1.0.1", 80, 0.5), ("10.1.0.2", 80, 0.0)]),
        ("10.1.0.1 80 * .5\n10.1.0.2 80 * 1e1", [("10.1.0.1", 80, 0.5), ("10.1.0.2", 80, 10.0)]),
        ("10.1.0.3 80 * 3.", [("10.1.0.3", 80, 3.0)]),
        ("10.0.0.1 00080", [("10.0.0.1", 80)]),
        ("10.0.0.1 80\n10.0.0.1 80", [("10.0.0.1", 80), ("10.0.0.1", 80)]),
        ("2001:DB8:0:0:0:0:0:1 80", [Endpoint("2001:DB8:0:0:0:0:0:1", 80, 1.0, "2001:db8::1")]),
        ("[::1] 80", [Endpoint("[::1]", 80, 1.0, "::1")]),
        ("web.example.org 80", [Endpoint("web.example.org", 80)]),
        ("127.1 80", [Endpoint("127.1", 80)]),  # the resolver's to understand
    ],
)
def test_lines_are_endpoints(text, endpoints):
    parsed = parse_addresses(text)
    if endpoints and isinstance(endpoints[0], tuple):
        parsed = [(e.host, e.port, e.weight) for e in parsed]
        endpoints = [(*e, 1.0) if len(e) == 2 else e for e in endpoints]
    assert parsed == endpoints


@pytest.mark.parametrize(
    "line",
    [
        "this is not an address",
        "10.1.0.6",
        "10.1.0.6 0",
        "10.1.0.6 65536",
        "10.1.0.6 -1",
        "10.1.0.6 +80",
        "10.1.0.6 http",
        "10.1.0.6 8_0",
        "10.1.0.6 \u0661",
        "10.1.0.6 99999999999999999999",
        "10.1.0.6:80",
        "10.1.0.6 80 * x",
        "10.1.0.6 80 *",
        "10.1.0.6 80 2",
        "10.1.0.6 80 *3.0",
        "10.1.0.6 80* 3",
        "10.1.0.6 80*4",
        "10.1.0.6 80 * -1",
        "10.1.0.6 80 * nan",
        "10.1.0.6 80 * 1e999",
        "10.1.0.6 80 * 2 3",
        "10.1.0.6\u00a080",
    ],
)
def test_one_bad_line_makes_the_file_malformed(line):
    with pytest.raises(MalformedAddress) as caught:
        parse_addresses(f"10.1.0.1 80\n# fine\n  {line}  # why\n10.1.0.2 80\n")
    assert str(caught.value) == f"malformed address: {line}"
    assert caught.value.number == 3


HOSTS = st.ip_addresses().map(str) | st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True)
SPACES = st.text(alphabet=" \t", min_size=1, max_size=3)
ENDS = st.sampled_from(["\n", "\r\n", " \n", " # 10.0.0.1 80\n", "\n\n", "#\n"])
LINES = st.tuples(HOSTS, st.integers(1, 65535), st.none() | st.floats(0, 1e9).map(lambda w: round(w, 3)), SPACES, ENDS)


@given(st.lists(LINES, max_size=8))
def test_what_is_written_is_read(lines):
    text, wanted = "", []
    for host, port, weight, space, end in lines:
        text += f"{host}{space}{port}" + (f"{space}*{space}{weight}" if weight is not None else "") + end
        wanted.append((host, port, 1.0 if weight is None else weight))
    assert [(e.host, e.port, e.weight) for e in parse_addresses(text)] == wanted


@given(st.text(max_size=60) | st.text(alphabet="10. *#\n\t\r8a:[]", max_size=60))
def test_any_text_gives_endpoints_or_is_malformed(text):
    try:
        endpoints = parse_addresses(text)
    except MalformedAddress:
        return
    for endpoint in endpoints:
        assert 1 <= endpoint.port <= 65535
        assert 0 <= endpoint.weight < float("inf")
        assert endpoint.ip is None or str(ip_address(endpoint.ip)) == endpoint.ip
