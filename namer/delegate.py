"""The delegation of a name: every rewriting step, all alternatives included. dtab.md section 17.2.

Strategy: the walk of `namer.bind`, told once. Each lookup waits for its first settled state; branches wait side by
side; the told tree is then collapsed to what a reader needs. Nodes, JSON and drawing are in `namer.delegation`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import anyio

from dtab import Alt, Dentry, Dtab, Empty, Fail, Leaf, NameTree, Neg, Path, Union
from namer.activity import Failed
from namer.addr import AddrPending
from namer.bind import MAX_DEPTH, MAX_NODES
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
    WeightedNode,
)
from namer.name import Bound, BoundTree, PathOrBound
from namer.namer import BindingError, NamedNamers, TooManyNodes, Transformer
from namer.runtime import first, settled

MAX_LEVEL = 200
"""Nodes above a node. Collapsing and printing take 2 Python frames a level of at most 1000."""


class CannotDelegate(BindingError):
    """A transformer that replaces names cannot be explained (dtab.md section 17.4: 501)."""


async def delegate(
    names: NamedNamers, dtab: Dtab, path: Path, transformers: Sequence[Transformer] = ()
) -> DelegateTree:
    """How `path` is rewritten by `dtab` and `names`. Waits for the first settled state of everything on the way.

    Raises `BindingError` when the walk cannot end (a loop outside of any alternative), and `CannotDelegate`. The
    caller bounds the wait: 2 seconds at linkerd's admin.
    """
    for transformer in transformers:
        if transformer.delegate_name is None:
            raise CannotDelegate(f"{transformer.prefix} replaces names")
    tree = collapsed(await _Walk(names, dtab).look(None, path, depth=1, level=0))
    for transformer in transformers:
        tree = await _transformed(tree, transformer)
    return tree


class _Walk:
    """Sections "from", "look" and "resolve" in one: nodes are told resolved."""

    def __init__(self, names: NamedNamers, dtab: Dtab) -> None:
        self._names = names
        self._dtab = dtab
        self._nodes = 0

    async def look(self, dentry: Dentry | None, path: Path, depth: int, level: int) -> DelegateTree:
        """What `path`, which `dentry` led to, is rewritten to. `depth` counts lookups, this one included."""
        self._count(depth, level)
        matches = self._dtab.matching(path)
        if not matches:
            return await self._ask(dentry, path, depth, level)
        if len(matches) == 1:
            only = matches[0]
            return DelegateNode(path, dentry, await self._tell(path, only, only.rewrite(path), depth, level + 1))
        branches = [self._teller(path, entry, entry.rewrite(path), depth, level + 1) for entry in matches]
        return AltNode(path, dentry, await self._all(path, dentry, branches))

    async def _ask(self, dentry: Dentry | None, path: Path, depth: int, level: int) -> DelegateTree:
        state = await settled(self._names.lookup(path))
        if isinstance(state, Failed):
            return ErrorNode(path, dentry, error_text(state.error))
        if isinstance(state.value, Neg):
            return NegNode(path, dentry)
        return await self._tell(path, dentry, state.value, depth, level)

    async def _tell(
        self, path: Path, dentry: Dentry | None, tree: NameTree[PathOrBound], depth: int, level: int
    ) -> DelegateTree:
        """`tree`, which `path` was rewritten to by `dentry`."""
        self._count(depth, level)
        match tree:
            case Leaf(Path() as next_):
                return await self.look(dentry, next_, depth + 1, level)
            case Leaf(Bound() as bound):
                return await _leaf(path, dentry, bound)
            case Alt(trees):
                branches = [self._teller(path, dentry, each, depth, level + 1) for each in trees]
                return AltNode(path, dentry, await self._all(path, dentry, branches))
            case Union(weighted):
                branches = [self._teller(path, dentry, each.tree, depth, level + 1) for each in weighted]
                told = await self._all(path, dentry, branches)
                pairs = zip(weighted, told, strict=True)
                return UnionNode(path, dentry, tuple([WeightedNode(each.weight, node) for each, node in pairs]))
            case Fail():
                return FailNode(path, dentry)
            case Empty():
                return EmptyNode(path, dentry)
            case _:
                return NegNode(Path(), dentry)

    def _count(self, depth: int, level: int) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH or level > MAX_LEVEL:
            raise BindingError("Max recursion level reached.")
        if self._nodes > MAX_NODES:
            raise TooManyNodes(MAX_NODES)

    def _teller(
        self, path: Path, dentry: Dentry | None, tree: NameTree[PathOrBound], depth: int, level: int
    ) -> Callable[[], Coroutine[Any, Any, DelegateTree]]:
        return lambda: self._tell(path, dentry, tree, depth, level)

    async def _all(
        self,
        path: Path,
        dentry: Dentry | None,
        branches: Sequence[Callable[[], Coroutine[Any, Any, DelegateTree]]],
    ) -> tuple[DelegateTree, ...]:
        """All branches, waiting side by side; one that cannot be told is an error node of its parent's path."""
        told: dict[int, DelegateTree] = {}

        async def tell(i: int) -> None:
            try:
                told[i] = await branches[i]()
            except BindingError as error:
                told[i] = ErrorNode(path, dentry, error_text(error))

        async with anyio.create_task_group() as group:
            for i in range(len(branches)):
                group.start_soon(tell, i)
        return tuple([told[i] for i in range(len(branches))])


def error_text(error: Exception) -> str:
    """The error's message, or its type name if it has none."""
    return str(error) or type(error).__name__


async def _leaf(path: Path, dentry: Dentry | None, bound: Bound) -> LeafNode:
    addr = await first(bound.addr, lambda addr: not isinstance(addr, AddrPending))
    return LeafNode(path, dentry, bound, addr)


def collapsed(tree: DelegateTree) -> DelegateTree:
    """Without the steps that say nothing: dtab.md section 17.2, the table under "collapse"."""
    match tree:
        case DelegateNode():
            return _collapsed_delegate(tree.path, tree.dentry, tree.tree)
        case AltNode(trees=()) | UnionNode(weighted=()):
            return NegNode(tree.path, tree.dentry)
        case AltNode(trees=(only,)) | UnionNode(weighted=(WeightedNode(tree=only),)):
            return _collapsed_delegate(tree.path, tree.dentry, only)
        case AltNode():
            spliced: list[DelegateTree] = []
            for each in tree.trees:
                branch = collapsed(each)
                if isinstance(branch, AltNode) and branch.path == tree.path:
                    spliced += branch.trees
                else:
                    spliced.append(branch)
            return replace(tree, trees=tuple(spliced))
        case UnionNode():
            return replace(tree, weighted=tuple([replace(each, tree=collapsed(each.tree)) for each in tree.weighted]))
        case _:
            return tree


def _collapsed_delegate(path: Path, dentry: Dentry | None, child: DelegateTree) -> DelegateTree:
    child = collapsed(child)
    if child.path == path and not isinstance(child, NegNode | FailNode | EmptyNode):
        return replace(child, dentry=dentry)
    return DelegateNode(path, dentry, child)


async def _transformed(tree: DelegateTree, transformer: Transformer) -> DelegateTree:
    """The tree with a transformation node in the place of every leaf."""
    match tree:
        case LeafNode():
            state = await settled(transformer.transform(Leaf(tree.bound)))
            if isinstance(state, Failed):
                after: DelegateTree = ErrorNode(tree.path, tree.dentry, error_text(state.error))
            else:
                after = await _told(tree, state.value)
            return TransformationNode(tree.path, None, transformer.delegate_name or "", tree.bound, tree.addr, after)
        case DelegateNode() | TransformationNode():
            return replace(tree, tree=await _transformed(tree.tree, transformer))
        case AltNode():
            return replace(tree, trees=tuple([await _transformed(each, transformer) for each in tree.trees]))
        case UnionNode():
            branches = [replace(each, tree=await _transformed(each.tree, transformer)) for each in tree.weighted]
            return replace(tree, weighted=tuple(branches))
        case _:
            return tree


async def _told(leaf: LeafNode, tree: BoundTree) -> DelegateTree:
    """What a transformer made of `leaf`; a new leaf's path is its id."""
    match tree:
        case Leaf(bound):
            return await _leaf(bound.id, leaf.dentry, bound)
        case Union(weighted):
            branches = [WeightedNode(each.weight, await _told(leaf, each.tree)) for each in weighted]
            return UnionNode(leaf.path, leaf.dentry, tuple(branches))
        case Fail():
            return FailNode(leaf.path, leaf.dentry)
        case Empty():
            return EmptyNode(leaf.path, leaf.dentry)
        case _:
            return NegNode(leaf.path, leaf.dentry)
