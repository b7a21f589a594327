"""The address files of `io.l5d.fs`: one endpoint a line. linkerd.md section 3.18.1.

    host port              host: an IP literal (v6 without brackets, or with) or a name; port 1..65535
    host port * weight     the `*` stands alone (observed.md: `80 *3.0` is malformed); a decimal number, 0 or more
    # a comment, also behind an address; empty lines are skipped; CRLF is fine

Strategy: pure; names stay names here, and become addresses in `fs.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

_SPACE = re.compile(r"[ \t\x0b\f\r]+")  # and no other: what str.split() splits at is wider
_PORT = re.compile(r"0*[0-9]{1,5}")
_WEIGHT = re.compile(r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_STRIPPED = "".join(map(chr, range(0x21)))  # what Java's trim removes


class MalformedAddress(ValueError):
    """A line is no address; the whole file counts as malformed."""

    def __init__(self, line: str, number: int) -> None:
        super().__init__(f"malformed address: {line}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line. ip: the host, if it is a literal, in canonical form; else None, and `host` is to be resolved."""

    host: str
    port: int
    weight: float = 1.0
    ip: str | None = None


def parse_addresses(text: str) -> list[Endpoint]:
    """The endpoints in file order, duplicates included. Raises `MalformedAddress` for the first bad line."""
    endpoints: list[Endpoint] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.partition("#")[0].strip(_STRIPPED)
        if line:
            endpoints.append(_endpoint(line, number))
    return endpoints


def _endpoint(line: str, number: int) -> Endpoint:
    match _SPACE.split(line):
        case [host, port]:
            weight = "1"
        case [host, port, "*", weight]:
            pass
        case _:
            raise MalformedAddress(line, number)
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535 or not _WEIGHT.fullmatch(weight):
        raise MalformedAddress(line, number)
    if float(weight) == float("inf"):
        raise MalformedAddress(line, number)
    return Endpoint(host, int(port), float(weight), _literal(host))


def _literal(host: str) -> str | None:
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    try:
        return str(ip_address(host))
    except ValueError:
        return None
