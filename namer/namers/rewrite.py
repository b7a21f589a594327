"""`io.l5d.rewrite`: names made of parts of other names. dtab.md section 11.

With pattern `/{team}/*/{svc}-svc` and name `/srv/{svc}/{team}`, `/pay/eu/cart-svc/extra` stands for `/srv/cart/pay`:
what the pattern does not reach is dropped.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from dtab import Leaf, NameTree, Neg, Path
from namer.activity import Activity
from namer.config import FromText, required
from namer.name import PathOrBound
from namer.namers.base import NAMERS, NamerConfig
from namer.pathmatcher import PathMatcher, substitute
from namer.records import config_class, record
from namer.transformers import TransformerParts


@record
class RewriteNamer:
    """Answers the substituted `name` as a path leaf, or Neg. A name that is no path then is an error of the lookup."""

    pattern: PathMatcher
    name: str

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """See `Namer.lookup`."""
        values = self.pattern.extract(path)
        return Activity.ok(Neg() if values is None else Leaf(Path.read(substitute(self.name, values))))


@NAMERS.register("io.l5d.rewrite")
@config_class
class RewriteConfig(NamerConfig):
    """prefix: required. pattern: compared with the path below it. name: a path with the pattern's variables."""

    kind: ClassVar[str] = "io.l5d.rewrite"

    prefix: Path = required("The 'prefix' property is required for the io.l5d.rewrite namer.")
    pattern: Annotated[PathMatcher, FromText(PathMatcher)] = required(
        "The 'pattern' property is required for the io.l5d.rewrite namer."
    )
    name: str = required("The 'name' property is required for the io.l5d.rewrite namer.")

    def mk(self, parts: TransformerParts) -> RewriteNamer:
        """See `NamerConfig.mk`."""
        return RewriteNamer(self.pattern, self.name)
