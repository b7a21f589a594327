"""Identifiers: how a request gets its logical name. One file a kind."""

from linker.identifiers import header, header_token, method_and_host, path, static
from linker.identifiers.identifier import (
    IDENTIFIERS,
    FirstOf,
    Identifier,
    IdentifierConfig,
    NotIdentified,
    mk_identifier,
    unknown_dst,
)

__all__ = [
    "IDENTIFIERS",
    "FirstOf",
    "Identifier",
    "IdentifierConfig",
    "NotIdentified",
    "header",
    "header_token",
    "method_and_host",
    "mk_identifier",
    "path",
    "static",
    "unknown_dst",
]
