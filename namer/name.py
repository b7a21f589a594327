"""A bound name: the concrete thing a logical name was rewritten to. dtab.md sections 6 and 12."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from dtab import Alt, Leaf, NameTree, Path, Union
from namer.activity import Ok, State, Var
from namer.addr import Addr

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bound:
    """id + residual + live addresses. Equal when the ids are equal: addresses and residual do not count.

    id: names the client, its pools and metrics, e.g. /#/io.l5d.fs/web or /%/io.l5d.port/4141/#/io.l5d.fs/web.
    residual: what of the path the namer did not use.
    addr: observed by whoever opens a client for this id.
    status: set when the router itself is to answer with this HTTP status (/$/io.buoyant.http.status).
    """

    id: Path
    residual: Path = field(compare=False)
    addr: Var[Addr] = field(compare=False, repr=False)
    status: int | None = field(default=None, compare=False)


BoundTree = NameTree[Bound]
"""What a bind gives: Leaf, Union, Neg, Empty or Fail over `Bound`; never Alt (dtab.md section 7)."""

PathOrBound = Path | Bound


def leaves(tree: NameTree[T]) -> Iterator[T]:
    """The values of all leaves, left to right."""
    stack: list[NameTree[T]] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf):
            yield node.value
        elif isinstance(node, Alt):
            stack.extend(reversed(node.trees))
        elif isinstance(node, Union):
            stack.extend(branch.tree for branch in reversed(node.weighted))


def same_tree(one: State[BoundTree], other: State[BoundTree]) -> bool:
    """Whether two states route alike: equal, residuals included.

    Within one binding a change of residuals alone is swallowed (dtab.md section 7), because `Bound`s compare by id;
    where a binding is replaced by another one, as when a stored dtab changes, it counts.
    """
    if one != other:
        return False
    if not (isinstance(one, Ok) and isinstance(other, Ok)):
        return True
    return [leaf.residual for leaf in leaves(one.value)] == [leaf.residual for leaf in leaves(other.value)]
