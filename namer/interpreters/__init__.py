"""The kinds of `interpreter:`, a file each. A new kind: its file, and its module in the list below."""

from __future__ import annotations

from namer.interpreters.base import InterpreterConfig
from namer.plugin import Registry

INTERPRETERS = Registry(
    "interpreter",
    default="default",
    planned=(
        "io.l5d.consul.interpreter",
        "io.l5d.k8s.configMap",
        "io.l5d.k8s.istio",
        "io.l5d.mesh",
        "io.l5d.namerd",
        "io.l5d.namerd.http",
    ),
    takes_experimental=True,
)
"""kind → configuration class with `mk(parts) -> Interpreter`."""

from namer.interpreters import (  # noqa: E402  # they register themselves, which needs the registry
    default,
    fs,
)

__all__ = ["INTERPRETERS", "InterpreterConfig", "default", "fs"]
