"""`/$/io.buoyant.http.status/<code>`: the router itself answers that status, with an empty body. dtab.md section 9."""

from __future__ import annotations

from dtab import Leaf, NameTree, Neg, Path
from namer.activity import Activity, Constant
from namer.addr import Addr, AddrBound
from namer.name import Bound, PathOrBound
from namer.system.text import integer, reencoded

_NOBODY: Addr = AddrBound(())


def status(path: Path) -> Activity[NameTree[PathOrBound]]:
    """A bound name with a `status`; Neg unless the code is an integer from 100 to 599.

    The residual is the whole path after the name, code included. The original makes a new, nameless id each time; ours
    is the path up to the code, so that all names of one status share one client.
    """
    code = integer(path.texts[2]) if len(path) > 2 else None
    if code is None or not 100 <= code <= 599:
        return Activity.ok(Neg())
    bound = Bound(path.take(3), reencoded(path.drop(2)), Constant(_NOBODY), status=code)
    return Activity.ok(Leaf(bound))
