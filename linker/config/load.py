"""A configuration file (or standard input) → a parsed configuration, in the words of linkerd.md sections 1 and 3.23."""

from __future__ import annotations

from os.path import isfile
from typing import BinaryIO

from linker.config.checks import check_build
from linker.config.show import Json, to_json
from linker.config.top import LinkerConfig
from linker.config.warnings import warnings
from namer.config import ConfigError, ConfigErrors, Marks, bind
from namer.nodes import MAX_CHARS, Mark
from namer.records import record

STDIN = "<stdin>"
"""What messages call a configuration read from standard input."""

_MAX_BYTES = 4 * MAX_CHARS + 1
"""As many bytes as that many characters of UTF-8 can take, and one to notice that there are more."""


class NotAFile(Exception):
    """The path names no readable regular file."""


@record
class LoadedConfig:
    """A configuration that parsed. name: the file, as messages call it; warnings: one line each."""

    config: LinkerConfig
    marks: Marks
    text: str
    name: str
    warnings: tuple[str, ...]

    def check_build(self) -> None:
        """The checks before a linker is built, which `-validate` leaves out. Raises `ConfigErrors`."""
        if errors := check_build(self.config, self.marks):
            raise ConfigErrors(self.name, errors)

    def to_json(self) -> Json:
        """What `/config.json` answers."""
        return to_json(self.config, self.marks)


def load(path: str, stdin: BinaryIO) -> LoadedConfig:
    """Read and parse `path`, or `stdin` for `-`. Raises `NotAFile` and `ConfigErrors`. Does not close `stdin`."""
    name = STDIN if path == "-" else path
    return parse(_decode(stdin.read(_MAX_BYTES) if path == "-" else _read(path), name), name)


def parse(text: str, name: str) -> LoadedConfig:
    """Parse a text that messages call `name`. Raises `ConfigErrors`."""
    bound = bind(LinkerConfig, text, name)
    told = tuple(warning.show(name) for warning in warnings(bound.value, bound.marks))
    return LoadedConfig(bound.value, bound.marks, text, name, told)


def _read(path: str) -> bytes:
    try:
        if not isfile(path):
            raise NotAFile(f"config is not a file: {path}")
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise NotAFile(f"config is not a file: {path}: {error}") from None


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        mark = Mark(before.count(b"\n") + 1, column)
        raise ConfigErrors(name, [ConfigError(mark, "", f"not UTF-8: byte 0x{data[error.start]:02x}")]) from None
