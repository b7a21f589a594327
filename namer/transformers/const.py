"""`io.l5d.const`: every tree, Neg and unknown names too, becomes what a fixed path is bound to. dtab.md section 13.

For tests and for a linker with one way out. The new ids are `/%/io.l5d.const` and the id that the fixed path is bound
to; it may belong to any configured namer (observed.md).
"""

from __future__ import annotations

from typing import ClassVar

from dtab import Path
from namer.activity import Activity
from namer.config import required
from namer.name import BoundTree
from namer.records import config_class, record
from namer.transformers.base import TRANSFORMERS, TransformerConfig, TransformerParts
from namer.transformers.fixed import FixedBinding


@record
class Const:
    """The transformer."""

    fixed: FixedBinding
    delegate_name: ClassVar[None] = None

    @property
    def prefix(self) -> Path:
        """See `Transformer.prefix`."""
        return self.fixed.prefix

    def transform(self, tree: BoundTree) -> Activity[BoundTree]:
        """See `Transformer.transform`."""
        return self.fixed.tree


@TRANSFORMERS.register("io.l5d.const")
@config_class
class ConstConfig(TransformerConfig):
    """path: bound without a dtab."""

    kind: ClassVar[str] = "io.l5d.const"

    path: Path = required("the 'path' property is required for the io.l5d.const transformer")

    def mk(self, parts: TransformerParts) -> Const:
        """See `TransformerConfig.mk`."""
        return Const(FixedBinding(self.served, self.path, parts))
