"""TRACE with l5d-add-context. linkerd.md section 5.10."""

from __future__ import annotations

import pytest

from dtab import Path
from linker.filters.diagnostic_tracer import DiagnosticTracer, Resolution
from linker.http.message import Request
from namer.addr import Address
from tests.linker.filters.fakes import Answers, Clock, Stream, bound, lines, request, response, run

BLOCK = """--- Router: http ---
request duration: 20 ms
service name: /svc/web
client name: /#/io.l5d.fs/web
addresses: [127.0.0.1:80, 127.0.0.1:81]
selected address: 127.0.0.1:81
dtab resolution:
  /svc/web
  /#/io.l5d.fs/web (/svc=>/#/io.l5d.fs)
"""


async def explain(_: Request) -> Resolution:
    return Resolution(["127.0.0.1:80", "127.0.0.1:81"], [("/svc/web", ""), ("/#/io.l5d.fs/web", "/svc=>/#/io.l5d.fs")])


def traced(*header_lines: str, method: bytes = b"TRACE") -> Request:
    asked = request(*header_lines, method=method)
    asked.dst, asked.bound, asked.endpoint = Path.of("svc", "web"), bound(), Address("127.0.0.1", 81)
    return asked


def meets(asked: Request, *outcomes: object) -> tuple[Answers, object, int]:
    clock = Clock()
    service = Answers(*[clock.passes(0.02, outcome) for outcome in outcomes])
    answer = run(DiagnosticTracer("http", explain, clock=clock)(asked, service))
    return service, answer.body, answer.status


def test_other_methods_pass_untouched() -> None:
    service, body, _ = meets(traced("l5d-add-context: true", "Max-Forwards: 0", method=b"GET"), response(body=b"x"))
    assert body == b"x" and len(service.seen) == 1


@pytest.mark.parametrize("value", ["junk", "-1", "", "1.0", "1" * 5000])
def test_a_bad_max_forwards_is_refused(value: str) -> None:
    service, body, status = meets(traced(f"Max-Forwards: {value}"), response())
    assert (service.seen, body, status) == ([], b"Invalid value for Max-Forwards header", 400)


def test_zero_forwards_answers_here() -> None:
    service, body, status = meets(traced("Max-Forwards: 0"), response())
    assert (service.seen, body, status) == ([], b"", 200)
    _, body, status = meets(traced("Max-Forwards: 0", "l5d-add-context: true"), response())
    assert (body, status) == (b"\n\n" + BLOCK.replace("20 ms", "0 ms").encode(), 200)


@pytest.mark.parametrize("value", ["true", "T", "1"])
def test_the_context_is_added_below_the_answer(value: str) -> None:
    service, body, _ = meets(traced(f"l5d-add-context: {value}"), response(200, "Content-Length: 6", body=b" them "))
    assert body == b"them\n\n" + BLOCK.encode() and len(service.seen) == 1


def test_forwards_are_counted_down_for_the_next_router_in_every_attempt() -> None:
    asked = traced("Max-Forwards: 5")
    for _ in range(2):
        service, body, _ = meets(asked, response(body=b"x"))
        assert service.seen == [["Max-Forwards: 4"]] and body == b"x"


def test_the_length_is_told_anew_and_a_streamed_body_is_replaced() -> None:
    body = Stream(b"x")
    answer = response(200, "X: 1", "Transfer-Encoding: chunked", body=body, reason=b"OK")
    _, text, _ = meets(traced("l5d-add-context: true"), answer)
    assert isinstance(text, bytes)
    assert text.startswith(b"HTTP 200 - OK\r\nX: 1\r\n") and text.endswith(b"\n\n" + BLOCK.encode())
    assert lines(answer) == ["X: 1", f"Content-Length: {len(text)}"] and body.closed
