"""io.l5d.methodAndHost: version, method and host. `GET /p` for `Web` → `/svc/1.1/GET/web`; HTTP/1.0 → `/svc/1.0/GET`.

The host is lower-cased and keeps its port. `httpUriInDst` adds the segments of the URI's path, raw; empty ones are left
out, so that every path routes (the original answers 502 to `/p//q/`).
"""

from __future__ import annotations

from dtab import Path
from linker.http.message import Request
from linker.identifiers.identifier import IDENTIFIERS, Known, NotIdentified, label
from namer.records import config_class

_NO_HOST = NotIdentified("HTTP/1.1 request missing hostname")


@IDENTIFIERS.register("io.l5d.methodAndHost")
@config_class
class MethodAndHostConfig:
    """httpUriInDst: whether the URI's path is part of the name."""

    httpUriInDst: bool = False

    def mk(self, prefix: Path) -> MethodAndHost:
        """See `IdentifierConfig.mk`."""
        return MethodAndHost(prefix, self.httpUriInDst)


class MethodAndHost:
    """See the module."""

    def __init__(self, prefix: Path, uri_in_dst: bool) -> None:
        self._prefix = prefix
        self._uri_in_dst = uri_in_dst
        self._known = Known()

    def identify(self, request: Request) -> Path | NotIdentified:
        """See `Identifier.identify`."""
        method = request.method
        if request.minor == 0:
            key = method  # without a space: never the key of a 1.1 request
            labels: tuple[bytes, ...] = (b"1.0", method)
        else:
            host = request.headers.get(b"host")
            if not host:
                return _NO_HOST
            key, labels = b"%b %b" % (method, host), (b"1.1", method, label(host).lower())
        uri = b""
        if self._uri_in_dst:
            uri = request.target.partition(b"?")[0]
            key = b"%b %b" % (key, uri) if request.minor else b"%b  %b" % (key, uri)
        return self._known.get(key) or self._known.remember(key, self._name(labels, uri))

    def _name(self, labels: tuple[bytes, ...], uri: bytes) -> Path:
        return self._prefix + labels + tuple([label(segment) for segment in uri.split(b"/") if segment])
