"""What is measured: header mixes, body sizes, connections; one dimension varied at a time around a base case.

Each mix is a list of whole heads with differing ids, cookies and paths, so that nothing can win by remembering bytes it
has seen.
"""

import itertools
import random
from dataclasses import dataclass

VARIANTS = 64  # heads per mix, sent in turn
SIZES = {"0": 0, "1k": 1024, "64k": 64 * 1024, "10m": 10 * 1024 * 1024}
HOST = "web"


@dataclass(frozen=True)
class Case:
    """One load: `mix` of request heads, `size` of the answer's body, `close`: a connection for each request."""

    mix: str = "browser"
    size: str = "1k"
    close: bool = False
    connections: int = 64

    def __str__(self) -> str:
        return f"{self.mix} {self.size} {'close' if self.close else 'keep'} {self.connections}"


BASE = Case()
QUICK = (BASE,)
STANDARD = (
    BASE,
    Case(mix="minimal"),
    Case(mix="api"),
    Case(size="0"),
    Case(size="64k"),
    Case(size="10m"),
    Case(close=True),
    Case(connections=1),
    Case(connections=512),
)
EVERY = tuple(
    Case(mix, size, close, connections)
    for mix, size, close, connections in itertools.product(
        ("minimal", "browser", "api"), SIZES, (False, True), (1, 64, 512)
    )
)


def heads(case: Case) -> list[str]:
    """The request heads of a case, without the empty line at the end."""
    rng = random.Random(1)  # the same heads in every run
    build = {"minimal": _minimal, "browser": _browser, "api": _api}[case.mix]
    close = ["Connection: close"] if case.close else []
    return ["\r\n".join([*build(rng, case.size), *close]) for _ in range(VARIANTS)]


def _hex(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _minimal(rng: random.Random, size: str) -> list[str]:
    """What curl sends."""
    return [f"GET /{size}?n={_hex(rng, 4)} HTTP/1.1", f"Host: {HOST}", "User-Agent: curl/8.5.0", "Accept: */*"]


def _browser(rng: random.Random, size: str) -> list[str]:
    """Ten fields with cookies."""
    return [
        f"GET /{size}?page={rng.randrange(500)} HTTP/1.1",
        f"Host: {HOST}",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: en-US,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br, zstd",
        f"Referer: http://{HOST}/catalogue?page={rng.randrange(500)}",
        f"Cookie: session={_hex(rng, 32)}; theme=dark; consent=1; _id={_hex(rng, 16)}",
        "Upgrade-Insecure-Requests: 1",
        f'If-None-Match: "{_hex(rng, 16)}"',
        "Cache-Control: max-age=0",
    ]


def _api(rng: random.Random, size: str) -> list[str]:
    """Twenty-five fields, as a call between services with tracing."""
    trace, span = _hex(rng, 32), _hex(rng, 16)
    return [
        f"GET /{size}?user={rng.randrange(10**6)}&expand=items,owner HTTP/1.1",
        f"Host: {HOST}",
        "User-Agent: orders-service/4.12.1 (okhttp/4.12.0; jdk/21)",
        "Accept: application/json",
        "Accept-Encoding: gzip",
        f"Authorization: Bearer {_hex(rng, 160)}",
        f"traceparent: 00-{trace}-{span}-01",
        f"tracestate: vendor={_hex(rng, 12)}",
        f"x-b3-traceid: {trace}",
        f"x-b3-spanid: {span}",
        f"x-b3-parentspanid: {_hex(rng, 16)}",
        "x-b3-sampled: 1",
        f"x-request-id: {_hex(rng, 32)}",
        f"x-correlation-id: {_hex(rng, 32)}",
        "x-forwarded-for: 203.0.113.7, 10.2.0.14",
        "x-forwarded-proto: https",
        "x-forwarded-host: shop.example.com",
        "x-forwarded-port: 443",
        f"x-amzn-trace-id: Root=1-{_hex(rng, 8)}-{_hex(rng, 24)}",
        "x-client-name: checkout",
        "x-client-version: 2026.11.3",
        "x-api-version: 2024-10-01",
        f"x-tenant-id: tenant-{rng.randrange(100)}",
        f"idempotency-key: {_hex(rng, 32)}",
        "baggage: region=eu-west-1,canary=false",
        "cache-control: no-cache",
    ]
