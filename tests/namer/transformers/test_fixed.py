"""Transformers that bind a fixed path instead: replace and const. dtab.md section 13, observed.md."""

from __future__ import annotations

from typing import Any

import pytest

from dtab import Dtab, Empty, Fail, Leaf, NameTree, Neg, Path, Union, Weighted
from namer.activity import PENDING, Activity, Ok, State
from namer.bind import bind
from namer.config import ConfigErrors, bind_kind
from namer.name import Bound, leaves
from namer.namer import NamedNamers, ServedNamer, TransformedNamer
from namer.parts import NamingParts
from namer.transformers import TRANSFORMERS
from tests.namer.fakes import DISCO, FakeNamer, IdleRuntime, bound_addr, disco

FIXED = {"replace": "kind: io.l5d.replace\npath: %s", "const": "kind: io.l5d.const\npath: %s"}


class Parts:
    """Parts whose namer is `disco`."""

    def __init__(self) -> None:
        self.runtime = IdleRuntime()
        self.disco = disco()
        self.bound = 0

    def bind(self, path: Path) -> Activity[NameTree[Bound]]:
        self.bound += 1
        system = NamingParts(self.runtime).names.system
        return bind(NamedNamers([ServedNamer(DISCO, self.disco)], system).with_dtab(Dtab()), path)


def make(kind: str, path: str, parts: Any) -> Any:
    return bind_kind(TRANSFORMERS, FIXED[kind] % path, "c.yaml").mk(parts)


def told(activity: Activity[Any]) -> State[Any]:
    states: list[State[Any]] = []
    activity.observe(states.append)()
    return states[-1]


WEB = Leaf(Bound(Path.read("/#/disco/web"), Path.read("/page"), bound_addr("10.0.0.9:80")))


@pytest.mark.parametrize("kind", ["replace", "const"])
def test_a_leaf_becomes_the_binding_of_the_path(kind):
    state = told(make(kind, "/$/inet/127.0.0.1/4140", Parts()).transform(WEB))
    assert state.value.value.id == Path.read(f"/%/io.l5d.{kind}/$/inet/127.0.0.1/4140")
    assert state.value.value.residual == Path()


@pytest.mark.parametrize("kind", ["replace", "const"])
def test_the_path_may_be_of_a_configured_namer(kind):
    state = told(make(kind, "/#/disco/cart/x", Parts()).transform(WEB))
    assert state.value.value.id == Path.read(f"/%/io.l5d.{kind}/#/disco/cart")
    assert state.value.value.residual == Path.read("/x")


@pytest.mark.parametrize("tree", [Neg(), Empty(), Fail()])
def test_replace_keeps_verdicts_and_const_does_not(tree):
    parts = Parts()
    assert told(make("replace", "/#/disco/cart", parts).transform(tree)) == Ok(tree)
    assert parts.bound == 0  # nobody needs it
    const = told(make("const", "/#/disco/cart", parts).transform(tree))
    assert [leaf.id for leaf in leaves(const.value)] == [Path.read("/%/io.l5d.const/#/disco/cart")]


def test_replace_in_a_union_keeps_the_weights_and_const_replaces_it():
    tree = Union((Weighted(0.9, WEB), Weighted(0.1, Union((Weighted(1.0, WEB), Weighted(1.0, Empty()))))))
    after = told(make("replace", "/#/disco/cart", Parts()).transform(tree)).value
    cart = Leaf(Bound(Path.read("/%/io.l5d.replace/#/disco/cart"), Path(), bound_addr()))
    assert after == Union((Weighted(0.9, cart), Weighted(0.1, Union((Weighted(1.0, cart), Weighted(1.0, Empty()))))))
    const = told(make("const", "/#/disco/cart", Parts()).transform(tree)).value
    assert const.value.id == Path.read("/%/io.l5d.const/#/disco/cart")


@pytest.mark.parametrize("kind", ["replace", "const"])
def test_a_path_that_stands_for_nothing_makes_leaves_negative(kind):
    assert told(make(kind, "/#/disco/nosuch", Parts()).transform(WEB)) == Ok(Neg())
    tree = Union((Weighted(1.0, WEB), Weighted(1.0, WEB)))
    assert told(make(kind, "/#/disco/nosuch", Parts()).transform(tree)) == Ok(Neg())


@pytest.mark.parametrize("kind", ["replace", "const"])
def test_a_pending_or_failed_path_is_pending_or_failed(kind):
    assert told(make(kind, "/#/disco/slow", Parts()).transform(WEB)) == PENDING
    assert str(told(make(kind, "/#/disco/broken", Parts()).transform(WEB)).error) == "disco is down"


@pytest.mark.parametrize("kind", ["replace", "const"])
def test_the_prefix_can_be_chosen_and_names_below_cannot_be_explained(kind):
    text = FIXED[kind] % "/#/disco/cart" + "\nprefix: /mine"
    made = bind_kind(TRANSFORMERS, text, "c.yaml").mk(Parts())
    assert told(made.transform(WEB)).value.value.id == Path.read("/%/mine/#/disco/cart")
    assert (made.prefix, made.delegate_name) == (Path.read("/%/mine"), None)


def test_the_path_is_bound_once_for_all_names():
    parts = Parts()
    const = make("const", "/#/disco/cart", parts)
    for _ in range(3):
        told(const.transform(WEB))
    assert parts.bound == 1


def test_a_namer_whose_answers_are_replaced_by_its_own_is_pending_and_not_endless():
    class Circle(Parts):
        def bind(self, path: Path) -> Activity[NameTree[Bound]]:
            return bind(NamedNamers([ServedNamer(DISCO, self.namer)], FakeNamer()).with_dtab(Dtab()), path)

    parts = Circle()
    parts.namer = TransformedNamer(disco(), (make("const", "/#/disco/cart", parts),))
    assert told(parts.bind(Path.read("/#/disco/shop"))) == PENDING


@pytest.mark.parametrize("kind", ["replace", "const"])
def test_the_path_is_required(kind):
    with pytest.raises(ConfigErrors, match=f"the 'path' property is required for the io.l5d.{kind} transformer"):
        bind_kind(TRANSFORMERS, f"kind: io.l5d.{kind}", "c.yaml")
    with pytest.raises(ConfigErrors, match="label char expected"):
        bind_kind(TRANSFORMERS, f"kind: io.l5d.{kind}\npath: /a/", "c.yaml")
