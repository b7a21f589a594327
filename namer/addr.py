"""Addresses: where a bound name lives, as a value over time. dtab.md sections 6 and 15.4.

`Addr` is a closed set of states. The set in `AddrBound` carries where it came from (`Provenance`), which does not take
part in equality: a poll that confirms the same set is no change.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One endpoint: an IP literal (v4, or v6 without brackets), a port 1..65535, a weight, and namer metadata.

    `meta` is a sorted tuple of (key, text) pairs, for example (("nodeName", "n1"),).
    """

    ip: str
    port: int
    weight: float = 1.0
    meta: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a set came from and when it was last confirmed: design section 5.

    source: what was asked, for people ("/srv/disco/web", "consul 127.0.0.1:8500 dc1/web").
    version: the source's own version text (an index, a revision, an mtime), "" where there is none.
    confirmed: seconds on the clock of `Runtime.now` when the source last gave this very value.
    """

    source: str = ""
    version: str = ""
    confirmed: float = 0.0


@dataclass(frozen=True, slots=True)
class AddrBound:
    """The known endpoints, sorted, without duplicates (an address given with two weights is two entries).

    `meta`: metadata of the whole set, sorted (key, value) pairs: `authority`, `namer_nametree_weight`, …
    """

    addresses: tuple[Address, ...]
    meta: tuple[tuple[str, str | float], ...] = ()
    provenance: Provenance = field(default=Provenance(), compare=False)


@dataclass(frozen=True, slots=True)
class AddrNeg:
    """There is no such thing."""


@dataclass(frozen=True, slots=True)
class AddrFailed:
    """The source fails; `cause` says how."""

    cause: str


@dataclass(frozen=True, slots=True)
class AddrPending:
    """Not known yet."""


Addr = AddrBound | AddrNeg | AddrFailed | AddrPending
ADDR_PENDING = AddrPending()
ADDR_NEG = AddrNeg()
