"""`io.l5d.replace`: every leaf becomes what a fixed path is bound to; Neg, Empty and Fail stay. dtab.md section 13.

For a linker that sends everything that exists through one other place. The new ids are `/%/io.l5d.replace` and the id
that the fixed path is bound to; it may belong to any configured namer (observed.md).
"""

from __future__ import annotations

from typing import ClassVar

from dtab import Leaf, Path, Union, Weighted
from namer.activity import Activity
from namer.config import required
from namer.name import BoundTree, leaves
from namer.records import config_class, record
from namer.transformers.base import TRANSFORMERS, TransformerConfig, TransformerParts
from namer.transformers.fixed import FixedBinding


@record
class Replace:
    """The transformer."""

    fixed: FixedBinding
    delegate_name: ClassVar[None] = None

    @property
    def prefix(self) -> Path:
        """See `Transformer.prefix`."""
        return self.fixed.prefix

    def transform(self, tree: BoundTree) -> Activity[BoundTree]:
        """See `Transformer.transform`. Only a tree with leaves needs the fixed path to be bound."""
        if next(leaves(tree), None) is None:
            return Activity.ok(tree)
        return self.fixed.tree.map(lambda fixed: _with_leaves(tree, fixed).simplified)


def _with_leaves(tree: BoundTree, leaf: BoundTree) -> BoundTree:
    match tree:
        case Leaf():
            return leaf
        case Union(weighted):
            return Union(tuple(Weighted(branch.weight, _with_leaves(branch.tree, leaf)) for branch in weighted))
        case _:  # Neg, Empty, Fail: a bound tree has no Alt
            return tree


@TRANSFORMERS.register("io.l5d.replace")
@config_class
class ReplaceConfig(TransformerConfig):
    """path: bound without a dtab."""

    kind: ClassVar[str] = "io.l5d.replace"

    path: Path = required("the 'path' property is required for the io.l5d.replace transformer")

    def mk(self, parts: TransformerParts) -> Replace:
        """See `TransformerConfig.mk`."""
        return Replace(FixedBinding(self.served, self.path, parts))
