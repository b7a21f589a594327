"""`io.l5d.specificHost`: only addresses of one host. linkerd.md section 3.20.

A host that is a name is resolved once, when somebody first observes; until then every address is Pending, and while
it cannot be resolved Failed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import ClassVar

import anyio

from namer.activity import PENDING, Activity, Close, Failed, Ok, State, Var
from namer.addr import ADDR_PENDING, Addr, AddrFailed
from namer.config import NonEmpty, required
from namer.records import config_class
from namer.resolve import Resolve, resolve
from namer.transformers.base import (
    FILTERING,
    TRANSFORMERS,
    EachAddress,
    TransformerConfig,
    TransformerParts,
    keep_addresses,
)

RETRY = 1.0  # seconds between two attempts to resolve the host


@TRANSFORMERS.register("io.l5d.specificHost")
@config_class
class SpecificHostConfig(TransformerConfig):
    """host: an IP literal or a name."""

    kind: ClassVar[str] = "io.l5d.specificHost"

    host: NonEmpty = required("the 'host' property is required for the io.l5d.specificHost transformer")

    def mk(self, parts: TransformerParts, resolve: Resolve = resolve) -> EachAddress:
        """See `TransformerConfig.mk`."""
        try:
            ip = Activity.ok(str(ip_address(self.host)))
        except ValueError:
            ip = self._resolved(parts, resolve)
        return EachAddress(self.served, FILTERING, partial(_only, ip))

    def _resolved(self, parts: TransformerParts, resolve: Resolve) -> Activity[str]:
        known: list[str] = []

        def start(set_: Callable[[State[str]], None]) -> Close:
            async def ask() -> None:
                while True:
                    try:
                        ip = await resolve(self.host)
                    except OSError:
                        ip = None
                    if ip is not None:
                        known.append(ip)
                        set_(Ok(ip))
                        return
                    set_(Failed(OSError(f"the host {self.host} of {self.kind} cannot be resolved")))
                    await anyio.sleep(RETRY)

            if known:
                set_(Ok(known[0]))
                return lambda: None
            return parts.runtime.spawn(f"resolve {self.host}", ask)

        return Activity.lazy(start)


def _only(ip: Activity[str], addr: Var[Addr]) -> Var[Addr]:
    """The addresses with that ip, of both as they are now."""

    def start(set_: Callable[[Addr], None]) -> Close:
        wanted: State[str] = PENDING

        def told(_: object) -> None:
            set_(_kept(wanted, addr.value))

        def told_ip(state: State[str]) -> None:
            nonlocal wanted
            wanted = state
            told(state)

        end_addr = addr.observe(told)
        end_ip = ip.observe(told_ip)

        def close() -> None:
            end_ip()
            end_addr()

        return close

    return Var.lazy(ADDR_PENDING, start)


def _kept(wanted: State[str], addr: Addr) -> Addr:
    match wanted:
        case Ok(ip):
            return keep_addresses(lambda address: address.ip == ip, addr)
        case Failed(error):
            return AddrFailed(str(error))
        case _:
            return ADDR_PENDING
