"""What is settled about a request before anything else sees it: its target's form, its Host, its persistence.

RFC 9112 sections 3.2 and 9.3; observed.md, "Faults not to copy": the authority of an absolute target replaces Host,
CONNECT is not spoken, two Hosts are refused.
"""

from __future__ import annotations

import re

from linker.errors import ClientError
from linker.http.heads import index_fields
from linker.http.message import Headers, Request
from linker.http.persistence import persists

_ABSOLUTE = re.compile(rb"(?i:(https?))://([^/?#]*)([^#]*)")
_AUTHORITY = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]*)?")


def at_the_door(request: Request) -> None:
    """Check the target and Host, and bring an absolute target to origin form. Raises ClientError."""
    hosts = request.headers.index.get(b"host")
    if hosts is not None and len(hosts) > 1:
        raise ClientError("more than one Host header")
    target = request.target
    if target[:1] == b"/":
        if request.method == b"CONNECT":
            raise ClientError("CONNECT is not spoken here", 501)
        if b"#" in target:  # no target has one (RFC 9112 section 3.2), and readers differ on where it ends then
            raise ClientError("malformed target: it has a fragment")
        return
    if request.method == b"CONNECT":
        raise ClientError("CONNECT is not spoken here", 501)
    if target == b"*":
        if request.method != b"OPTIONS":
            raise ClientError("the target * is for OPTIONS only")
        return
    _to_origin_form(request)


def _to_origin_form(request: Request) -> None:
    m = _ABSOLUTE.fullmatch(request.target)
    if m is None:
        raise ClientError("malformed target: expected a path that starts with /, or an absolute http URI")
    scheme, authority, path = m.groups()
    if _AUTHORITY.fullmatch(authority) is None:
        raise ClientError("malformed authority in the target")
    request.scheme = scheme.lower()
    if path[:1] != b"/":
        path = b"*" if not path and request.method == b"OPTIONS" else b"/" + path
    request.target = path
    # Read again as a received line: routing must see the authority where it looks for Host.
    request.headers.remove(b"host")
    raw = b"Host: %b\r\n%b" % (authority, request.headers.render())
    request.headers = Headers(raw, index_fields(raw))


def wants_keep_alive(request: Request) -> bool:
    """Whether the client will use the connection again."""
    return persists(request.headers, request.minor == 1)
