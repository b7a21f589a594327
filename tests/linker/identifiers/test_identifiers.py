"""Every HTTP identifier and lists of them. linkerd.md section 3.16; the recorded scenarios; observed.md."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtab import Path
from linker.errors import UnknownDst
from linker.http.message import Request
from linker.identifiers import IDENTIFIERS, FirstOf, Identifier, NotIdentified, mk_identifier, unknown_dst
from linker.identifiers.identifier import LONGEST_KNOWN, MOST_KNOWN, Known
from namer.config import ConfigErrors, bind_kind
from tests.linker.filters.fakes import request

SVC = Path.of("svc")


def mk(*texts: str) -> Identifier:
    return mk_identifier([bind_kind(IDENTIFIERS, f"kind: io.l5d.{text}", "t.yaml") for text in texts], SVC)


def name(identifier: Identifier, asked: Request) -> str:
    """The shown name, or the reason why there is none; asked twice, because the second answer is a remembered one."""
    target, answers = asked.target, []
    for _ in range(2):
        asked.target = target
        found = identifier.identify(asked)
        answers.append(found.reason if isinstance(found, NotIdentified) else found.show())
    assert answers[0] == answers[1]
    return answers[0]


# ---------------------------------------------------------------- io.l5d.header.token


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Host: web", "/svc/web"),
        ("host: WEB", "/svc/WEB"),
        ("Host: web:8080", "/svc/web:8080"),
        ("Host: a/b", r"/svc/\x61\x2f\x62"),
        ("Host: \xe9", r"/svc/\xc3\xa9"),
        ("Host: ", "Host header is absent"),
        ("X: 1", "Host header is absent"),
    ],
)
def test_header_token_takes_the_value_as_one_label(line: str, found: str) -> None:
    assert name(mk("header.token"), request(line)) == found


def test_header_token_takes_another_header_and_names_it_as_configured() -> None:
    identifier = mk("header.token\nheader: My-Token")
    assert name(identifier, request("my-token: web", "Host: h")) == "/svc/web"
    assert name(identifier, request("Host: h")) == "My-Token header is absent"


def test_header_token_is_the_default() -> None:
    assert type(IDENTIFIERS.default_config()).__name__ == "HeaderTokenConfig"


# ---------------------------------------------------------------- io.l5d.header


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("l5d-name: /web", "/svc/web"),
        ("L5d-Name: /a/b", "/svc/a/b"),
        ("l5d-name: ", "l5d-name header is absent"),
        ("Host: web", "l5d-name header is absent"),
    ],
)
def test_header_takes_the_value_as_a_path(line: str, found: str) -> None:
    assert name(mk("header"), request(line)) == found


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("junk", "'/' expected but 'j' found at '[j]unk'"),
        ("/a/", "label char expected but end of input found at '/a/[]'"),
    ],
)
def test_a_path_that_does_not_parse_ends_the_search(value: str, reason: str) -> None:
    identifier = mk("header\nheader: my-dst", "static\npath: /web2")
    asked = request(f"my-dst: {value}", target=b"/x", peer=("127.0.0.1", 5000))
    with pytest.raises(UnknownDst) as caught:
        identifier.identify(asked)
    assert str(caught.value) == f'Unknown destination: Request("GET /x", from /127.0.0.1:5000) / {reason}'


# ---------------------------------------------------------------- io.l5d.path

SHORT, EMPTY = "not enough segments in path", "empty segment in path"


@pytest.mark.parametrize(
    ("segments", "target", "found"),
    [
        (1, b"/web", "/svc/web"),
        (1, b"/web/", "/svc/web"),
        (1, b"/web/rest?q=/1", "/svc/web"),
        (1, b"/web?q", "/svc/web"),
        (1, b"/", SHORT),
        (1, b"/?a/b", SHORT),
        (1, b"*", SHORT),
        (1, b"//", SHORT),
        (1, b"web/x", SHORT),
        (2, b"/a/web/rest/x?q=1", "/svc/a/web"),
        (2, b"/a/web", "/svc/a/web"),
        (2, b"/a/web//x", "/svc/a/web"),
        (2, b"/a/w%65b/x", "/svc/a/w%65b"),
        (2, b"/a/web?x=/y", "/svc/a/web"),
        (2, b"/a", SHORT),
        (2, b"/a/", SHORT),
        (2, b"/a//", SHORT),
        (2, b"/a@b/c", r"/svc/\x61\x40\x62/c"),
    ],
)
def test_path_takes_the_first_raw_segments(segments: int, target: bytes, found: str) -> None:
    assert name(mk(f"path\nsegments: {segments}"), request(target=target)) == found


@pytest.mark.parametrize(("segments", "target"), [(2, b"//a/web/x"), (2, b"/a//b"), (3, b"/a//b"), (1, b"//web")])
def test_an_empty_segment_ends_the_search(segments: int, target: bytes) -> None:
    with pytest.raises(UnknownDst, match=EMPTY):
        mk(f"path\nsegments: {segments}", "static\npath: /x").identify(request(target=target))


@pytest.mark.parametrize(
    ("target", "sent_on"),
    [
        (b"/a/web/rest/x?q=1", b"/rest/x?q=1"),
        (b"/a/web", b"/"),
        (b"/a/web/", b"/"),
        (b"/a/web/rest/", b"/rest/"),
        (b"/a/web?x=/y", b"/?x=/y"),
        (b"/a/web//x", b"//x"),
        (b"/a/web?", b"/?"),
    ],
)
def test_consume_takes_the_segments_from_the_target(target: bytes, sent_on: bytes) -> None:
    asked = request(target=target)
    mk("path\nsegments: 2\nconsume: true").identify(asked)
    assert asked.target == sent_on


def test_a_request_that_is_not_identified_keeps_its_target() -> None:
    asked = request(target=b"/a?x")
    mk("path\nsegments: 2\nconsume: true").identify(asked)
    assert asked.target == b"/a?x"


SEGMENTS = st.text(st.sampled_from("ab%@é"), max_size=3)


@given(st.lists(SEGMENTS, max_size=5), st.integers(1, 4), st.booleans())
def test_path_is_a_split_of_the_target_and_consume_leaves_the_rest(
    segments: list[str], count: int, consume: bool
) -> None:
    target = ("/" + "/".join(segments)).encode() + b"?q=/x/y"
    asked = request(target=target)
    try:
        found = mk(f"path\nsegments: {count}\nconsume: {str(consume).lower()}").identify(asked)
    except UnknownDst:
        assert "" in segments[:count]
        return
    if isinstance(found, NotIdentified):
        assert not any(segments[count - 1 :])
    else:
        labels = [segment.encode().decode("latin1") for segment in segments[:count]]
        assert found == SVC + Path.of(*labels)
        assert asked.target == (("/" + "/".join(segments[count:])).encode() + b"?q=/x/y" if consume else target)


@pytest.mark.parametrize("segments", ["0", "-1"])
def test_no_segments_are_refused(segments: str) -> None:
    with pytest.raises(ConfigErrors, match="segments"):
        mk(f"path\nsegments: {segments}")


# ---------------------------------------------------------------- io.l5d.methodAndHost

NO_HOST = "HTTP/1.1 request missing hostname"


@pytest.mark.parametrize(
    ("method", "lines", "minor", "found"),
    [
        (b"GET", ["Host: web"], 1, "/svc/1.1/GET/web"),
        (b"GET", ["Host: WEB"], 1, "/svc/1.1/GET/web"),
        (b"POST", ["Host: web:99"], 1, "/svc/1.1/POST/web:99"),
        (b"GET", [], 1, NO_HOST),
        (b"GET", ["Host: "], 1, NO_HOST),
        (b"GET", ["Host: web"], 0, "/svc/1.0/GET"),
        (b"GET", [], 0, "/svc/1.0/GET"),
    ],
)
def test_method_and_host(method: bytes, lines: list[str], minor: int, found: str) -> None:
    assert name(mk("methodAndHost"), request(*lines, method=method, minor=minor, target=b"/p")) == found


@pytest.mark.parametrize(
    ("target", "minor", "found"),
    [
        (b"/p/q?x=/y", 1, "/svc/1.1/GET/web/p/q"),
        (b"/p//q/", 1, "/svc/1.1/GET/web/p/q"),
        (b"/p/", 1, "/svc/1.1/GET/web/p"),
        (b"/", 1, "/svc/1.1/GET/web"),
        (b"/p/%20/q", 1, "/svc/1.1/GET/web/p/%20/q"),
        (b"/a@b", 1, r"/svc/1.1/GET/web/\x61\x40\x62"),
        (b"/p", 0, "/svc/1.0/GET/p"),
    ],
)
def test_the_uri_can_be_part_of_the_name_and_every_path_routes(target: bytes, minor: int, found: str) -> None:
    identifier = mk("methodAndHost\nhttpUriInDst: true")
    assert name(identifier, request("Host: web", target=target, minor=minor)) == found


ANY = st.text(st.sampled_from("Ab /:"), max_size=6).map(str.strip)


@given(st.lists(st.tuples(ANY, ANY, st.integers(0, 1)), max_size=6), st.booleans())
def test_what_is_remembered_is_never_another_requests_name(requests: list[tuple[str, str, int]], uri: bool) -> None:
    config = f"methodAndHost\nhttpUriInDst: {str(uri).lower()}"
    remembering = mk(config)
    for host, path, minor in requests:
        asked = request(f"Host: {host}", target=b"/" + path.replace(" ", "").encode(), minor=minor)
        assert name(remembering, asked) == name(mk(config), asked)


# ---------------------------------------------------------------- io.l5d.static, lists, texts


def test_static_names_everything_alike() -> None:
    assert name(mk("static\npath: /a/b"), request()) == "/svc/a/b"


def test_static_needs_its_path() -> None:
    with pytest.raises(ConfigErrors, match="path is required"):
        mk("static")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["my-dst: /web"], "/svc/web"),
        (["my-token: web"], "/svc/web"),
        (["my-token: "], "/svc/web2"),
        ([], "/svc/web2"),
        (["my-dst: /web", "my-token: web2"], "/svc/web"),
    ],
)
def test_the_first_that_identifies_wins(lines: list[str], found: str) -> None:
    identifier = mk("header\nheader: my-dst", "header.token\nheader: my-token", "static\npath: /web2")
    assert name(identifier, request("Host: h", *lines)) == found


def test_the_last_reason_is_reported() -> None:
    identifier = mk("header", "path\nsegments: 3")
    assert isinstance(identifier, FirstOf)
    assert name(identifier, request(target=b"/a")) == SHORT


@pytest.mark.parametrize(
    ("peer", "shown"),
    [(("127.0.0.1", 5), "127.0.0.1:5"), (("::1", 5), "[::1]:5"), (("10.0.0.1", 65535), "10.0.0.1:65535")],
)
def test_the_error_describes_the_request(peer: tuple[str, int], shown: str) -> None:
    error = unknown_dst(request(peer=peer), "Host header is absent")
    assert str(error) == f'Unknown destination: Request("GET /", from /{shown}) / Host header is absent'
    assert error.status == 400 and not error.close


@pytest.mark.parametrize("kind", ["ingress", "k8s.istio", "k8s.istio-ingress"])
def test_planned_kinds_say_so(kind: str) -> None:
    with pytest.raises(ConfigErrors, match="not implemented yet"):
        mk(kind)


def test_memory_is_bounded_in_number_and_size() -> None:
    known = Known()
    for number in range(MOST_KNOWN + 10):
        known.remember(b"%d" % number, SVC)
    assert len(known) == MOST_KNOWN and b"0" not in known and b"%d" % (MOST_KNOWN + 9) in known
    assert known.remember(b"x" * (LONGEST_KNOWN + 1), SVC) is SVC
    assert len(known) == MOST_KNOWN
