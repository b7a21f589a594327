"""Value types of configuration files: what linkerd.md section 2 calls Port, ip, Path …, for fields of config classes.

Each is an `Annotated` alias: the base type says which scalar the file must hold, what follows checks or converts it.
A check is a function value → value that raises `ValueError` with the message the user sees. `FromText` makes a value
of another type from text and says how to show it again (`/config.json`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from os.path import isdir, isfile
from typing import Annotated, Any, Literal

from namer.records import config_class, record


@record
class FromText:
    """A value written as text: `read` raises `ValueError` with the message, `show` gives the canonical text back."""

    read: Callable[[str], Any]
    show: Callable[[Any], str] = str


def at_least(least: float, unit: str = "") -> Callable[[Any], Any]:
    """A check: a number of at least `least`; `unit` only goes into the message ("milliseconds")."""

    def check(value: Any) -> Any:
        if value < least:
            raise ValueError(f"{value}{unit and ' ' + unit} is too small: expected at least {least}")
        return value

    return check


def between(least: float, most: float, unit: str = "") -> Callable[[Any], Any]:
    """A check: a number in least..most, both included."""

    def check(value: Any) -> Any:
        if not least <= value <= most:
            raise ValueError(f"{value}{unit and ' ' + unit} is out of range: expected {least}..{most}")
        return value

    return check


def _port(value: int) -> int:
    if not 0 <= value <= 65535:
        raise ValueError(f"{value} is not a port: expected 0..65535")
    return value


def _ip(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"'{text}' is not an IP string literal.") from None


def _directory(path: str) -> str:
    if "\0" in path or not isdir(path):
        raise ValueError(f"{path} is not a directory")
    return path


def _file(path: str) -> str:
    if "\0" in path or not isfile(path):
        raise ValueError(f"{path} is not a file")
    return path


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


Port = Annotated[int, _port]
"""0..65535, an integer in the file; 0 = ephemeral."""

IpLiteral = Annotated[str, _ip]
"""An IPv4 or IPv6 literal in its canonical form, without brackets; no names."""

Directory = Annotated[str, _directory]
"""An existing directory (checked when the file is read)."""

File = Annotated[str, _file]
"""An existing regular file (checked when the file is read)."""

Regex = Annotated[str, _regex]
"""The text of a regular expression that compiles."""

NonEmpty = Annotated[str, _not_empty]

PositiveInt = Annotated[int, at_least(1)]
NonNegativeInt = Annotated[int, at_least(0)]
Millis = Annotated[int, at_least(0, "milliseconds")]
PositiveMillis = Annotated[int, at_least(1, "milliseconds")]
Seconds = Annotated[int, at_least(0, "seconds")]
PositiveSeconds = Annotated[int, at_least(1, "seconds")]
Kilobytes = Annotated[int, at_least(0, "kilobytes")]
"""Of 1024 bytes."""
Fraction = Annotated[float, between(0.0, 1.0)]

LogLevel = Literal["ALL", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL", "OFF"]


@config_class
class HostAndPort:
    """`{host, port}`: the host is a name or an address; what an absent port means is the plugin's to say."""

    host: NonEmpty
    port: Port | None = None
