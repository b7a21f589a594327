"""Reading HTTP/1 from a blocking socket, as tests need it: whole messages, no judgement.

Deliberately forgiving and separate from the product's codec: a test must be able to see what was sent, well-formed or
not. The strict reader is tests/smuggling/strict.py.
"""

from dataclasses import dataclass, field
from typing import BinaryIO


class Cut(Exception):
    """The peer closed in the middle of a message; `body` is what came of it."""

    def __init__(self, where: str, body: bytes = b"") -> None:
        super().__init__(f"closed in the middle of {where}")
        self.body = body


@dataclass
class Head:
    """A start line and its fields, names as sent."""

    line: str
    headers: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field, names compared without case."""
        return next((v for n, v in self.headers if n.lower() == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return [v for n, v in self.headers if n.lower() == name]


def read_head(file: BinaryIO) -> Head | None:
    """The next head, None at a clean end."""
    line = file.readline()
    if not line:
        return None
    return Head(line.decode("latin-1").rstrip("\r\n"), read_fields(file))


def read_fields(file: BinaryIO) -> list[tuple[str, str]]:
    """Field lines up to the empty one: a head's or a trailer section's."""
    fields = []
    while (line := file.readline()) not in (b"\r\n", b"\n"):
        if not line:
            raise Cut("a head")
        name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
        fields.append((name, value.strip()))
    return fields


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """`size` bytes, or Cut."""
    data = file.read(size)
    if len(data) < size:
        raise Cut("a body", data)
    return data


def read_chunked(file: BinaryIO) -> tuple[bytes, list[tuple[str, str]]]:
    """A chunked body and its trailers."""
    body = b""
    while True:
        line = file.readline()
        if not line.endswith(b"\n"):
            raise Cut("a chunk size", body)
        size = int(line.split(b";")[0], 16)
        if size == 0:
            return body, read_fields(file)
        try:
            body += read_exactly(file, size)
        except Cut as cut:
            raise Cut("a chunk", body + cut.body) from None
        file.readline()
