"""`addForwardedHeader`: adds an RFC 7239 `Forwarded` line that says by whom and for whom (linkerd.md section 3.13).

A labeler turns one end of the client's connection into a label; its kinds are the small classes below. The line is
added after those that came. Left out where the option is absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import getrandbits
from typing import Annotated, Any, Protocol

from linker.http.message import Request
from linker.service import PlainFilter
from namer.config import NonEmpty, keyed
from namer.plugin import Registry

LABELERS = Registry("labeler", default="requestRandom")

Label = Callable[[Request], bytes]
_ALPHANUMERICS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_SIZE = 6
"""Characters of a random label after its underscore."""
_WILDCARDS = ("", "0.0.0.0", "::")
_UNQUOTED_HOST = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z:\[\]-]*")
"""A token, and the colon and brackets of an authority, which the original does not quote either."""


class LabelerConfig(Protocol):
    """The configuration of one labeler kind."""

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """`end`: which end of the client's connection to label, as (ip, port); `router`: the router's label."""


@LABELERS.register("ip")
@dataclass(frozen=True, kw_only=True)
class IpLabeler:
    """`1.2.3.4`, `"[2001:db8::1]"`, or `unknown`."""

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """See `LabelerConfig.mk`."""
        return lambda request: show_ip(end(request)[0])


@LABELERS.register("ip:port")
@dataclass(frozen=True, kw_only=True)
class IpPortLabeler:
    """`"1.2.3.4:80"`, `"[::1]:80"`, or `unknown`."""

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """See `LabelerConfig.mk`."""
        return lambda request: show_ip_port(*end(request))


@LABELERS.register("requestRandom")
@dataclass(frozen=True, kw_only=True)
class RequestRandomLabeler:
    """`_` and six alphanumerics, new for each request."""

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """See `LabelerConfig.mk`."""
        return lambda request: random_label()


@LABELERS.register("connectionRandom")
@dataclass(frozen=True, kw_only=True)
class ConnectionRandomLabeler:
    """`_` and six alphanumerics, the same for all requests of a connection and for both ends of it."""

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """See `LabelerConfig.mk`."""
        return lambda request: b"_" + request.connection_id


@LABELERS.register("router")
@dataclass(frozen=True, kw_only=True)
class RouterLabeler:
    """`_` and the router's label."""

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """See `LabelerConfig.mk`."""
        return _constant(router)


@LABELERS.register("static")
@dataclass(frozen=True, kw_only=True)
class StaticLabeler:
    """`_` and the given label."""

    label: NonEmpty

    def mk(self, end: Callable[[Request], tuple[str, int]], router: str) -> Label:
        """See `LabelerConfig.mk`."""
        return _constant(self.label)


@dataclass(frozen=True, kw_only=True)
class ForwardedHeaderConfig:
    """by: the labeler of the server's end; for_ (key `for`): of the client's."""

    by: Annotated[Any, LABELERS] = field(default_factory=LABELERS.default_config)
    for_: Annotated[Any, LABELERS] = keyed("for", LABELERS.default_config)

    @property
    def by_connection(self) -> bool:
        """Whether a label is asked for that a connection keeps; then the server has to set `Request.connection_id`."""
        return isinstance(self.by, ConnectionRandomLabeler) or isinstance(self.for_, ConnectionRandomLabeler)

    def mk(self, router: str) -> Forwarded:
        """The filter for a server of the router with this label."""
        return Forwarded(
            self.by.mk(lambda request: request.local, router), self.for_.mk(lambda request: request.peer, router)
        )


class Forwarded(PlainFilter):
    """Made by `ForwardedHeaderConfig.mk`."""

    def __init__(self, by: Label, for_: Label) -> None:
        self._by = by
        self._for = for_

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        line = b"Forwarded: by=%b;for=%b" % (self._by(request), self._for(request))
        host = request.headers.get(b"host")
        if host:
            line += b";host=" + (host if _UNQUOTED_HOST.fullmatch(host) else _quote(host))
        if request.scheme:
            line += b";proto=" + request.scheme
        request.headers.append(b"forwarded", line + b"\r\n")


def show_ip(ip: str) -> bytes:
    """A node name without port (RFC 7239 section 6)."""
    if ip in _WILDCARDS:
        return b"unknown"
    return b'"[%b]"' % ip.encode() if ":" in ip else ip.encode()


def show_ip_port(ip: str, port: int) -> bytes:
    """A node with port; quoted, since a token has no colon."""
    if ip in _WILDCARDS:
        return b"unknown"
    return b'"%b:%d"' % (f"[{ip}]".encode() if ":" in ip else ip.encode(), port)


def random_label(bits: Callable[[int], int] = getrandbits) -> bytes:
    """`_` and six alphanumerics: 36 bits of chance."""
    rest = bits(64)
    label = bytearray(b"_")
    for _ in range(RANDOM_SIZE):
        rest, digit = divmod(rest, len(_ALPHANUMERICS))
        label.append(_ALPHANUMERICS[digit])
    return bytes(label)


def connection_label() -> bytes:
    """For `Request.connection_id`: six alphanumerics."""
    return random_label()[1:]


def _constant(label: str) -> Label:
    text = label.encode()
    value = b"_" + text if _UNQUOTED_HOST.fullmatch(text) and b":" not in text else _quote(b"_" + text)
    return lambda request: value


def _quote(value: bytes) -> bytes:
    return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
