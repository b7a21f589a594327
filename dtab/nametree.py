"""NameTree: what a name may stand for — fail-over, weighted spread, or a verdict. dtab.md sections 2 and 5.

Strategy: six frozen node classes, and one function per operation that goes through the cases in the order of the
document's tables. Trees are shallow (`limits.MAX_NESTING`), so the operations recurse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Generic, Never, TypeVar

from dtab.limits import REQUEST_LIMIT

if TYPE_CHECKING:
    from dtab.path import Path

V = TypeVar("V")
W = TypeVar("W")
V_co = TypeVar("V_co", covariant=True)

DEFAULT_WEIGHT = 1.0

_CENT = Decimal("0.01")
# Enough digits for the greatest double, 1.8e308, with two decimals.
_DECIMAL = Context(prec=320, rounding=ROUND_HALF_UP)


class NameTree(Generic[V_co]):
    """One of Leaf, Alt, Union, Neg, Empty, Fail; V, the leaves' value, is a Path in a dtab, a bound name later."""

    __slots__ = ()

    @staticmethod
    def read(text: str, *, limit: int = REQUEST_LIMIT) -> NameTree[Path]:
        """The tree written as `text`, of at most `limit` characters. Raises DtabSyntaxError."""
        # Imported late: the parser builds trees, so it stands above this module; and it loads lark.
        from dtab import parse

        return parse.read_tree(text, limit)

    def show(self) -> str:
        """The canonical text. Weights lose all but two decimals (dtab.md section 2.1); leaves show as their str()."""
        return _show(self, _ALONE)

    __str__ = show

    @property
    def simplified(self) -> NameTree[V_co]:
        """The smallest tree of the same meaning that dtab.md section 5 knows of. Idempotent, and equal under `eval`."""
        return _simplify(self)

    def eval(self) -> frozenset[V_co] | None:
        """The leaf values this tree stands for, weights aside; None when it is negative or failing."""
        verdict = _eval(self)
        return verdict if isinstance(verdict, frozenset) else None

    def map(self, function: Callable[[V_co], W]) -> NameTree[W]:
        """The same tree with every leaf's value replaced by `function(value)`."""
        return _map(self, function)


@dataclass(frozen=True, slots=True)
class Leaf(NameTree[V_co]):
    """This name."""

    value: V_co


@dataclass(frozen=True, slots=True)
class Alt(NameTree[V_co]):
    """`t1 | t2`: the first branch that is not Neg."""

    trees: tuple[NameTree[V_co], ...]


@dataclass(frozen=True, slots=True)
class Weighted(Generic[V_co]):
    """A branch of a Union; the weight is relative to its siblings'."""

    weight: float
    tree: NameTree[V_co]


@dataclass(frozen=True, slots=True)
class Union(NameTree[V_co]):
    """`w1*t1 & w2*t2`: all branches at once, by weight."""

    weighted: tuple[Weighted[V_co], ...]


@dataclass(frozen=True, slots=True)
class Neg(NameTree[Never]):
    """`~`: no such thing, try something else."""


@dataclass(frozen=True, slots=True)
class Empty(NameTree[Never]):
    """`$`: exists, but holds nobody; stop here."""


@dataclass(frozen=True, slots=True)
class Fail(NameTree[Never]):
    """`!`: stop here with an error, no fail-over."""


# Where a tree is shown, which decides whether it needs parentheses.
_ALONE, _IN_ALT, _IN_UNION = range(3)


def _show(tree: NameTree[V], place: int) -> str:
    match tree:
        case Alt((only,)) | Union((Weighted(tree=only),)):
            return _show(only, place)
        case Alt(trees):
            text = " | ".join([_show(branch, _IN_ALT) for branch in trees])
            return text if place == _ALONE else f"({text})"
        case Union(weighted):
            text = " & ".join([show_weight(w.weight) + _show(w.tree, _IN_UNION) for w in weighted])
            return text if place != _IN_UNION else f"({text})"
        case Leaf(value):
            return str(value)
        case Neg():
            return "~"
        case Empty():
            return "$"
        case _:
            return "!"


def show_weight(weight: float) -> str:
    """`0.25*`; nothing for the default weight."""
    if weight == DEFAULT_WEIGHT:
        return ""
    if weight == float(
        "inf"
    ):  # what a number of 309 digits and more reads as; the original's text, which does not read back
        return "Infinity*"
    # Java's %.2f: half up on the shortest decimal digits. Python's rounds the binary value, half to even.
    return f"{Decimal(repr(weight)).quantize(_CENT, context=_DECIMAL):f}*"


def _simplify(tree: NameTree[V]) -> NameTree[V]:
    match tree:
        case Alt((only,)) | Union((Weighted(tree=only),)):
            return _simplify(only)
        case Alt(trees):
            return _simplify_alt(trees)
        case Union(weighted):
            branches = [Weighted(w.weight, _simplify(w.tree)) for w in weighted]
            kept = tuple([w for w in branches if not isinstance(w.tree, Neg | Fail)])
            if not kept:
                return Neg()
            return kept[0].tree if len(kept) == 1 else Union(kept)
        case _:
            return tree


def _simplify_alt(trees: tuple[NameTree[V], ...]) -> NameTree[V]:
    kept: list[NameTree[V]] = []
    for tree in trees:
        branch = _simplify(tree)
        if not isinstance(branch, Neg):
            kept.append(branch)
        if isinstance(branch, Fail):
            break  # nothing after it can be reached
    if not kept:
        return Neg()
    return kept[0] if len(kept) == 1 else Alt(tuple(kept))


def _eval(tree: NameTree[V]) -> frozenset[V] | Neg | Fail:
    match tree:
        case Leaf(value):
            return frozenset((value,))
        case Empty():
            return frozenset()
        case Alt((only,)) | Union((Weighted(tree=only),)):
            return _eval(only)  # a lone branch is no spread: its Fail stays a Fail, as in simplify
        case Alt(trees):
            for branch in trees:
                verdict = _eval(branch)
                if not isinstance(verdict, Neg):
                    return verdict
            return Neg()
        case Union(weighted):
            verdicts = [_eval(w.tree) for w in weighted]
            found = [verdict for verdict in verdicts if isinstance(verdict, frozenset)]
            return frozenset().union(*found) if found else Neg()
        case Fail():
            return tree
        case _:
            return Neg()


def _map(tree: NameTree[V], function: Callable[[V], W]) -> NameTree[W]:
    match tree:
        case Leaf(value):
            return Leaf(function(value))
        case Alt(trees):
            return Alt(tuple([_map(branch, function) for branch in trees]))
        case Union(weighted):
            return Union(tuple([Weighted(w.weight, _map(w.tree, function)) for w in weighted]))
        case Neg() | Empty() | Fail():
            return tree
        case _:
            raise TypeError(f"not a name tree: {tree!r}")
