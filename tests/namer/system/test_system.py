"""The table of names under `/$/`: dtab.md section 9."""

from __future__ import annotations

import pytest

from dtab import Dtab, Empty, Fail, Leaf, NameTree, Neg, Path
from namer.activity import Failed, Ok, State
from namer.addr import AddrBound
from namer.bind import bind
from namer.name import Bound, PathOrBound
from namer.namer import NamedNamers, UnknownNamer
from namer.system import SystemNames
from tests.namer.fakes import IdleRuntime, Seen, disco, names


def answer(path: str) -> State[NameTree[PathOrBound]]:
    """By the whole chain, so that what raises is Failed."""
    seen = Seen(NamedNamers([], SystemNames(IdleRuntime())).lookup(Path.read(path)))
    seen.close()
    return seen.last


def bound(path: str) -> Bound:
    state = answer(path)
    assert isinstance(state, Ok) and isinstance(state.value, Leaf) and isinstance(state.value.value, Bound)
    return state.value.value


@pytest.mark.parametrize("path", ["/", "/x", "/x/inet/80", "/$", "/#/inet/80"])
def test_what_does_not_begin_with_a_dollar_and_a_name_is_neg(path: str) -> None:
    assert answer(path) == Ok(Neg())


def test_fail_and_nil_are_verdicts_whatever_follows() -> None:
    for rest in ("", "/x", "/1/2"):
        assert answer("/$/fail" + rest) == Ok(Fail())
        assert answer("/$/nil" + rest) == Ok(Empty())


def test_there_is_no_neg_and_no_other_class() -> None:
    state = answer("/$/neg/x")
    assert isinstance(state, Failed) and isinstance(state.error, UnknownNamer)
    assert str(state.error) == "Unknown namer: neg for path: /$/neg/x"


def test_a_misspelt_name_is_told_the_right_one() -> None:
    state = answer("/$/io.buoyant.hostPortPfx/w/h:80")
    assert isinstance(state, Failed)
    assert str(state.error).endswith("; did you mean io.buoyant.hostportPfx?")


def test_zookeeper_names_say_that_they_are_missing() -> None:
    for name in ("com.twitter.serverset", "io.buoyant.namer.zk.leader"):
        state = answer(f"/$/{name}/127.0.0.1:2181/x")
        assert isinstance(state, Failed) and "not implemented yet" in str(state.error)


def test_the_global_namer_is_the_system_namer_again_and_again() -> None:
    again = "/$/com.twitter.finagle.namer.global"
    assert bound(again * 100 + "/$/inet/10.1.2.3/80").id == Path.read("/$/inet/10.1.2.3/80")
    endless = Path(Path.read(again) * 10_000)
    assert SystemNames(IdleRuntime()).lookup(endless).state == Ok(Neg())
    assert answer(again) == answer(again + "/x") == Ok(Neg())


def test_status_names_are_bound_to_the_router_itself() -> None:
    name = bound("/$/io.buoyant.http.status/0503/x")
    assert (name.status, name.residual.show()) == (503, "/0503/x")
    assert name.addr.value == AddrBound(())
    assert name == bound("/$/io.buoyant.http.status/0503/y") != bound("/$/io.buoyant.http.status/503")


@pytest.mark.parametrize("code", ["", "/99", "/600", "/abc", "/2.0", "/-200", "/99999999999"])
def test_other_codes_are_neg(code: str) -> None:
    assert answer("/$/io.buoyant.http.status" + code) == Ok(Neg())


def test_an_illegal_result_fails_the_name_and_no_alternative_is_tried() -> None:
    lookup = names(disco(), system=SystemNames(IdleRuntime())).with_dtab(
        Dtab.read("/s=>/$/io.buoyant.http.domainToPathPfx/d | /#/disco/cart")
    )
    state = Seen(bind(lookup, Path.read("/s/a..b"))).last
    assert isinstance(state, Failed) and str(state.error).startswith("requirement failed: ")
    state = Seen(bind(lookup, Path.of("s", "a@b"))).last  # no host: Neg, and the alternative has its turn
    assert isinstance(state, Ok) and isinstance(state.value, Leaf)


def test_the_idiom_for_domains() -> None:
    dtab = Dtab.read("/dom/org/example => /#/disco; /host => /$/io.buoyant.http.domainToPathPfx/dom")
    lookup = names(disco(), system=SystemNames(IdleRuntime())).with_dtab(dtab)
    state = Seen(bind(lookup, Path.read("/host/cart.example.org/v1"))).last
    assert isinstance(state, Ok) and isinstance(state.value, Leaf)
    assert (state.value.value.id.show(), state.value.value.residual.show()) == ("/#/disco/cart", "/v1")
