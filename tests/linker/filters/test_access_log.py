"""Which exchanges are logged, and where. linkerd.md section 5.11; observed.md, access log."""

from __future__ import annotations

from linker.errors import NoBrokers
from linker.filters.access_log import AccessLog
from linker.filters.error_responder import error_response
from tests.linker.filters.fakes import Clock, failure, request, response, through


def test_below_retries_an_answer_of_a_service_is_logged_and_no_error() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append, epoch=Clock(0.0))
    through(log, request("Host: web", peer=("127.0.0.1", 5000)), response(200, "Content-Length: 11"))
    failure(log, request(), NoBrokers("x"))
    through(log, request(), error_response(NoBrokers("x")))
    (line,) = written
    assert line.startswith(b"web 127.0.0.1 - - [") and line.endswith(b'"GET / HTTP/1.1" 200 11 "-" "-"\n')


def test_at_the_top_only_what_the_router_made_is_logged() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append, generated=True, epoch=Clock(0.0))
    through(log, request(), response(200))
    through(log, request("Host: nosuch"), error_response(NoBrokers("x")))
    (line,) = written
    assert line.startswith(b"nosuch ") and b'" 502 1 ' in line
