"""dtab.md sections 2 and 5."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtab import Alt, DtabSyntaxError, Empty, Fail, Leaf, NameTree, Neg, Path, Union, Weighted
from dtab.limits import MAX_NESTING
from tests.dtab.strategies import trees

A, B, C = (Leaf(Path.of(name)) for name in "abc")


def union(*branches):
    """Branches are trees of weight 1, or (weight, tree)."""
    pairs = [branch if isinstance(branch, tuple) else (1.0, branch) for branch in branches]
    return Union(tuple(Weighted(weight, tree) for weight, tree in pairs))


def alt(*branches):
    return Alt(branches)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a", A),
        ("/", Leaf(Path())),
        ("~", Neg()),
        ("$", Empty()),
        ("!", Fail()),
        ("/$", Leaf(Path.of("$"))),
        ("/a|/b", alt(A, B)),
        ("/a&/b", union(A, B)),
        ("/a|/b&2*/c", alt(A, union(B, (2.0, C)))),
        ("(/a|/b)&/c", union(alt(A, B), C)),
        ("/a | (/b | /c)", alt(A, alt(B, C))),
        ("/a & (/b & /c)", union(A, union(B, C))),
        ("((/a))", A),
        ("0.4 * /old", Leaf(Path.of("old"))),
        ("(0.4 * /old)", Leaf(Path.of("old"))),
        ("0.4*/a | /b", alt(A, B)),
        ("2 * (/a | /b) & /c", union((2.0, alt(A, B)), C)),
        ("1*/a & 2.5*/b & .5*/c & 5.*~", union(A, (2.5, B), (0.5, C), (5.0, Neg()))),
        ("0*/a & /b", union((0.0, A), B)),
        (" # one\n ( # two\n /a # three\n | /b ) # four", alt(A, B)),
        ("2#weight\n*#of\n/a & $#c", union((2.0, A), Empty())),
        ("9" * 400 + "*/a & /b", union((float("inf"), A), B)),
    ],
)
def test_a_text_reads_as_its_tree(text, expected):
    assert NameTree.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "|", "/a |", "| /a", "/a & ", "/a || /b", "/a && /b", "/a /b", "()", "(/a", "/a)", "((/a)"),
        *("$foo", "!/a", "~~", "$/a", "2 * 3 * /a", "2 /a", "2", "*/a", "* /a", "/*", "/a/*", "/a*", "/a;"),
        *(". * /a", "1.2.3*/a", "1..*/a", "..5*/a", "-1*/a", "+1*/a", "1e3*/a", "1,5*/a", "0x1*/a", "٣*/a", "inf*/a"),
        *("1 .5*/a", "/ a", "/a /", "/a, /b"),
    ],
)
def test_what_is_no_tree_is_refused(text):
    with pytest.raises(DtabSyntaxError):
        NameTree.read(text)


@pytest.mark.parametrize(
    ("tree", "shown"),
    [
        (alt(union(A, B), C), "/a & /b | /c"),
        (alt(A, alt(B, C)), "/a | (/b | /c)"),
        (union(A, union(B, C)), "/a & (/b & /c)"),
        (union(A, alt(B, C)), "/a & (/b | /c)"),
        (union((2.0, alt(A, B)), C), "2.00*(/a | /b) & /c"),
        (alt(Neg(), Empty(), Fail()), "~ | $ | !"),
        (alt(union((0.5, alt(A)))), "/a"),
        (union(alt(union(A, B)), C), "(/a & /b) & /c"),
        (alt(alt(alt(A, B)), C), "(/a | /b) | /c"),
        (Leaf(Path()), "/"),
        (alt(), ""),
        (union(), ""),
    ],
)
def test_a_tree_shows_with_the_parentheses_it_needs(tree, shown):
    assert tree.show() == str(tree) == shown


@pytest.mark.parametrize(
    ("weight", "shown"),
    [
        *((1.0, ""), (0.999, "1.00*"), (0.0, "0.00*"), (0.004, "0.00*"), (0.005, "0.01*"), (0.335, "0.34*")),
        *((0.125, "0.13*"), (1.005, "1.01*"), (2.5, "2.50*"), (0.1 + 0.2, "0.30*"), (1e22, "1" + "0" * 22 + ".00*")),
        *((1e300, "1" + "0" * 300 + ".00*"), (1e-300, "0.00*"), (float("inf"), "Infinity*")),
    ],
)
def test_a_weight_shows_two_decimals_of_its_shortest_digits_rounded_half_up(weight, shown):
    assert union((weight, A), B).show() == f"{shown}/a & /b"


@given(trees())
def test_what_is_shown_reads_back(tree):
    assert NameTree.read(tree.show()) == tree


@given(trees(st.floats(0, 1e9)))
def test_other_weights_read_back_rounded_to_two_decimals(tree):
    assert NameTree.read(tree.show()) == rounded(tree)


def rounded(tree):
    match tree:
        case Alt(branches):
            return Alt(tuple(rounded(branch) for branch in branches))
        case Union(weighted):
            return Union(tuple(Weighted(float(two_decimals(w.weight)), rounded(w.tree)) for w in weighted))
        case _:
            return tree


def two_decimals(weight):
    return Decimal(repr(weight)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("tree", "simplified"),
    [
        (alt(), Neg()),
        (union(), Neg()),
        (alt(A), A),
        (union((0.3, A)), A),
        (union(Fail()), Fail()),
        (alt(A, Neg(), B), alt(A, B)),
        (alt(A, Fail(), B), alt(A, Fail())),
        (alt(Fail(), B), Fail()),
        (alt(Neg(), A), A),
        (alt(Neg(), Neg()), Neg()),
        (alt(A, Empty(), B), alt(A, Empty(), B)),
        (union(A, Neg(), (2.0, B)), union(A, (2.0, B))),
        (union(A, Fail(), B), union(A, B)),
        (union((0.1, A), Neg()), A),
        (union(Fail(), Fail()), Neg()),
        (union(A, Empty()), union(A, Empty())),
        (alt(alt(A, B), C), alt(alt(A, B), C)),
        (alt(union(Neg(), Neg()), A), A),
        (union(alt(Neg()), (0.5, alt(A, A))), alt(A, A)),
        (Empty(), Empty()),
    ],
)
def test_simplify_follows_its_table(tree, simplified):
    assert tree.simplified == simplified


@pytest.mark.parametrize(
    ("text", "values"),
    [
        *(("/a", {"/a"}), ("$", set()), ("~", None), ("!", None), ("/a & /b", {"/a", "/b"}), ("/a & $", {"/a"})),
        *(("/a & $ | /b", {"/a"}), ("$ | /b", set()), ("! & /b", {"/b"}), ("! & !", None), ("! & ! | /b", {"/b"})),
        *(("~ & ~ | /b", {"/b"}), ("~ | /b", {"/b"}), ("! | /b", None), ("~ | ! | /b", None), ("$ & $", set())),
        *(("/a | /b", {"/a"}), ("0*/a & 9*/b", {"/a", "/b"}), ("(~ | /a) & (! | /b)", {"/a"})),
    ],
)
def test_eval_follows_its_table(text, values):
    result = NameTree.read(text).eval()
    assert result == (None if values is None else {Path.read(value) for value in values})


def test_trees_without_branches_evaluate_to_none():
    assert alt().eval() is None
    assert union().eval() is None


@given(trees(min_size=0))
def test_simplify_is_idempotent_and_equal_under_eval(tree):
    assert tree.simplified.simplified == tree.simplified
    assert tree.simplified.eval() == tree.eval()


@given(trees(min_size=0))
def test_map_changes_the_leaves_and_nothing_else(tree):
    assert tree.map(lambda path: path) == tree
    assert tree.map(lambda path: path.show()).show() == tree.show()


def test_verdicts_are_values():
    assert (Neg(), Empty(), Fail()) == (Neg(), Empty(), Fail())
    assert len({Neg(), Empty(), Fail(), Neg()}) == 3


@settings(max_examples=20)
@given(st.sampled_from(["|", "&"]), st.integers(1, MAX_NESTING))
def test_the_deepest_tree_that_reads_can_be_used(operator, depth):
    text = f"/a {operator} (" * depth + "/b" + ")" * depth
    tree = NameTree.read(text)
    # From 500 frames down, as under a server and a chain of 100 lookups.
    assert _from_deep_down(500, lambda: NameTree.read(tree.show()) == tree)
    assert _from_deep_down(500, lambda: tree.simplified == tree)
    assert _from_deep_down(500, lambda: hash(tree.map(lambda path: path)) == hash(tree))
    assert _from_deep_down(500, tree.eval)
    assert _from_deep_down(500, lambda: repr(tree))


def _from_deep_down(frames, action):
    return action() if frames == 0 else _from_deep_down(frames - 1, action)
