"""Small configurations, and the errors that a text is refused with."""

import pytest

from linker.config import LinkerConfig, LoadedConfig, parse
from namer.config import ConfigErrors

MINIMAL = "routers:\n- protocol: http\n  servers: [{}]\n"
"""The smallest configuration there is. What a test adds stands from line 4 on."""


def router(*lines: str) -> str:
    """A configuration with one http router that has these lines, from line 4 on, indented by two."""
    return MINIMAL + "".join(f"  {line}\n" for line in lines)


def loaded(text: str) -> LoadedConfig:
    return parse(text, "f")


def config(text: str) -> LinkerConfig:
    return loaded(text).config


def parse_errors(text: str) -> list[str]:
    """What the parser says, which `-validate` shows too."""
    with pytest.raises(ConfigErrors) as caught:
        parse(text, "f")
    return str(caught.value).splitlines()


def build_errors(text: str) -> list[str]:
    """What is said of a text that parses, before a linker is built."""
    it = parse(text, "f")
    with pytest.raises(ConfigErrors) as caught:
        it.check_build()
    return str(caught.value).splitlines()
