"""A server at the edge of trust. linkerd.md section 5.4; observed.md, clearContext."""

from __future__ import annotations

from linker.errors import NoBrokers
from linker.filters.clear_context import ClearContext
from linker.filters.error_responder import error_response, nack
from tests.linker.filters.fakes import Answers, Stream, lines, request, response, run, through


def test_no_l5d_line_passes_in_either_direction() -> None:
    service = Answers(response(200, "Via: 1.1 x", "l5d-success-class: 1.0", "L5D-Retryable: true", body=b"ok"))
    answer = run(ClearContext()(request("Host: a", "L5d-Name: /x", "l5d-dtab: /a=>/b", "X-L5d-Not: 1"), service))
    assert service.seen == [["Host: a", "X-L5d-Not: 1"]]
    assert lines(answer) == ["Via: 1.1 x"] and answer.body == b"ok"


def test_an_answer_with_an_error_keeps_status_and_type_and_loses_its_body() -> None:
    answer = through(ClearContext(), request(), error_response(NoBrokers("secret names")))
    assert (answer.status, answer.body) == (502, b"")
    assert lines(answer) == ["Content-Type: text/plain", "Content-Length: 0"]


def test_a_services_answer_with_an_error_is_framed_anew() -> None:
    body = Stream(b"secret")
    answer = through(
        ClearContext(),
        request(),
        response(503, "Transfer-Encoding: chunked", "Content-Encoding: gzip", "l5d-err: x", body=body),
    )
    assert lines(answer) == ["Content-Length: 0"] and answer.body == b"" and body.closed


def test_a_304_gets_no_length() -> None:
    assert lines(through(ClearContext(), request(), response(304, "l5d-err: x"))) == []


def test_a_nack_passes_whole() -> None:
    answer = through(ClearContext(), request(), nack())
    assert lines(answer)[:2] == ["finagle-http-nack: true", "Retry-After: 0"] and answer.body


def test_trailers_are_stripped_too() -> None:
    body = Stream(b"x", trailers=b"X-T: 1\r\nL5d-Foo: 2\r\n")
    answer = through(ClearContext(), request(), response(200, body=body))
    assert not isinstance(answer.body, bytes)
    assert run(answer.body.read()) == b"x"
    assert (answer.body.trailers, answer.body.length, answer.body.ready) == (b"X-T: 1\r\n", None, True)
    answer.body.close()
    assert body.closed
