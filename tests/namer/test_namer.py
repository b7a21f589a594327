"""The lookup chain of dtab.md section 8: dtab, configured namers, system names."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dtab import Dtab, Leaf, NameTree, Neg, Path
from namer.activity import Activity, Failed, Ok, State
from namer.addr import ADDR_NEG
from namer.name import Bound, BoundTree, PathOrBound, same_tree
from namer.namer import Enumerable, NamedNamers, ServedNamer, Stateful, TransformedNamer, transformed
from tests.namer.fakes import Driven, FakeNamer, NoNames, Seen, bound_addr, disco, names


def answer(named: NamedNamers, path: str, dtab: str = "") -> State[NameTree[PathOrBound]]:
    seen = Seen(named.with_dtab(Dtab.read(dtab))(Path.read(path)))
    seen.close()
    return seen.last


def shown(state: State[NameTree[PathOrBound]]) -> str:
    assert isinstance(state, Ok)
    return state.value.map(lambda leaf: f"<{leaf.id} {leaf.residual}>" if isinstance(leaf, Bound) else leaf).show()


def test_the_last_configured_namer_is_asked_first_and_neg_goes_on_to_the_next() -> None:
    a = FakeNamer(Path.read("/#/a"), addrs={"b": bound_addr()})
    ab = FakeNamer(Path.read("/#/a/b"), addrs={"c": bound_addr()})
    named = names(a, ab)
    assert shown(answer(named, "/#/a/b/c")) == "</#/a/b/c />"
    assert (ab.asked, a.asked) == (["/c"], [])
    assert shown(answer(named, "/#/a/b/d")) == "</#/a/b /d>"
    assert (ab.asked, a.asked) == (["/c", "/d"], ["/b/d"])
    assert answer(named, "/#/x") == Ok(Neg())


def test_a_namer_is_asked_for_whole_labels_only() -> None:
    namer = FakeNamer(Path.read("/#/dis"))
    assert answer(names(namer), "/#/disco/x") == Ok(Neg()) and namer.asked == []


@pytest.mark.parametrize("path", ["/#/disco/slow", "/#/disco/broken"])
def test_a_pending_or_failed_namer_holds_the_next_one_back(path: str) -> None:
    other = FakeNamer()
    state = answer(names(other, disco()), path)
    assert not isinstance(state, Ok) and other.asked == []


def test_an_answer_that_turns_neg_gives_the_next_namer_its_turn_and_back() -> None:
    first, second = FakeNamer(), FakeNamer(addrs={"web": bound_addr()})
    driven = first.drive("web", Ok(Leaf(Path.of("mine"))))
    seen = Seen(names(second, first).lookup(Path.read("/#/disco/web")))
    driven.become(Ok(Neg()))
    driven.become(Ok(Leaf(Path.of("again"))))
    assert [shown(state) for state in seen.states] == ["/mine", "</#/disco/web />", "/again"]


@pytest.mark.parametrize(
    ("dtab", "expected"),
    [
        ("", "</#/disco/cart />"),
        ("/#/disco/cart=>~", "</#/disco/cart />"),
        ("/#/disco=>~;/#/disco=>~", "~ | ~"),
        ("/#/disco=>~ & ~", "~ & ~"),
        ("/#/disco=>~ | ~", "~ | ~"),
        ("/#/disco=>!", "!"),
        ("/#=>/other", "/other/disco/cart"),
        ("/=>/all", "/all/#/disco/cart"),
    ],
)
def test_the_dtab_comes_first_for_every_path_and_only_a_lone_neg_goes_on(dtab: str, expected: str) -> None:
    assert shown(answer(names(disco()), "/#/disco/cart", dtab)) == expected


def test_a_namer_that_raises_is_failed_first_or_later() -> None:
    class Raising:
        def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
            raise KeyError(str(path))

    raising = ServedNamer(Path.of("#"), Raising())
    named = NamedNamers([raising, ServedNamer(Path.of("#"), NoNames())], NoNames())
    assert answer(named, "/#/x") == Failed(KeyError("/x"))
    assert answer(NamedNamers([raising], NoNames()), "/#/x") == Failed(KeyError("/x"))


def test_a_namer_may_be_enumerable_or_stateful_or_neither() -> None:
    class Listed(NoNames):
        def bound_names(self) -> list[Path]:
            return []

    assert isinstance(Listed(), Enumerable) and not isinstance(Listed(), Stateful)
    assert not isinstance(NoNames(), Enumerable)


# === transformers ===


@dataclass(frozen=True)
class Prefixing:
    """Puts its prefix before every id."""

    prefix: Path
    delegate_name: str | None = "Prefixing"

    def transform(self, tree: BoundTree) -> Activity[BoundTree]:
        return Activity.ok(tree.map(lambda leaf: Bound(self.prefix + leaf.id, leaf.residual, leaf.addr)))


def _bound(id_: str, residual: str = "/") -> Bound:
    return Bound(Path.read(id_), Path.read(residual), bound_addr())


def test_transformers_are_applied_in_their_order() -> None:
    both = [Prefixing(Path.read("/%/a")), Prefixing(Path.read("/%/b"))]
    seen = Seen(transformed(Activity.ok(Leaf(_bound("/x"))), both))
    assert seen.states == [Ok(Leaf(_bound("/%/b/%/a/x")))]


def test_a_transformed_tree_is_announced_again_when_only_its_residual_changes() -> None:
    # As when a stored dtab changes, which is not the swallowing of dtab.md section 7.
    outer = Driven(Ok("/1"))
    source = outer.activity.flat_map(lambda residual: Activity.ok(Leaf(_bound("/x", residual))), same=same_tree)
    seen = Seen(transformed(source, [Prefixing(Path.read("/%/a"))]))
    for residual in ("/1", "/2"):
        outer.become(Ok(residual))
    assert [state.value.value.residual for state in seen.states] == [Path.of("1"), Path.of("2")]  # type: ignore[union-attr]


def test_only_answers_without_path_leaves_are_transformed() -> None:
    inner = FakeNamer(addrs={"web": bound_addr()})
    inner.drive("path", Ok(Leaf(Path.of("x"))))
    namer = TransformedNamer(inner, (Prefixing(Path.read("/%/t")),))
    assert shown(Seen(namer.lookup(Path.read("/web/r"))).last) == "</%/t/#/disco/web /r>"
    assert shown(Seen(namer.lookup(Path.read("/path/r"))).last) == "/x/r"
    assert Seen(namer.lookup(Path.read("/none"))).last == Ok(Neg())


def test_a_leaf_with_a_negative_address_stays_a_leaf() -> None:
    inner = FakeNamer(addrs={"web": bound_addr()})
    inner.addrs["web"].set(ADDR_NEG)
    assert isinstance(Seen(TransformedNamer(inner, ()).lookup(Path.of("web"))).last, Ok)
