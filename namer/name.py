"""A bound name: the concrete thing a logical name was rewritten to. dtab.md sections 6 and 12."""

from __future__ import annotations

from dataclasses import dataclass, field

from dtab import NameTree, Path
from namer.activity import Var
from namer.addr import Addr


@dataclass(frozen=True, slots=True)
class Bound:
    """id + residual + live addresses. Equal when the ids are equal: addresses and residual do not count.

    id: names the client, its pools and metrics, e.g. /#/io.l5d.fs/web or /%/io.l5d.port/4141/#/io.l5d.fs/web.
    residual: what of the path the namer did not use.
    addr: observed by whoever opens a client for this id.
    status: set when the router itself is to answer with this HTTP status (/$/io.buoyant.http.status, dtab.md section 9).
    """

    id: Path
    residual: Path = field(compare=False)
    addr: Var[Addr] = field(compare=False, repr=False)
    status: int | None = field(default=None, compare=False)


BoundTree = NameTree[Bound]
"""What a bind gives: Leaf, Union, Neg, Empty or Fail over `Bound`; never Alt (dtab.md section 7)."""

PathOrBound = Path | Bound
