"""io.l5d.rewrite: dtab.md section 11."""

import pytest

from dtab import Dtab, DtabSyntaxError, Leaf, Neg, Path
from namer.activity import Failed, Ok
from namer.bind import bind
from namer.config import ConfigErrors, bind_kind
from namer.namers import NAMERS
from namer.namers.rewrite import RewriteNamer
from namer.parts import NamingParts
from namer.pathmatcher import PathMatcher, PathTooShort
from tests.namer.fakes import IdleRuntime


def test_a_match_is_the_name_with_the_variables_and_the_rest_is_dropped():
    namer = RewriteNamer(PathMatcher("/{team}/*/{svc}-svc"), "/srv/{svc}/{team}")
    assert namer.lookup(Path.read("/pay/eu/cart-svc/extra")).state == Ok(Leaf(Path.read("/srv/cart/pay")))


def test_no_match_is_negative():
    namer = RewriteNamer(PathMatcher("/a/{b}"), "/x/{b}")
    for path in ("/", "/a", "/b/c"):
        assert namer.lookup(Path.read(path)).state == Ok(Neg())


def test_a_label_with_odd_characters_comes_out_as_it_went_in():
    namer = RewriteNamer(PathMatcher("/{a}"), "/x/{a}")
    path = Path.of("a b/c")
    assert namer.lookup(path).state == Ok(Leaf(Path.of("x", "a b/c")))


def test_an_unknown_variable_makes_a_name_that_is_no_path():
    with pytest.raises(DtabSyntaxError):
        RewriteNamer(PathMatcher("/{a}"), "/x/{b}").lookup(Path.read("/a"))


def test_a_wildcard_without_an_element_is_an_error():
    with pytest.raises(PathTooShort):
        RewriteNamer(PathMatcher("/{a}/*"), "/x/{a}").lookup(Path.read("/a"))


CONFIG = "kind: io.l5d.rewrite\nprefix: /http\npattern: /{host}-{port}\nname: /$/inet/{host}/{port}"


def test_it_is_configured_by_kind_and_bound_on_from_the_start():
    parts = NamingParts(IdleRuntime(), [bind_kind(NAMERS, CONFIG, "c.yaml")])
    states = []
    close = bind(parts.names.with_dtab(Dtab.read("/svc=>/#/http")), Path.read("/svc/127.0.0.1-80/x")).observe(
        states.append
    )
    close()
    assert states[-1].value.value.id == Path.read("/$/inet/127.0.0.1/80")


def test_its_errors_fail_the_binding():
    parts = NamingParts(IdleRuntime(), [bind_kind(NAMERS, CONFIG.replace("{port}\n", "{p}\n"), "c.yaml")])
    states = []
    bind(parts.names.with_dtab(Dtab()), Path.read("/#/http/127.0.0.1-80")).observe(states.append)()
    assert isinstance(states[-1], Failed)


@pytest.mark.parametrize("key", ["prefix", "pattern", "name"])
def test_every_key_is_required(key):
    lines = [line for line in CONFIG.splitlines() if not line.startswith(f"{key}:")]
    with pytest.raises(ConfigErrors, match=f"The '{key}' property is required for the io.l5d.rewrite namer."):
        bind_kind(NAMERS, "\n".join(lines), "c.yaml")
