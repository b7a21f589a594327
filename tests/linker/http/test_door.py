"""Target, Host and persistence of a request, before anything else sees it."""

from __future__ import annotations

import pytest

from linker.errors import ClientError
from linker.http.door import at_the_door, wants_keep_alive
from linker.http.heads import HeadLimits, parse_request
from linker.http.message import Request


def parsed(target: str, *lines: str, method: str = "GET", minor: int = 1) -> Request:
    head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.{minor}", *lines, ""))
    request, _ = parse_request(head.encode("latin1"), HeadLimits())
    assert request is not None
    return request


def admitted(target: str, *lines: str, method: str = "GET") -> tuple[bytes, bytes | None, bytes]:
    request = parsed(target, *lines, method=method)
    at_the_door(request)
    return request.target, request.headers.get(b"host"), request.scheme


@pytest.mark.parametrize(
    ("target", "origin", "host", "scheme"),
    [
        ("/a?b", b"/a?b", b"web", b""),
        ("//a//b", b"//a//b", b"web", b""),
        ("http://other/a?b", b"/a?b", b"other", b"http"),
        ("HTTP://Other:81/a", b"/a", b"Other:81", b"http"),
        ("https://other", b"/", b"other", b"https"),
        ("http://other?b", b"/?b", b"other", b"http"),
        ("http://other/a#f", b"/a#f", b"other", b"http"),
        ("http://[::1]:80/", b"/", b"[::1]:80", b"http"),
        ("http://other:/", b"/", b"other:", b"http"),
    ],
)
def test_an_absolute_target_comes_to_origin_form_and_replaces_host(
    target: str, origin: bytes, host: bytes, scheme: bytes
) -> None:
    if "#" in target:
        with pytest.raises(ClientError):
            admitted(target, "Host: web")
        return
    assert admitted(target, "Host: web") == (origin, host, scheme)


def test_an_absolute_target_needs_no_host() -> None:
    assert admitted("http://other/a") == (b"/a", b"other", b"http")


def test_the_other_fields_stay_and_there_is_one_host() -> None:
    request = parsed("http://other/", "A: 1", "Host: web", "X-B: 2", "Via: c")
    at_the_door(request)
    assert sorted(request.headers.items()) == [(b"A", b"1"), (b"Host", b"other"), (b"Via", b"c"), (b"X-B", b"2")]
    assert request.headers.get(b"via") == b"c"


def test_options_may_ask_about_the_server() -> None:
    assert admitted("*", "Host: web", method="OPTIONS")[0] == b"*"
    assert admitted("http://other", method="OPTIONS") == (b"*", b"other", b"http")


@pytest.mark.parametrize(
    ("method", "target", "lines", "status"),
    [
        ("GET", "/", ["Host: a", "Host: a"], 400),
        ("GET", "http://other/", ["Host: a", "Host: b"], 400),
        ("GET", "*", ["Host: web"], 400),
        ("GET", "a/b", ["Host: web"], 400),
        ("GET", "/a#b", ["Host: web"], 400),
        ("GET", "/#", ["Host: web"], 400),
        ("GET", "web:80", ["Host: web"], 400),
        ("GET", "ftp://web/", ["Host: web"], 400),
        ("GET", "http:///a", ["Host: web"], 400),
        ("GET", "http://user@web/", ["Host: web"], 400),
        ("GET", "http://web:8x/", ["Host: web"], 400),
        ("GET", "http://a\\b/", ["Host: web"], 400),
        ("CONNECT", "web:80", ["Host: web"], 501),
        ("CONNECT", "/", ["Host: web"], 501),
        ("CONNECT", "http://web/", ["Host: web"], 501),
    ],
)
def test_what_is_refused(method: str, target: str, lines: list[str], status: int) -> None:
    with pytest.raises(ClientError) as caught:
        admitted(target, *lines, method=method)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("minor", "lines", "keep"),
    [
        (1, [], True),
        (1, ["Connection: keep-alive"], True),
        (1, ["Connection: close"], False),
        (1, ["Connection: Close"], False),
        (1, ["Connection: x, close"], False),
        (1, ["Connection: x", "Connection: close"], False),
        (1, ["Connection: x,\tclose"], False),
        (1, ["Connection: keep-alive, close"], False),
        (1, ["Connection: closed"], True),
        (0, [], False),
        (0, ["Connection: keep-alive"], True),
        (0, ["Connection: Keep-Alive"], True),
        (0, ["Connection: keep-alive, x"], True),
        (0, ["Connection: keep-alive, close"], False),
        (0, ["Connection: x"], False),
    ],
)
def test_whether_the_connection_is_kept(minor: int, lines: list[str], keep: bool) -> None:
    assert wants_keep_alive(parsed("/", *lines, minor=minor)) is keep
