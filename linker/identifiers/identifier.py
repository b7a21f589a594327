"""What an identifier is: request → logical name, or the reason why not; and a list of them (linkerd.md section 3.16).

Identifiers run on the path of every request and answer at once. Each remembers the names it made by the bytes it
made them from (`Known`), so that a request for a known host costs one look-up and no new path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dtab import Path
from linker.errors import UnknownDst
from linker.http.message import Request
from namer.plugin import Registry

IDENTIFIERS = Registry(
    "identifier",
    default="io.l5d.header.token",
    planned=("io.l5d.ingress", "io.l5d.k8s.istio", "io.l5d.k8s.istio-ingress"),
)

MOST_KNOWN = 1000
"""Names an identifier remembers: as many as the path cache of bindingCache holds by default."""
LONGEST_KNOWN = 256
"""Bytes of a key that is remembered: a DNS name has at most 253, and strangers can send 8 KB."""


class NotIdentified:
    """This identifier has no name for the request; `reason` is for the client. Each makes its own once."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"NotIdentified({self.reason!r})"


class Identifier(Protocol):
    """One way to name requests."""

    def identify(self, request: Request) -> Path | NotIdentified:
        """The logical name, with the dstPrefix; or why there is none, and then the next in the list is asked.

        May edit the request (`consume` of io.l5d.path shortens its target), but only if it returns a name.
        Raises UnknownDst for a request that no other identifier shall have either.
        """


class IdentifierConfig(Protocol):
    """The configuration of one kind."""

    def mk(self, prefix: Path) -> Identifier:
        """`prefix`: the router's dstPrefix."""


class Known(dict[bytes, Path]):
    """Paths by the bytes they were made from, at most MOST_KNOWN: the oldest goes first."""

    def remember(self, key: bytes, path: Path) -> Path:
        """Keep `path`, unless its key is too long; gives it back."""
        if len(key) <= LONGEST_KNOWN:
            if len(self) >= MOST_KNOWN:
                del self[next(iter(self))]
            self[key] = path
        return path


class FirstOf:
    """A list of identifiers: the first that names the request wins; if none does, the last reason is reported."""

    def __init__(self, identifiers: Sequence[Identifier]) -> None:
        self._identifiers = identifiers

    def identify(self, request: Request) -> Path | NotIdentified:
        """See `Identifier.identify`."""
        found: Path | NotIdentified = NotIdentified("no identifier is configured")
        for identifier in self._identifiers:
            found = identifier.identify(request)
            if not isinstance(found, NotIdentified):
                return found
        return found


def mk_identifier(configs: Sequence[IdentifierConfig], prefix: Path) -> Identifier:
    """The identifier of a router: of its `identifier` key, an object or a list."""
    identifiers = [config.mk(prefix) for config in configs]
    return identifiers[0] if len(identifiers) == 1 else FirstOf(identifiers)


def unknown_dst(request: Request, reason: str) -> UnknownDst:
    """The error for a request without a name, in the original's words."""
    ip, port = request.peer
    peer = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    what = f"{request.method.decode('latin1')} {request.target.decode('latin1')}"
    return UnknownDst(f'Unknown destination: Request("{what}", from /{peer}) / {reason}')


def label(value: bytes) -> bytes:
    """A header's bytes as the original makes a label of them: read as ISO-8859-1, kept as UTF-8."""
    return value if value.isascii() else value.decode("latin1").encode()
