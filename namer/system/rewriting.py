"""The stateless names that rewrite a path: `io.buoyant.http.*`, `hostportPfx`, `porthostPfx`. dtab.md section 10.

Strategy: a rewriting is a function from the labels after the name to the labels of the new path, or None for Neg. The
table at the end is the document's table. An empty label in the result is an error, not Neg: `Path` refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dtab import Leaf, NameTree, Neg, Path
from namer.activity import Activity
from namer.name import PathOrBound
from namer.records import record

Labels = tuple[str, ...]

_HOST = re.compile(r"[A-Za-z0-9.:_-]+")
_METHOD = re.compile(r"[A-Z]+")
_PORT = re.compile(r"[a-z0-9][-a-z0-9]{0,62}")


@record
class Rewriting:
    """takes: labels the rewriting needs; a shorter path is Neg. rewrite: those labels → what replaces them."""

    takes: int
    rewrite: Callable[..., Labels | None]

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """`path` is `/$/<name>/…`. Raises ValueError for a result with an empty label."""
        labels = path.texts[2:]
        if len(labels) < self.takes:
            return Activity.ok(Neg())
        rewritten = self.rewrite(*labels[: self.takes])
        if rewritten is None:
            return Activity.ok(Neg())
        if "" in rewritten:
            raise ValueError(f"requirement failed: {path} is rewritten to a path with an empty label")
        return Activity.ok(Leaf(Path.of(*rewritten, *labels[self.takes :])))


def _any_method(method: str) -> Labels | None:
    return () if _METHOD.fullmatch(method) else None


def _any_host(host: str) -> Labels | None:
    return () if _HOST.fullmatch(host) else None


def _subdomain_of(domain: str, host: str) -> Labels | None:
    if not (_HOST.fullmatch(domain) and _HOST.fullmatch(host)):
        return None
    colon = host.find(":")
    if colon > 0:
        host = host[:colon]
    subdomain = host.removesuffix("." + domain)
    return (subdomain,) if subdomain and subdomain != host else None


def _domain_to_path(host: str) -> Labels | None:
    if not _HOST.fullmatch(host):
        return None
    return tuple(reversed(host.rstrip(".").split("."))) if host.strip(".") else ()


def _host_port(label: str) -> tuple[str, str] | None:
    """Split at colons, trailing empty parts removed, as Java does: `h:80:` has two parts."""
    parts = label.rstrip(":").split(":")
    if len(parts) != 2 or not _PORT.fullmatch(parts[1]):
        return None
    return parts[0], parts[1]


def _hostport(prefix: str, label: str) -> Labels | None:
    parts = _host_port(label)
    return (prefix, *parts) if parts else None


def _porthost(prefix: str, label: str) -> Labels | None:
    parts = _host_port(label)
    return (prefix, *reversed(parts)) if parts else None


def _below(rewrite: Callable[[str], Labels | None]) -> Callable[[str, str], Labels | None]:
    """The form for names with a prefix label, which is kept."""

    def prefixed(prefix: str, label: str) -> Labels | None:
        rewritten = rewrite(label)
        return None if rewritten is None else (prefix, *rewritten)

    return prefixed


def _subdomain_of_below(domain: str, prefix: str, host: str) -> Labels | None:
    rewritten = _subdomain_of(domain, host)
    return None if rewritten is None else (prefix, *rewritten)


REWRITINGS = {
    "io.buoyant.http.anyMethod": Rewriting(1, _any_method),
    "io.buoyant.http.anyMethodPfx": Rewriting(2, _below(_any_method)),
    "io.buoyant.http.anyHost": Rewriting(1, _any_host),
    "io.buoyant.http.anyHostPfx": Rewriting(2, _below(_any_host)),
    "io.buoyant.http.subdomainOf": Rewriting(2, _subdomain_of),
    "io.buoyant.http.subdomainOfPfx": Rewriting(3, _subdomain_of_below),
    "io.buoyant.http.domainToPath": Rewriting(1, _domain_to_path),
    "io.buoyant.http.domainToPathPfx": Rewriting(2, _below(_domain_to_path)),
    "io.buoyant.hostportPfx": Rewriting(2, _hostport),
    "io.buoyant.porthostPfx": Rewriting(2, _porthost),
}
