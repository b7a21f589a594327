"""The configured namers made, together with the system names: what interpreters bind with."""

from __future__ import annotations

from collections.abc import Sequence

from namer.namer import NamedNamers, Namer
from namer.namers.base import NamerConfig
from namer.runtime import Runtime


def serve(configs: Sequence[NamerConfig], runtime: Runtime, system: Namer) -> NamedNamers:
    """All namers at their prefixes, in the order of the configuration (the last one is asked first)."""
    parts = _Parts(runtime)
    parts.made = NamedNamers([config.serve(parts) for config in configs], system)
    return parts.made


class _Parts:
    """The parts of namers whose transformers bind names of all the namers, their own too."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.made: NamedNamers | None = None

    @property
    def names(self) -> NamedNamers:
        """See `TransformerParts.names`."""
        assert self.made is not None, "a namer asked for the other namers while it was made"
        return self.made
