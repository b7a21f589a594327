"""`/$/inet`, `/$/fixedinet` and `/$/io.buoyant.rinet`: host and port in the name itself. dtab.md section 9.

Strategy: the tree is known at once; only the address waits. `Hosts` gives, per host name, one var of IP addresses that
all ports of that name share: resolved at once, then every `INTERVAL` seconds while somebody observes it. Literals and
the loopback need no task.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from weakref import WeakValueDictionary

import anyio

from dtab import Leaf, NameTree, Neg, Path
from namer.activity import Activity, Close, Constant, Var
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, Address, AddrFailed, AddrNeg, AddrPending, Provenance
from namer.name import Bound, PathOrBound
from namer.namer import UnknownNamer
from namer.records import record
from namer.runtime import Runtime
from namer.system.text import integer, reencoded

INTERVAL = 5.0
"""Seconds between two resolutions of a name that is observed; finagle's `InetResolver`."""

MAX_FIXED = 1000
"""Names of `/$/fixedinet` whose addresses are kept for ever; any request can bring new ones in a header."""

LOOPBACK = "127.0.0.1"

Resolve = Callable[[str], Awaitable[list[str]]]
"""Host name → IP addresses. Raises `socket.gaierror`, or OSError or UnicodeError for what is no host name."""


@record
class Resolved:
    """The IP addresses of a host name, sorted."""

    ips: tuple[str, ...]
    provenance: Provenance


HostState = Resolved | AddrNeg | AddrFailed | AddrPending


class Inet:
    """The three names. Paths are whole: `/$/inet/<host>/<port>/…`."""

    def __init__(self, runtime: Runtime, resolve: Resolve | None = None, interval: float = INTERVAL) -> None:
        self._live = Hosts(runtime, resolve or getaddrinfo, interval, fixed=False)
        self._fixed = Hosts(runtime, resolve or getaddrinfo, interval, fixed=True)

    def inet(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """The host's addresses, followed."""
        return self._host_and_port(path, self._live)

    def fixedinet(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """The host's addresses, resolved once."""
        return self._host_and_port(path, self._fixed)

    def rinet(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """`inet` with the port before the host; the id keeps that order."""
        if len(path) < 4:
            return Activity.ok(Neg())
        port, host = path.texts[2:4]
        return _leaf(path, 4, address(self._live, host, port))

    def _host_and_port(self, path: Path, hosts: Hosts) -> Activity[NameTree[PathOrBound]]:
        texts = path.texts
        if len(path) > 3 and integer(texts[3]) is not None:
            return _leaf(path, 4, address(hosts, texts[2], texts[3]))
        if len(path) > 2 and integer(texts[2]) is not None:
            return _leaf(path, 3, address(hosts, "", texts[2]))
        raise UnknownNamer(texts[1], path)


def _leaf(path: Path, used: int, addr: Var[Addr]) -> Activity[NameTree[PathOrBound]]:
    return Activity.ok(Leaf(Bound(path.take(used), reencoded(path.drop(used)), addr)))


def address(hosts: Hosts, host: str, port_text: str) -> Var[Addr]:
    """The addresses of `host` at that port; Failed for what is no port."""
    port = integer(port_text)
    if port is None or not 0 <= port <= 0xFFFF:
        return Constant(AddrFailed(f"port out of range: {port_text}"))
    if ":" in host:
        return Constant(AddrFailed(f"a host name or IPv4 address expected, got {host!r}"))

    def at_port(state: HostState) -> Addr:
        if not isinstance(state, Resolved):
            return state
        return AddrBound(tuple([Address(ip, port) for ip in state.ips]), provenance=state.provenance)

    return hosts.host(host).map(at_port)


class Hosts:
    """Host name → a var of its addresses, shared by all who hold it."""

    def __init__(self, runtime: Runtime, resolve: Resolve, interval: float = INTERVAL, *, fixed: bool) -> None:
        """interval: seconds between two resolutions. fixed: a name that was resolved is never asked for again."""
        self._runtime = runtime
        self._resolve = resolve
        self._interval = interval
        self._once = fixed
        self._shared: WeakValueDictionary[str, Var[HostState]] = WeakValueDictionary()
        self._fixed: dict[str, Resolved] = {}  # oldest first

    def host(self, host: str) -> Var[HostState]:
        """What `host` resolves to, kept fresh while it is observed."""
        known = _literal(host) or self._fixed.get(host)
        if known is not None:
            return Constant(known)
        shared = self._shared.get(host)
        if shared is None:
            keep = self._keep if self._once else None
            shared = _Host(host, self._runtime, self._resolve, self._interval, keep).shared()
            self._shared[host] = shared
        return shared

    def _keep(self, host: str, resolved: Resolved) -> None:
        self._fixed[host] = resolved
        if len(self._fixed) > MAX_FIXED:
            del self._fixed[next(iter(self._fixed))]


class _Host:
    """One host name being asked for, while its var is observed."""

    def __init__(
        self,
        host: str,
        runtime: Runtime,
        resolve: Resolve,
        interval: float,
        keep: Callable[[str, Resolved], None] | None,
    ) -> None:
        """keep: called with the first good answer, which is then the last."""
        self._host = host
        self._runtime = runtime
        self._resolve = resolve
        self._interval = interval
        self._keep = keep
        self._last: HostState = ADDR_PENDING

    def shared(self) -> Var[HostState]:
        """The var for all. No reference leads from here to it, so that it goes when its last user does."""
        return Var.lazy(self._last, self._start)

    def _start(self, set_: Callable[[HostState], None]) -> Close:
        return self._runtime.spawn(f"dns {self._host}", lambda: self._follow(set_))

    async def _follow(self, set_: Callable[[HostState], None]) -> None:
        while True:
            self._last = await self._ask()
            set_(self._last)
            if self._keep is not None and isinstance(self._last, Resolved):
                self._keep(self._host, self._last)
                return
            await anyio.sleep(self._interval)

    async def _ask(self) -> HostState:
        """What the resolver says now. Only a definite answer replaces good addresses: the last known good stays."""
        try:
            ips = await self._resolve(self._host)
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_HOST:
                return ADDR_NEG
            failure = AddrFailed(f"{self._host}: {error.strerror or error}")
        except UnicodeError:  # a label longer than 63 characters, an empty one: there can be no such host
            return ADDR_NEG
        except (OSError, ValueError) as error:  # the latter: a NUL in it
            failure = AddrFailed(f"{self._host!r}: {error}")
        else:
            return Resolved(tuple(sorted(set(ips))), Provenance(f"dns {self._host}", confirmed=self._runtime.now()))
        return self._last if isinstance(self._last, Resolved) else failure


# EAI_NODATA is not in POSIX any more, and not on every platform.
_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


async def getaddrinfo(host: str) -> list[str]:
    """The platform's resolver, in a thread."""
    found: Iterable[tuple[object, ...]] = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found if isinstance(sockaddr, tuple)]


def _literal(host: str) -> HostState | None:
    """What needs no resolver: the loopback by its names, and IPv4 literals. None for a host name."""
    if host.lower() in ("", "localhost"):
        return Resolved((LOOPBACK,), Provenance("loopback"))
    if not _DOTTED.fullmatch(host):
        return None
    parts = host.split(".")
    if any(len(part) > 1 and part[0] == "0" for part in parts):
        # Some read 010 as eight, some as ten; going to the wrong host is worse than failing.
        return AddrFailed(f"{host}: an IPv4 address without leading zeros expected")
    numbers = [int(part) for part in parts]
    if len(parts) > 4 or max(numbers[:-1], default=0) > 255 or numbers[-1] >= 256 ** (5 - len(parts)):
        return AddrFailed(f"{host}: not an IPv4 address")
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number << (24 - 8 * place)
    return Resolved((socket.inet_ntoa(value.to_bytes(4, "big")),), Provenance("literal"))


# A dotted number of any length: short forms as inet_aton reads them, `127.1` and `2130706433`.
_DOTTED = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,16})*")
