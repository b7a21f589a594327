"""Requests and responses of the admin server: whole messages, small enough to keep in memory."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import cached_property
from urllib.parse import parse_qsl

from namer.records import record

FORM = "application/x-www-form-urlencoded"


@record
class AdminRequest:
    """One request. path: duplicate slashes collapsed, percent escapes as sent; query: text after `?`, undecoded.

    fields: header lines as received (name, value), without any decoding beyond Latin-1.
    """

    method: str
    path: str
    query: str = ""
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    target: bytes = b"/"

    def header(self, name: str) -> str:
        """The first value of `name` (lower case), "" when it is absent."""
        wanted = name.encode()
        return next((value.decode("latin1") for key, value in self.fields if key.lower() == wanted), "")

    @cached_property
    def params(self) -> dict[str, str]:
        """Parameters of the query and of a form body. Of several with one name the first counts, the query's first."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        if self.header("content-type").split(";")[0].strip().lower() == FORM:
            pairs += parse_qsl(self.body.decode("utf8", "replace"), keep_blank_values=True)
        return dict(reversed(pairs))

    def flag(self, name: str) -> bool:
        """Whether the parameter says true."""
        return self.params.get(name, "").lower() in ("true", "1")


@record
class AdminResponse:
    """One response. after: called once the response has been sent (shutdown)."""

    status: int
    body: bytes
    content_type: str = "text/plain;charset=UTF-8"
    fields: tuple[tuple[str, str], ...] = ()
    after: Callable[[], None] | None = field(default=None, compare=False)


Handler = Callable[[AdminRequest], Awaitable[AdminResponse]]


def text(body: str, status: int = 200, *fields: tuple[str, str]) -> AdminResponse:
    """Plain text, as the handlers of TwitterServer send it."""
    return AdminResponse(status, body.encode(), fields=(("Content-Language", "en"), *fields))


def json_response(value: object, *, pretty: bool = False, charset: str = "") -> AdminResponse:
    """JSON as linkerd prints it: without spaces; with `pretty`, indented. charset: some of its resources say theirs."""
    if pretty:
        body = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    else:
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return AdminResponse(200, body.encode(), "application/json" + (charset and f";charset={charset}"))


def html(body: str) -> AdminResponse:
    """A page that loads nothing: the policy forbids scripts and anything from elsewhere."""
    policy = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
    return AdminResponse(200, body.encode(), "text/html;charset=UTF-8", (policy,))


def not_allowed(*methods: str) -> AdminResponse:
    """405 with the methods that are."""
    allow = ", ".join(methods)
    return text(f"this resource answers {allow} only\n", 405, ("Allow", allow))
