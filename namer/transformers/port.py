"""`io.l5d.port`: every address gets this port: that of a linker on each host. dtab.md section 13."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar

from dtab import Path
from namer.addr import Address
from namer.config import between, required
from namer.records import config_class
from namer.transformers.base import (
    DELEGATING,
    TRANSFORMERS,
    EachAddress,
    TransformerConfig,
    TransformerParts,
    map_addresses,
)


@TRANSFORMERS.register("io.l5d.port")
@config_class
class PortConfig(TransformerConfig):
    """port: 1..65535."""

    kind: ClassVar[str] = "io.l5d.port"

    port: Annotated[int, between(1, 65535)] = required(
        "the 'port' property is required for the io.l5d.port transformer"
    )

    @property
    def default_prefix(self) -> Path:
        """Kind and port."""
        return Path.of(self.kind, str(self.port))

    def mk(self, parts: TransformerParts) -> EachAddress:
        """See `TransformerConfig.mk`."""

        def change(address: Address) -> Address:
            return replace(address, port=self.port)

        return EachAddress(self.served, DELEGATING, lambda addr: addr.map(partial(map_addresses, change)))
