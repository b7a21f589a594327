"""The kinds of `namers:`, a file each. A new kind: its file, and its module in the list below."""

from __future__ import annotations

from namer.plugin import Registry

NAMERS = Registry(
    "namer",
    planned=(
        "io.l5d.consul",
        "io.l5d.curator",
        "io.l5d.dnssrv",
        "io.l5d.k8s",
        "io.l5d.k8s.external",
        "io.l5d.k8s.istio",
        "io.l5d.k8s.ns",
        "io.l5d.marathon",
        "io.l5d.rancher",
        "io.l5d.serversets",
        "io.l5d.zkLeader",
    ),
    takes_experimental=True,
)
"""kind → configuration class with `mk(parts) -> ServedNamer`."""

from namer.namers import (  # noqa: E402  # they register themselves, which needs the registry
    fs,
    rewrite,
)

__all__ = ["NAMERS", "fs", "rewrite"]
