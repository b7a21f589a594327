"""Whether a connection outlives a message. RFC 9112 section 9.3."""

from __future__ import annotations

import pytest

from linker.http.heads import index_fields
from linker.http.message import Headers
from linker.http.persistence import persists


@pytest.mark.parametrize(
    ("lines", "if_default", "if_not"),
    [
        (b"", True, False),
        (b"Connection: keep-alive\r\n", True, True),
        (b"Connection: KEEP-ALIVE\r\n", True, True),
        (b"Connection: close\r\n", False, False),
        (b"Connection: close, keep-alive\r\n", False, False),
        (b"Connection: x-foo\r\n", True, False),
        (b"Connection: x-foo,\tkeep-alive\r\n", True, True),
        (b"Connection: keep-alive\r\nConnection: Close\r\n", False, False),
    ],
)
def test_the_connection_field_decides_before_the_default(lines: bytes, if_default: bool, if_not: bool) -> None:
    headers = Headers(lines, index_fields(lines))
    assert (persists(headers, True), persists(headers, False)) == (if_default, if_not)
