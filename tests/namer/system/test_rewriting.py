"""The rewriting names, row by row: dtab.md section 10."""

from __future__ import annotations

import pytest

from dtab import Leaf, Neg, Path
from namer.activity import Ok
from namer.system.rewriting import REWRITINGS

NEG = "~"
ILLEGAL = "illegal argument"


def rewritten(path: Path) -> str:
    try:
        state = REWRITINGS[path.texts[1]].lookup(path).state
    except ValueError:
        return ILLEGAL
    assert isinstance(state, Ok)
    return NEG if state.value == Neg() else state.value.show()


@pytest.mark.parametrize(
    ("name", "path", "result"),
    [
        ("http.domainToPathPfx", "/w/shop.example.org/v1", "/w/org/example/shop/v1"),
        ("http.domainToPath", "/shop.example.org", "/org/example/shop"),
        ("http.domainToPath", "/a.b:81", "/b:81/a"),
        ("http.domainToPath", "/a.b./v1", "/b/a/v1"),
        ("http.domainToPath", "/.../v1", "/v1"),
        ("http.domainToPath", "/...", "/"),
        ("http.domainToPathPfx", "/pfx/../rest", "/pfx/rest"),
        ("http.domainToPath", "/.a.b", ILLEGAL),
        ("http.domainToPathPfx", "/w/a..b", ILLEGAL),
        ("http.domainToPath", r"/a\x40b", NEG),
        ("http.domainToPathPfx", "/w", NEG),
        ("http.subdomainOfPfx", "/example.org/w/cart.shop.example.org:81/v1", "/w/cart.shop/v1"),
        ("http.subdomainOf", "/example.org/shop.example.org/v1", "/shop/v1"),
        ("http.subdomainOf", "/example.org/example.org/v1", NEG),
        ("http.subdomainOf", "/example.org/.example.org/v1", NEG),
        ("http.subdomainOf", "/example.org/shopexample.org", NEG),
        ("http.subdomainOf", "/example.org/shop.Example.org", NEG),
        ("http.subdomainOf", "/example.org:81/shop.example.org:81", NEG),
        ("http.subdomainOf", "/org/:x.org", "/:x"),
        ("http.subdomainOf", r"/example.org/shop\x20x.example.org", NEG),
        ("http.subdomainOf", "/example.org", NEG),
        ("http.subdomainOfPfx", "/example.org/w", NEG),
        ("http.anyMethod", "/PUT/v1", "/v1"),
        ("http.anyMethod", "/PUT", "/"),
        ("http.anyMethod", "/put/v1", NEG),
        ("http.anyMethod", "/M-SEARCH/v1", NEG),
        ("http.anyMethod", r"/PUT\x0a/v1", NEG),
        ("http.anyMethodPfx", "/w/PUT/v1", "/w/v1"),
        ("http.anyMethodPfx", "/w/1/v1", NEG),
        ("http.anyHost", "/shop.example.org:81/v1", "/v1"),
        ("http.anyHost", r"/\x5b::1\x5d/v1", NEG),
        ("http.anyHostPfx", "/w/shop.example.org/v1", "/w/v1"),
        ("hostportPfx", "/w/shop:grpc/v1", "/w/shop/grpc/v1"),
        ("hostportPfx", "/w/h:80:/v1", "/w/h/80/v1"),
        ("hostportPfx", "/w/h:80", "/w/h/80"),
        ("hostportPfx", r"/w/what ever:80".replace(" ", r"\x20"), r"/w/\x77\x68\x61\x74\x20\x65\x76\x65\x72/80"),
        *[
            ("hostportPfx", f"/w/{label}", NEG)
            for label in ("h:GRPC", "h:a_b", "h", "h:", "h::1", "a:b:c", ":", "h:-a")
        ],
        ("hostportPfx", "/w/h:" + "a" * 63, "/w/h/" + "a" * 63),
        ("hostportPfx", "/w/h:" + "a" * 64, NEG),
        ("hostportPfx", "/w/:80", ILLEGAL),
        ("porthostPfx", "/w/:80", ILLEGAL),
        ("porthostPfx", "/w/shop:grpc/v1", "/w/grpc/shop/v1"),
        ("porthostPfx", "/w/shop", NEG),
    ],
)
def test_the_table(name: str, path: str, result: str) -> None:
    assert rewritten(Path.of("$", "io.buoyant." + name) + Path.read(path)) == result


@pytest.mark.parametrize("name", REWRITINGS)
def test_an_empty_input_is_neg(name: str) -> None:
    assert rewritten(Path.of("$", name)) == NEG


def test_an_empty_label_is_an_error_that_names_the_path() -> None:
    with pytest.raises(ValueError, match="^requirement failed: .*domainToPath/a[.][.]b is rewritten"):
        REWRITINGS["io.buoyant.http.domainToPath"].lookup(Path.read("/$/io.buoyant.http.domainToPath/a..b"))


def test_what_is_passed_on_is_text() -> None:
    state = REWRITINGS["io.buoyant.http.anyMethodPfx"].lookup(Path.of("$", "x", b"w\xff", "GET", b"\xff")).state
    assert state == Ok(Leaf(Path.of("w\ufffd", "\ufffd")))
