"""Host names to addresses, once, by the system's resolver.

Strategy: the system's resolver and nothing else: /etc/hosts, search domains and `127.1` work as everywhere on the
machine. Where somebody must ask again and again, that is theirs to do.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

import anyio

Resolve = Callable[[str], Awaitable[str | None]]
"""A host name → its first address, IPv4 before IPv6 (as linkerd's JVM preferred). None: there is no such name.
Raises `OSError` when that cannot be told now."""

_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


async def resolve(host: str) -> str | None:
    """See `Resolve`. The addresses of one name are interchangeable, so one stands for all."""
    try:
        found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return None
        raise
    except UnicodeError:  # no name at all, such as a label of 64 characters
        return None
    ips = [str(address[0]) for family, _, _, _, address in found if family in (socket.AF_INET, socket.AF_INET6)]
    ips.sort(key=lambda ip: ":" in ip)  # stable: the resolver's order within a family
    return ips[0] if ips else None
