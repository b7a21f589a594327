"""TLS blocks of servers, the admin server and clients. linkerd.md section 3.8.

They are parsed and checked here; a linker that would need one does not start yet (`checks.py`).
"""

from __future__ import annotations

from typing import ClassVar

from namer.config import FieldError, NonEmpty
from namer.records import config_class


@config_class
class ServerTls:
    """certPath, keyPath: PEM files, the key unencrypted PKCS#8."""

    certPath: NonEmpty
    keyPath: NonEmpty
    intermediateCertsPath: NonEmpty | None = None
    caCertPath: NonEmpty | None = None
    requireClientAuth: bool = False
    ciphers: tuple[str, ...] | None = None
    protocols: tuple[str, ...] | None = None

    removed_keys: ClassVar[dict[str, str]] = {
        "enabled": "a server tls block is on by being there; leave the block out to serve plain text",
    }


@config_class
class ClientAuth:
    """The certificate a client shows."""

    certPath: NonEmpty
    intermediateCertsPath: NonEmpty | None = None
    keyPath: NonEmpty


@config_class
class ClientTls:
    """commonName: for SNI and verification; `{name}` stands for a variable of the static prefix.

    A block that validates and has no commonName is legal here and fails when a client is made (linkerd.md section 3.8).
    """

    enabled: bool = True
    disableValidation: bool = False
    commonName: str | None = None
    trustCertsBundle: NonEmpty | None = None
    trustCerts: tuple[NonEmpty, ...] | None = None
    clientAuth: ClientAuth | None = None
    protocols: tuple[str, ...] | None = None

    removed_keys: ClassVar[dict[str, str]] = {
        "kind": "client tls has no kinds since linkerd 1.0; say commonName or disableValidation",
        "caCertPath": "renamed: use trustCertsBundle",
        "strict": "removed in linkerd 1.0: use disableValidation",
        "name": "renamed: use commonName",
        "names": "removed in linkerd 1.0: use client kind io.l5d.static with a commonName a prefix",
    }

    def __post_init__(self) -> None:
        if self.disableValidation and self.clientAuth is not None:
            raise FieldError("clientAuth", "disableValidation: true is incompatible with clientAuth")
        if self.trustCerts is not None and self.trustCertsBundle is not None:
            raise FieldError("trustCerts", "trustCerts and trustCertsBundle exclude each other; use trustCertsBundle")
