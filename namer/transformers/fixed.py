"""The binding of a fixed path, which `io.l5d.replace` and `io.l5d.const` put in the place of others."""

from __future__ import annotations

from functools import cached_property, partial

from dtab import Path
from namer.activity import Activity
from namer.name import BoundTree
from namer.records import record
from namer.transformers.base import TransformerParts, prefixed


@record
class FixedBinding:
    """What `path` is bound to with the empty dtab, with `prefix` before every id."""

    prefix: Path
    path: Path
    parts: TransformerParts

    @cached_property
    def tree(self) -> Activity[BoundTree]:
        """One activity for all that observe it: a path that leads back here is Pending then, and not endless."""
        return self.parts.bind(self.path).map(lambda tree: tree.map(partial(prefixed, prefix=self.prefix)))
