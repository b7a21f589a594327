"""What the configurations of all interpreters have in common. linkerd.md section 3.19, dtab.md section 8.2."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from namer.interpreter import ConfiguredInterpreter, Interpreter
from namer.parts import NamingParts
from namer.records import config_class
from namer.transformers import TRANSFORMERS, TransformerConfig


@config_class
class InterpreterConfig(ABC):
    """transformers: applied in order to what is bound."""

    kind: ClassVar[str]

    transformers: tuple[Annotated[TransformerConfig, TRANSFORMERS], ...] = ()

    @abstractmethod
    def mk(self, parts: NamingParts) -> Interpreter:
        """The interpreter. It does nothing until it is asked."""

    def local(self, parts: NamingParts) -> ConfiguredInterpreter:
        """The interpreter that binds here, with the configured namers and these transformers."""
        return ConfiguredInterpreter(parts.names, tuple([each.mk(parts) for each in self.transformers]))
