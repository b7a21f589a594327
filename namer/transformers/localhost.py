"""`io.l5d.localhost`: only addresses of this machine, for a linker that serves its own host. linkerd.md section 3.20.

Strategy: the machine's addresses are those of its network interfaces, asked for at every change of a set, since they
may change too.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from typing import ClassVar

from namer.addr import Addr
from namer.records import config_class
from namer.transformers.base import (
    FILTERING,
    TRANSFORMERS,
    EachAddress,
    TransformerConfig,
    TransformerParts,
    keep_addresses,
)


def interface_ips() -> frozenset[str]:
    """The addresses of all interfaces, in the form of `str(ip_address(…))`, without zones. getifaddrs(3)."""
    libc = ctypes.CDLL(None, use_errno=True)
    first = ctypes.POINTER(_IfAddrs)()
    if libc.getifaddrs(ctypes.byref(first)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "getifaddrs")
    try:
        ips = set()
        each = first
        while each:
            ips.add(_ip(each.contents.ifa_addr))
            each = each.contents.ifa_next
        return frozenset(ip for ip in ips if ip is not None)
    finally:
        libc.freeifaddrs(first)


@TRANSFORMERS.register("io.l5d.localhost")
@config_class
class LocalhostConfig(TransformerConfig):
    """No options."""

    kind: ClassVar[str] = "io.l5d.localhost"

    def mk(self, parts: TransformerParts, ips: Callable[[], frozenset[str]] = interface_ips) -> EachAddress:
        """See `TransformerConfig.mk`."""

        def keep(addr: Addr) -> Addr:
            local = ips()
            return keep_addresses(lambda address: address.ip.partition("%")[0] in local, addr)

        return EachAddress(self.served, FILTERING, lambda addr: addr.map(keep))


class _IfAddrs(ctypes.Structure):
    """struct ifaddrs; what follows ifa_addr is not needed, since libc allocates and frees."""


_IfAddrs._fields_ = [
    ("ifa_next", ctypes.POINTER(_IfAddrs)),
    ("ifa_name", ctypes.c_char_p),
    ("ifa_flags", ctypes.c_uint),
    ("ifa_addr", ctypes.c_void_p),
]


def _ip(sockaddr: int | None) -> str | None:
    """The address in a struct sockaddr_in (2 bytes family, 2 port, 4 address) or sockaddr_in6 (4 flow, 16 address)."""
    if not sockaddr:  # an interface without address
        return None
    family = ctypes.c_ushort.from_address(sockaddr).value
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, ctypes.string_at(sockaddr + 4, 4))
    if family == socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET6, ctypes.string_at(sockaddr + 8, 16))
    return None
