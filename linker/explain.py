"""A delegation tree as a flat list of steps, as diagnostic tracing tells it (linkerd.md section 5.10)."""

from __future__ import annotations

from collections.abc import Iterator

from namer.delegation import AltNode, DelegateNode, DelegateTree, TransformationNode, UnionNode


def steps(tree: DelegateTree) -> list[tuple[str, str]]:
    """(path, dentry) of every node, each before its children; "" where no dentry led to it."""
    return list(_steps(tree))


def _steps(tree: DelegateTree) -> Iterator[tuple[str, str]]:
    yield tree.path.show(), "" if tree.dentry is None else tree.dentry.show()
    match tree:
        case DelegateNode() | TransformationNode():
            yield from _steps(tree.tree)
        case AltNode():
            for each in tree.trees:
                yield from _steps(each)
        case UnionNode():
            for branch in tree.weighted:
                yield from _steps(branch.tree)
