"""The whole table: every family's payloads, in order."""

from tests.smuggling import answers, chunks, framing, heads, starts, wellformed
from tests.smuggling.payload import Payload


def table() -> list[Payload]:
    """All payloads; a payload's number is its place here."""
    modules = (wellformed, framing, chunks, starts, heads, answers)
    return [payload for module in modules for family in module.FAMILIES for payload in family()]
