"""What is legal and seldom meant: warned of at start."""

from __future__ import annotations

from collections.abc import Iterator

from dtab import Alt, Dentry, Empty, Fail, NameTree, Path, Union
from linker.config.top import LinkerConfig
from namer.config import ConfigError, Marks


def warnings(config: LinkerConfig, marks: Marks) -> list[ConfigError]:
    """Warnings, in file order."""
    return sorted(
        marks.error(router, message, "dtab")
        for router in config.routers
        for dentry in router.dtab.dentries
        for message in _dead_shares(dentry)
    )


def _dead_shares(dentry: Dentry) -> Iterator[str]:
    """A branch of a union that is `$` or `!` takes its weight of the requests and fails them."""
    for union in _unions(dentry.dst):
        total = sum(branch.weight for branch in union.weighted)
        for branch in union.weighted:
            if isinstance(branch.tree, Empty | Fail) and branch.weight > 0:
                share = 100 * branch.weight / total
                yield f"{dentry.show()}: the branch {branch.tree.show()} fails {share:.3g} % of the requests"


def _unions(tree: NameTree[Path]) -> Iterator[Union[Path]]:
    if isinstance(tree, Alt):
        for branch in tree.trees:
            yield from _unions(branch)
    if isinstance(tree, Union):
        yield tree
        for weighted in tree.weighted:
            yield from _unions(weighted.tree)
