"""Explaining and binding agree: what the delegation tree evaluates to is what the name is bound to."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtab import Alt as AltTree
from dtab import Dentry, Dtab, Empty, Fail, Leaf, NameTree, Neg, Path, Prefix, Union, Weighted
from namer.activity import Failed, Ok, State
from namer.bind import bind
from namer.delegate import delegate
from namer.delegation import (
    AltNode,
    DelegateNode,
    DelegateTree,
    EmptyNode,
    ErrorNode,
    FailNode,
    LeafNode,
    NegNode,
    TransformationNode,
    UnionNode,
    draw,
    to_json,
)
from namer.name import BoundTree
from tests.namer.fakes import FakeNamer, Seen, bound_addr, names

LABELS = "abcd"
BROKEN = Failed(OSError("broken"))


def evaluated(node: DelegateTree) -> State[BoundTree]:
    """The tree by the rules of dtab.md section 7, in a world without Pending."""
    match node:
        case DelegateNode() | TransformationNode():
            return evaluated(node.tree)
        case LeafNode():
            return Ok(Leaf(node.bound))
        case NegNode():
            return Ok(Neg())
        case FailNode():
            return Ok(Fail())
        case EmptyNode():
            return Ok(Empty())
        case ErrorNode():
            return BROKEN
        case AltNode():
            return next((state for state in map(evaluated, node.trees) if state != Ok(Neg())), Ok(Neg()))
        case UnionNode():
            states = [(each.weight, evaluated(each.tree)) for each in node.weighted]
            settled = [Weighted(weight, state.value) for weight, state in states if isinstance(state, Ok)]
            return Ok(Union(tuple(settled)).simplified) if settled else BROKEN


def entries(i: int) -> st.SearchStrategy[Dentry]:
    """Entries for the label `i`, leading only to later ones and to namers: such dtabs do not loop."""
    targets = [Path.of(label) for label in LABELS[i + 1 :]]
    targets += [Path.of("#", "disco", name) for name in ("web", "db", "gone", "broken", "rewrite")]
    leaf: st.SearchStrategy[NameTree[Path]] = st.one_of(
        st.sampled_from([Neg(), Empty(), Fail()]), st.sampled_from(targets).map(Leaf)
    )
    tree = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda trees: AltTree(tuple(trees))),
            st.lists(st.builds(Weighted, st.sampled_from([0.5, 1.0]), inner), min_size=2, max_size=3).map(
                lambda weighted: Union(tuple(weighted))
            ),
        ),
        max_leaves=4,
    )
    return st.builds(Dentry, st.sampled_from([Prefix([LABELS[i].encode()]), Prefix([LABELS[i].encode(), None])]), tree)


dtabs = st.lists(st.integers(0, len(LABELS) - 1).flatmap(entries), max_size=8).map(Dtab)


@pytest.mark.parametrize("path", [Path.of("a"), Path.of("a", "x", "y")])
@given(dtabs)
@settings(max_examples=100, deadline=None)
def test_explaining_and_binding_agree(path: Path, dtab: Dtab) -> None:
    namer = FakeNamer(addrs={"web": bound_addr("10.0.0.1:80"), "db": bound_addr()})
    namer.drive("broken", BROKEN)
    namer.drive("rewrite", Ok(AltTree((Neg(), Leaf(Path.read("/#/disco/db"))))))
    named = names(namer)
    tree = anyio.run(delegate, named, dtab, path, backend="trio")
    seen = Seen(bind(named.with_dtab(dtab), path))
    seen.close()
    assert evaluated(tree) == seen.last
    assert to_json(tree)["path"] == path.show() or isinstance(tree, NegNode)
    assert draw(tree).startswith(path.show())
