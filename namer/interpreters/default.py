"""`default`: binds with the dtab of the router and the request, and the configured namers. linkerd.md section 3.19."""

from __future__ import annotations

from typing import ClassVar

from namer.interpreter import Interpreter
from namer.interpreters import INTERPRETERS
from namer.interpreters.base import InterpreterConfig
from namer.parts import NamingParts
from namer.records import config_class


@INTERPRETERS.register("default")
@config_class
class DefaultConfig(InterpreterConfig):
    """No options of its own."""

    kind: ClassVar[str] = "default"

    def mk(self, parts: NamingParts) -> Interpreter:
        """See `InterpreterConfig.mk`."""
        return self.local(parts)
