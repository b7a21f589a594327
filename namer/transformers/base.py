"""What transformers have in common: their prefix, and the two ways to transform. dtab.md section 13.

`EachAddress` changes the addresses below every leaf and leaves the tree as it is; `io.l5d.replace` and `io.l5d.const`
put another tree in its place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Protocol

from dtab import Path
from namer.activity import Activity, Var
from namer.addr import ADDR_NEG, Addr, AddrBound, Address
from namer.name import Bound, BoundTree
from namer.namer import Transformer
from namer.plugin import Registry
from namer.records import config_class, record
from namer.runtime import Runtime

TRANSFORMERS = Registry("transformer", planned=("io.l5d.k8s.daemonset", "io.l5d.k8s.localnode"))
"""kind → configuration class with `mk(parts) -> Transformer`."""

TRANSFORMED_PREFIX = Path.of("%")
"""`/%`: with it begin the ids of transformed names."""

FILTERING = "SubnetLocalTransformer"
DELEGATING = "DelegatingNameTreeTransformer$"
"""Names in delegation trees: the original's classes, dtab.md section 17."""


class TransformerParts(Protocol):
    """What namers and transformers are made of besides their configuration; `NamingParts` is one."""

    @property
    def runtime(self) -> Runtime:
        """Runs their tasks."""

    def bind(self, path: Path) -> Activity[BoundTree]:
        """The binding of a path with the empty dtab, by all namers; not before the last of them has been made."""


@config_class
class TransformerConfig(ABC):
    """prefix: what stands behind `/%` in transformed ids, instead of the kind and its parameters."""

    kind: ClassVar[str]

    prefix: Path | None = None

    @property
    def default_prefix(self) -> Path:
        """The kind, and what else tells two transformers of it apart."""
        return Path.of(self.kind)

    @property
    def served(self) -> Path:
        """What stands before every id: `/%/io.l5d.port/4140`."""
        return TRANSFORMED_PREFIX + (self.default_prefix if self.prefix is None else self.prefix)

    @abstractmethod
    def mk(self, parts: TransformerParts) -> Transformer:
        """The transformer."""


@record
class EachAddress:
    """Applies `change` to the address of every leaf, and puts `prefix` before its id."""

    prefix: Path
    delegate_name: str
    change: Callable[[Var[Addr]], Var[Addr]]

    def transform(self, tree: BoundTree) -> Activity[BoundTree]:
        """See `Transformer.transform`."""
        return Activity.ok(tree.map(self._leaf))

    def _leaf(self, bound: Bound) -> Bound:
        return replace(prefixed(bound, self.prefix), addr=self.change(bound.addr))


def prefixed(bound: Bound, prefix: Path) -> Bound:
    """The same with `prefix` before its id."""
    return replace(bound, id=prefix + bound.id)


def map_addresses(change: Callable[[Address], Address], addr: Addr) -> Addr:
    """Each address changed; what become equal are one."""
    if not isinstance(addr, AddrBound):
        return addr
    return replace(addr, addresses=tuple(sorted({change(address) for address in addr.addresses})))


def keep_addresses(keep: Callable[[Address], bool], addr: Addr) -> Addr:
    """The addresses that `keep` says; none left is Neg, as dtab.md section 13 wants, also of an empty set."""
    if not isinstance(addr, AddrBound):
        return addr
    kept = tuple(address for address in addr.addresses if keep(address))
    return replace(addr, addresses=kept) if kept else ADDR_NEG
