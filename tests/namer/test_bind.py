"""Binding: the worked examples of dtab.md section 7, its surprises, and a changing world against a naive evaluator."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dtab import Alt, Dtab, Empty, Fail, Leaf, NameTree, Neg, Path, Union, Weighted
from namer.activity import PENDING, Activity, Failed, Ok, Pending, State, Var
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, AddrFailed
from namer.bind import MAX_DEPTH, MAX_NODES, bind, with_weight
from namer.name import Bound, BoundTree, PathOrBound, leaves
from namer.namer import MaxDepth, TooManyNodes
from tests.namer.fakes import DISCO, Driven, FakeNamer, Seen, bound_addr, disco, names

GONE_DOWN = Failed(OSError("disco is down"))


def bound(dtab: str, path: str, *namers: FakeNamer) -> State[BoundTree]:
    """The first state of a binding, by the namer of the worked examples unless others are given."""
    seen = Seen(bind(names(*(namers or (disco(),))).with_dtab(Dtab.read(dtab)), Path.read(path)))
    seen.close()
    assert len(seen.states) == 1
    return seen.last


def shown(state: State[BoundTree]) -> str:
    """The tree with ids, residuals and metadata weights: `0.9*/#/disco/shop{0.9} & …`."""
    if not isinstance(state, Ok):
        return type(state).__name__
    return state.value.map(_leaf).show()


def _leaf(name: Bound) -> str:
    seen: list[Addr] = []
    name.addr.observe(seen.append)()
    weight = dict(seen[-1].meta).get("namer_nametree_weight") if isinstance(seen[-1], AddrBound) else None
    return f"{name.id}{f' + {name.residual}' if name.residual else ''}{'' if weight is None else f' @{weight}'}"


@pytest.mark.parametrize(
    ("dtab", "path", "expected"),
    [
        ("/shop=>/#/disco/shop", "/shop/v1/x", "/#/disco/shop + /v1/x"),
        ("/shop=>/#/disco/shop | /#/disco/cart;/shop=>/#/disco/gone", "/shop/v1", "/#/disco/shop + /v1"),
        ("/shop=>/#/disco/shop;/shop/off=>!", "/shop/off", "!"),
        (
            "/shop=>0.9*/#/disco/shop & 0.1*/#/disco/shop-v2",
            "/shop",
            "0.90*/#/disco/shop @0.9 & 0.10*/#/disco/shop-v2 @0.1",
        ),
        ("/shop=>0.9*/#/disco/shop & 0.1*/#/disco/slow", "/shop", "/#/disco/shop @0.9"),
        ("/shop=>/#/disco/slow | /#/disco/shop", "/shop", "Pending"),
        ("/shop=>/#/disco/broken | /#/disco/shop", "/shop", "Failed"),
        ("/shop=>/#/disco/gone & /#/disco/slow | /#/disco/cart", "/shop", "/#/disco/cart"),
    ],
)
def test_the_worked_examples(dtab: str, path: str, expected: str) -> None:
    assert shown(bound(dtab, path)) == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("$ | /#/disco/cart", "$"),
        ("! | /#/disco/cart", "!"),
        ("~ | /#/disco/cart", "/#/disco/cart"),
        ("! & ! | /#/disco/cart", "/#/disco/cart"),
        ("! & /#/disco/cart", "/#/disco/cart @1.0"),
        ("/#/disco/cart & $", "/#/disco/cart @1.0 & $"),
        ("/#/disco/broken & /#/disco/cart", "/#/disco/cart @1.0"),
        ("/#/disco/broken & ~", "~"),
        ("/#/disco/slow & /#/disco/broken", "Failed"),
        ("/#/disco/slow & ! | /#/disco/cart", "!"),  # the union of one Fail is that Fail, and so no fail-over
        ("/#/disco/slow & ! & ! | /#/disco/cart", "/#/disco/cart"),
        ("/#/disco/slow & /#/disco/slow", "Pending"),
        ("0.5*(2*/#/disco/cart & 3*/#/disco/gone) & 1*~", "/#/disco/cart @2.0"),
        ("0.5*(/#/disco/gone | /#/disco/cart) & 1*~", "/#/disco/cart @0.5"),
        ("(/#/disco/gone | ~) | (/#/disco/cart | /#/disco/shop)", "/#/disco/cart"),
        ("2*(1*/#/disco/cart & 3*/#/disco/shop) & 5*$", "2.00*(/#/disco/cart @1.0 & 3.00*/#/disco/shop @3.0) & 5.00*$"),
    ],
)
def test_verdicts_inside_trees(tree: str, expected: str) -> None:
    assert shown(bound(f"/s=>{tree}", "/s")) == expected


def test_a_single_branch_keeps_its_weight_only_in_the_metadata() -> None:
    single: NameTree[PathOrBound] = Union((Weighted(0.4, Alt((Leaf(Path.read("/#/disco/cart")),))),))
    seen = Seen(
        bind(lambda path: Activity.ok(single) if path == Path.of("s") else disco().lookup(path.drop(2)), Path.of("s"))
    )
    assert shown(seen.last) == "/#/disco/cart @0.4"


@pytest.mark.parametrize("tree", [Alt(()), Union(())])
def test_a_tree_without_branches_is_neg(tree: NameTree[PathOrBound]) -> None:
    assert Seen(bind(lambda path: Activity.ok(tree), Path.of("s"))).states == [Ok(Neg())]


@pytest.mark.parametrize("addr", [ADDR_NEG, ADDR_PENDING, AddrFailed("x"), AddrBound(())])
def test_an_alternative_whose_address_is_of_no_use_is_still_a_hit(addr: Addr) -> None:
    namer = FakeNamer(addrs={"a": Var(addr), "b": bound_addr("10.0.0.1:80")})
    assert shown(bound("/s=>/#/disco/a | /#/disco/b", "/s", namer)) == "/#/disco/a"


# === depth ===


def chain(entries: int, end: str) -> str:
    return ";".join([f"/{i}=>/{i + 1}" for i in range(entries - 1)] + [f"/{entries - 1}=>{end}"])


@pytest.mark.parametrize(
    ("entries", "end", "binds"),
    [
        (99, "/#/disco/cart", True),
        (100, "/#/disco/cart", False),
        (100, "!", True),
        (101, "!", False),
        (101, "~", False),
    ],
)
def test_100_lookups_succeed_and_the_101st_fails(entries: int, end: str, binds: bool) -> None:
    state = bound(chain(entries, end), "/0")
    assert isinstance(state, Ok) == binds
    if not binds:
        assert state == Failed(MaxDepth(100)) and isinstance(state, Failed)
        assert str(state.error) == "Max recursion level: 100 reached in Namer lookup"


def test_a_loop_fails_an_alternative_and_is_left_out_of_a_union() -> None:
    assert bound("/a=>/a", "/a") == Failed(MaxDepth(100))
    assert bound("/a=>/a;/s=>/a | /#/disco/cart", "/s") == Failed(MaxDepth(100))
    assert shown(bound("/a=>/a;/s=>/a & /#/disco/cart", "/s")) == "/#/disco/cart @1.0"


def test_an_entry_for_everything_captures_the_namers_and_loops() -> None:
    assert bound("/=>/#/disco", "/cart") == Failed(MaxDepth(100))


def test_a_dtab_that_fans_out_ends() -> None:
    assert bound("/a=>/a & /a", "/a") == Failed(MaxDepth(100))
    assert bound("/a=>/a & /b;/b=>/a & /#/disco/slow", "/a") == Failed(MaxDepth(100))
    wide = ";".join(f"/{i}=>/{i + 1} & /{i + 1}" for i in range(20)) + ";/20=>/#/disco/gone"
    assert bound(wide, "/0") == Ok(Neg())  # a union leaves out what was not looked at
    narrow = ";".join(f"/{i}=>/{i + 1} & /{i + 1}" for i in range(20)) + ";/20=>/#/disco/broken"
    assert bound(narrow, "/0") == GONE_DOWN


def test_a_union_wider_than_the_budget_fails() -> None:
    tree: NameTree[PathOrBound] = Union(tuple([Weighted(1.0, Leaf(Path.of("x")))] * (MAX_NODES + 1)))
    seen = Seen(bind(lambda path: Activity.ok(tree), Path.of("s")))
    assert seen.states == [Failed(TooManyNodes(MAX_NODES))]


def test_deep_trees_do_not_exhaust_the_stack() -> None:
    tree: NameTree[PathOrBound] = Leaf(Path.of("#", "disco", "cart"))
    for _ in range(900):
        tree = Alt((Neg(), tree))
    lookup = names(disco()).lookup
    seen = Seen(bind(lambda path: Activity.ok(tree) if path == Path.of("s") else lookup(path), Path.of("s")))
    assert shown(seen.last) == "/#/disco/cart"
    seen.close()
    for _ in range(1000):
        tree = Union((Weighted(1.0, Empty()), Weighted(1.0, tree)))
    seen = Seen(bind(lambda path: Activity.ok(tree) if path == Path.of("s") else lookup(path), Path.of("s")))
    assert seen.states[0] is not None


def test_unions_within_unions_stay_comparable() -> None:
    dtab = ";".join(f"/{i}=>1*$ & 1*(1*$ & 1*(1*$ & 1*/{i + 1}))" for i in range(60)) + ";/60=>/#/disco/cart"
    states = [bound(dtab, "/0") for _ in range(2)]
    assert states[0] == states[1] and isinstance(states[0], Ok) and states[0].value.show()


# === over time ===


def test_an_alternative_is_looked_up_only_once_the_earlier_one_is_neg() -> None:
    namer = FakeNamer(addrs={"cart": bound_addr()})
    first = namer.drive("first")
    seen = Seen(bind(names(namer).with_dtab(Dtab.read("/s=>/#/disco/first | /#/disco/cart")), Path.of("s")))
    assert namer.asked == ["/first"]
    first.become(Ok(Neg()))
    assert namer.asked == ["/first", "/cart"]
    assert [shown(state) for state in seen.states] == ["Pending", "/#/disco/cart"]


def test_an_alternative_that_comes_back_leaves_the_later_ones() -> None:
    namer = FakeNamer()
    first, second, third = (namer.drive(label, Ok(Neg())) for label in ("a", "b", "c"))
    dtab = Dtab.read("/s=>/#/disco/a | /#/disco/b | /#/disco/c")
    seen = Seen(bind(names(namer).with_dtab(dtab), Path.of("s")))
    assert [each.observers for each in (first, second, third)] == [1, 1, 1]
    second.become(Ok(Empty()))
    assert [each.observers for each in (first, second, third)] == [1, 1, 0]
    first.become(PENDING)
    assert [each.observers for each in (first, second, third)] == [1, 0, 0]
    first.become(Ok(Neg()))
    seen.close()
    assert [each.observers for each in (first, second, third)] == [0, 0, 0]
    assert [shown(state) for state in seen.states] == ["~", "$", "Pending", "$"]


def test_a_union_follows_all_branches() -> None:
    namer = FakeNamer()
    one, two = namer.drive("one"), namer.drive("two")
    seen = Seen(bind(names(namer).with_dtab(Dtab.read("/s=>1*/#/disco/one & 2*/#/disco/two")), Path.of("s")))
    two.become(Ok(Empty()))
    one.become(Ok(Empty()))
    two.become(GONE_DOWN)
    one.become(GONE_DOWN)
    assert [shown(state) for state in seen.states] == ["Pending", "$", "$ & 2.00*$", "$", "Failed"]
    seen.close()
    assert one.observers == two.observers == 0


def test_a_source_that_old_and_new_tree_share_keeps_running() -> None:
    namer = FakeNamer(addrs={"cart": bound_addr()})
    top, shared = namer.drive("top", Ok(Leaf(Path.read("/#/disco/shared")))), namer.drive("shared", Ok(Empty()))
    Seen(bind(names(namer).lookup, Path.read("/#/disco/top")))
    top.become(Ok(Alt((Neg(), Leaf(Path.read("/#/disco/shared"))))))
    assert (shared.observers, shared.starts) == (1, 1)


def _rewrite(residual: str) -> State[NameTree[PathOrBound]]:
    return Ok(Leaf(Bound(DISCO + Path.of("x"), Path.read(residual), bound_addr())))


def test_a_change_of_the_residual_alone_is_swallowed() -> None:
    driven = Driven(_rewrite("/a"))
    seen = Seen(bind(lambda path: driven.activity, Path.of("s")))
    driven.become(_rewrite("/b"))
    driven.become(Ok(Neg()))
    driven.become(_rewrite("/b"))
    assert [shown(state) for state in seen.states] == ["/#/disco/x + /a", "~", "/#/disco/x + /b"]


def test_address_changes_flow_through_the_address_and_not_the_tree() -> None:
    addr = bound_addr("10.0.0.1:80")
    seen = Seen(bind(names(FakeNamer(addrs={"x": addr})).with_dtab(Dtab.read("/s=>2*/#/disco/x & 3*$")), Path.of("s")))
    assert isinstance(seen.last, Ok)
    (leaf,) = leaves(seen.last.value)
    heard: list[Addr] = []
    close = leaf.addr.observe(heard.append)
    addr.set(ADDR_NEG)
    addr.set(AddrBound((), meta=(("authority", "a"), ("z", 1.0))))
    close()
    assert not addr.observed and len(seen.states) == 1
    assert heard[1:] == [ADDR_NEG, AddrBound((), (("authority", "a"), ("namer_nametree_weight", 2.0), ("z", 1.0)))]


def test_the_innermost_weight_replaces_an_outer_one() -> None:
    weighed = with_weight(AddrBound(()), 1.0)
    assert with_weight(weighed, 2.0) == AddrBound((), (("namer_nametree_weight", 2.0),))


def test_a_lookup_that_raises_is_failed() -> None:
    def lookup(path: Path) -> Activity[NameTree[PathOrBound]]:
        raise KeyError("x")

    assert Seen(bind(lookup, Path.of("s"))).states == [Failed(KeyError("x"))]


def test_a_lookup_that_answers_no_tree_is_failed() -> None:
    state = Seen(bind(lambda path: Activity.ok("/web"), Path.of("s"))).last  # type: ignore[arg-type]
    assert isinstance(state, Failed) and "'/web', which is no name tree" in str(state.error)


def test_closing_from_inside_an_observer_leaves_everything() -> None:
    namer = FakeNamer()
    one, two = namer.drive("one"), namer.drive("two")
    bound_ = bind(names(namer).with_dtab(Dtab.read("/s=>/#/disco/one & /#/disco/two")), Path.of("s"))
    close = bound_.observe(lambda state: close() if isinstance(state, Ok) else None)
    two.become(Ok(Empty()))
    assert one.observers == two.observers == 0


def test_a_change_from_inside_an_observer_is_obeyed() -> None:
    namer = FakeNamer()
    one = namer.drive("one")
    bound_ = bind(names(namer).with_dtab(Dtab.read("/s=>/#/disco/one")), Path.of("s"))
    bound_.observe(lambda state: one.become(Ok(Empty())) if state == Ok(Neg()) else None)
    seen = Seen(bound_)
    one.become(Ok(Neg()))
    assert seen.states == [Pending(), Ok(Empty())]


def test_a_namer_that_answers_inside_another_ones_start_is_heard() -> None:
    namer = FakeNamer(addrs={"cart": bound_addr()})
    one = namer.drive("one", Ok(Neg()))

    def lookup(path: Path) -> Activity[NameTree[PathOrBound]]:
        if path == Path.of("trigger"):
            one.become(Ok(Empty()))
        return names(namer).with_dtab(Dtab.read("/s=>/#/disco/one | /trigger"))(path)

    seen = Seen(bind(lookup, Path.of("s")))
    assert seen.last == Ok(Empty())
    seen.close()
    assert one.observers == 0


# === against a naive evaluator ===

LABELS = ("a", "b", "c", "d", "e")


def naive(tree: NameTree[PathOrBound], world: dict[str, State[NameTree[PathOrBound]]], depth: int) -> State[BoundTree]:
    """dtab.md section 7, case by case, for depths that end."""
    if depth > MAX_DEPTH:
        return Failed(MaxDepth(MAX_DEPTH))
    match tree:
        case Leaf(Path() as path):
            state = world[path.texts[0]]
            return naive(state.value, world, depth + 1) if isinstance(state, Ok) else state
        case Union((only,)):
            return naive(only.tree, world, depth)
        case Union(weighted) if weighted:
            states = [(each.weight, naive(each.tree, world, depth)) for each in weighted]
            good = tuple([Weighted(weight, state.value) for weight, state in states if isinstance(state, Ok)])
            if good:
                return Ok(Union(good).simplified)
            return next((state for _, state in states if isinstance(state, Failed)), PENDING)
        case Alt(trees):
            for each in trees:
                state = naive(each, world, depth)
                if state != Ok(Neg()):
                    return state
            return Ok(Neg())
        case Union():
            return Ok(Neg())
        case _:
            return Ok(tree)  # type: ignore[arg-type]


def needed(tree: NameTree[PathOrBound], world: dict[str, State[NameTree[PathOrBound]]]) -> list[str]:
    """The labels observed, once for each observation."""
    match tree:
        case Leaf(Path() as path):
            state = world[path.texts[0]]
            return [path.texts[0], *(needed(state.value, world) if isinstance(state, Ok) else [])]
        case Union(weighted):
            return [label for each in weighted for label in needed(each.tree, world)]
        case Alt(trees):
            labels = []
            for each in trees:
                labels += needed(each, world)
                if naive(each, world, 0) != Ok(Neg()):
                    break
            return labels
        case _:
            return []


def trees(below: int) -> st.SearchStrategy[NameTree[PathOrBound]]:
    """Trees that lead only to labels after the first `below`: worlds made of them do not loop."""
    targets = LABELS[below:]
    leaf: st.SearchStrategy[NameTree[PathOrBound]] = st.one_of(
        st.sampled_from([Neg(), Neg(), Empty(), Fail()]),
        st.sampled_from([Leaf(Bound(Path.of("#", i), Path(), bound_addr())) for i in "xyz"]),
        *([st.sampled_from(targets).map(lambda label: Leaf(Path.of(label)))] * 2 if targets else []),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda trees: Alt(tuple(trees))),
            st.lists(st.builds(Weighted, st.sampled_from([0.5, 1.0, 2.0]), inner), max_size=3).map(
                lambda weighted: Union(tuple(weighted))
            ),
        ),
        max_leaves=6,
    )


def states(below: int) -> st.SearchStrategy[State[NameTree[PathOrBound]]]:
    return st.one_of(
        trees(below).map(Ok), st.just(PENDING), st.sampled_from("xy").map(lambda text: Failed(OSError(text)))
    )


class Counted:
    """A label's state; every lookup of it gets an activity of its own, so that each observation is counted."""

    def __init__(self) -> None:
        self.source: Var[State[NameTree[PathOrBound]]] = Var(PENDING)
        self.open = 0

    def activity(self) -> Activity[NameTree[PathOrBound]]:
        def start(set_):  # type: ignore[no-untyped-def]
            self.open += 1
            close = self.source.observe(set_)

            def stop() -> None:
                self.open -= 1
                close()

            return stop

        return Activity.lazy(start)


class HandDriven(RuleBasedStateMachine):
    """Labels change at will while a binding is observed, left and observed again."""

    def __init__(self) -> None:
        super().__init__()
        self.world = {label: Counted() for label in LABELS}
        self.bound = bind(lambda path: self.world[path.texts[0]].activity(), Path.of("a"))
        self.seen: Seen[BoundTree] | None = Seen(self.bound)

    @rule(label=st.integers(0, len(LABELS) - 1), data=st.data())
    def change(self, label: int, data: st.DataObject) -> None:
        self.world[LABELS[label]].source.set(data.draw(states(label + 1)))

    @precondition(lambda self: self.seen is not None)
    @rule()
    def leave(self) -> None:
        assert self.seen is not None
        self.seen.close()
        self.seen = None

    @precondition(lambda self: self.seen is None)
    @rule()
    def come_back(self) -> None:
        self.seen = Seen(self.bound)

    @invariant()
    def it_is_what_the_rules_say(self) -> None:
        if self.seen is not None:
            world = {label: counted.source.value for label, counted in self.world.items()}
            assert self.seen.last == naive(Leaf(Path.of("a")), world, 0)

    @invariant()
    def no_state_is_announced_twice(self) -> None:
        if self.seen is not None:
            assert all(a != b for a, b in zip(self.seen.states, self.seen.states[1:], strict=False))

    @invariant()
    def it_observes_what_it_needs_and_nothing_else(self) -> None:
        world = {label: counted.source.value for label, counted in self.world.items()}
        expected = needed(Leaf(Path.of("a")), world) if self.seen is not None else []
        assert {label: counted.open for label, counted in self.world.items()} == {
            label: expected.count(label) for label in LABELS
        }


HandDriven.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestHandDriven = HandDriven.TestCase


@given(st.fixed_dictionaries({label: states(i + 1) for i, label in enumerate(LABELS)}))
@settings(max_examples=200, deadline=None)
def test_a_still_world_binds_as_the_rules_say(world: dict[str, State[NameTree[PathOrBound]]]) -> None:
    seen = Seen(bind(lambda path: Activity(Var(world[path.texts[0]])), Path.of("a")))
    assert seen.states == [naive(Leaf(Path.of("a")), world, 0)]
