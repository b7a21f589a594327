"""The delegation tree as a value: its nodes, its JSON and its drawing. dtab.md sections 17.1 and 17.3.

Every node has the `path` that was looked up, and the dtab entry that produced it (None at the root).
"""

from __future__ import annotations

from collections.abc import Iterator

from dtab import Dentry, Path
from namer.addr import Addr, AddrBound, Address, AddrFailed, AddrNeg
from namer.name import Bound
from namer.records import record

WEIGHT_META = "endpoint_addr_weight"
"""Where the original keeps an endpoint's weight; in JSON it is a number."""

_FAIL = Path.of("$", "fail")


@record
class _Node:
    path: Path
    dentry: Dentry | None


@record
class DelegateNode(_Node):
    """`path` was rewritten into `tree`."""

    tree: DelegateTree


@record
class AltNode(_Node):
    """Alternatives, all of them told."""

    trees: tuple[DelegateTree, ...]


@record
class WeightedNode:
    weight: float
    tree: DelegateTree


@record
class UnionNode(_Node):
    weighted: tuple[WeightedNode, ...]


@record
class LeafNode(_Node):
    """A bound name; `addr` is its first state that was not pending."""

    bound: Bound
    addr: Addr


@record
class NegNode(_Node):
    """No such name. The path is empty when an entry says `~`."""


@record
class FailNode(_Node):
    pass


@record
class EmptyNode(_Node):
    pass


@record
class ErrorNode(_Node):
    """The lookup failed; linkerd's "exception"."""

    message: str


@record
class TransformationNode(_Node):
    """A transformer made `tree` of the leaf `bound`; `name` says which. It has no dentry."""

    name: str
    bound: Bound
    addr: Addr
    tree: DelegateTree


DelegateTree = (
    DelegateNode | AltNode | UnionNode | LeafNode | NegNode | FailNode | EmptyNode | ErrorNode | TransformationNode
)


def to_json(tree: DelegateTree) -> dict[str, object]:
    """The node as a value for `json.dumps`, fields in linkerd's order, absent ones left out."""
    match tree:
        case DelegateNode():
            return _head("delegate", tree) | {"delegate": to_json(tree.tree)}
        case AltNode():
            return _head("alt", tree) | {"alt": [to_json(each) for each in tree.trees]}
        case UnionNode():
            branches = [{"weight": each.weight, "tree": to_json(each.tree)} for each in tree.weighted]
            return _head("union", tree) | {"union": branches}
        case LeafNode():
            return _head("leaf", tree) | {"bound": _bound_json(tree)}
        case NegNode():
            return _head("neg", tree, path=tree.path.show() if tree.path else "~")
        case FailNode():
            return _head("fail", tree, path=tree.path.show() if tree.path.starts_with(_FAIL) else "!")
        case EmptyNode():
            return _head("empty", tree)
        case ErrorNode():
            return _head("exception", tree) | {"message": tree.message}
        case TransformationNode():
            return _head("transformation", tree) | {
                "name": tree.name,
                "bound": _bound_json(tree),
                "tree": to_json(tree.tree),
            }


def _head(kind: str, node: _Node, path: str | None = None) -> dict[str, object]:
    head: dict[str, object] = {"type": kind, "path": node.path.show() if path is None else path}
    if node.dentry is not None:
        head["dentry"] = {"prefix": node.dentry.prefix.show(), "dst": node.dentry.dst.show()}
    return head


def _bound_json(node: LeafNode | TransformationNode) -> dict[str, object]:
    # The original's id of a status name is no path, and then the node's path is shown (dtab.md section 17.3).
    id_ = node.bound.id if node.bound.status is None else node.path
    return {"addr": addr_json(node.addr), "id": id_.show(), "path": node.bound.residual.show()}


def addr_json(addr: Addr) -> dict[str, object]:
    """An address state as a value for `json.dumps`: ADDR of dtab.md section 17.3."""
    match addr:
        case AddrBound():
            addrs = [{"ip": each.ip, "port": each.port, "meta": _endpoint_meta(each)} for each in addr.addresses]
            return {"type": "bound", "addrs": addrs, "meta": dict(addr.meta)}
        case AddrNeg():
            return {"type": "neg"}
        case AddrFailed():
            return {"type": "failed", "cause": addr.cause}
        case _:
            return {"type": "pending"}


def _endpoint_meta(address: Address) -> dict[str, object]:
    meta: dict[str, object] = dict(address.meta)
    if address.weight != 1.0 or WEIGHT_META in meta:
        meta[WEIGHT_META] = address.weight
    return meta


def draw(tree: DelegateTree) -> str:
    """The tree as indented lines, for error texts and logs: `path (dentry)` and what became of it.

    /web/7
      | /beta/7 (/web => /beta): no such name
      | /cart/7 (/web => /cart | /$/fail)
          /#/disco/cart/7 (/cart => /#/disco/cart) → /#/disco/cart, residual /7, at 10.0.0.1:80
      | /$/fail/7 (/web => /cart | /$/fail): fails, as written
    """
    return "\n".join(_lines(tree, "", ""))


def _lines(tree: DelegateTree, indent: str, mark: str) -> Iterator[str]:
    path = tree.path.show() if tree.path else "~" if isinstance(tree, NegNode) else "/"
    entry = "" if tree.dentry is None else f" ({tree.dentry.prefix.show()} => {tree.dentry.dst.show()})"
    yield f"{indent}{mark}{path}{entry}{_verdict(tree)}"
    indent += "  " * (2 if mark else 1)
    match tree:
        case DelegateNode() | TransformationNode():
            yield from _lines(tree.tree, indent, "")
        case AltNode():
            for each in tree.trees:
                yield from _lines(each, indent, "| ")
        case UnionNode():
            for branch in tree.weighted:
                yield from _lines(branch.tree, indent, f"{branch.weight:g} * ")


def _verdict(tree: DelegateTree) -> str:
    match tree:
        case LeafNode():
            residual = f", residual {tree.bound.residual}" if tree.bound.residual else ""
            return f" → {tree.bound.id}{residual}, {_addresses(tree.addr)}"
        case TransformationNode():
            return f" → {tree.bound.id}, {_addresses(tree.addr)}, then {tree.name}"
        case NegNode():
            return ": no such name"
        case FailNode():
            return ": fails, as written"
        case EmptyNode():
            return ": empty, as written"
        case ErrorNode():
            return f": {tree.message}"
        case _:
            return ""


_DRAWN_ADDRESSES = 5
"""Addresses of one name that a drawing lists: it must stay readable in a response body."""


def _addresses(addr: Addr) -> str:
    match addr:
        case AddrBound(addresses=()):
            return "nobody there"
        case AddrBound(addresses=addresses):
            more = len(addresses) - _DRAWN_ADDRESSES
            listed = ", ".join(map(str, addresses[:_DRAWN_ADDRESSES]))
            return f"at {listed}" + (f" and {more} more" if more > 0 else "")
        case AddrNeg():
            return "no such address"
        case AddrFailed():
            return f"address failed: {addr.cause}"
        case _:
            return "address pending"
