"""Exceptions as responses. linkerd.md section 5.8."""

from __future__ import annotations

import logging
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.errors import (
    AttemptTimeout,
    BadDtab,
    BindingTimeout,
    ClientError,
    ClientGone,
    ConnectFailed,
    NoBrokers,
    ProxyError,
    Rejected,
    RequestTimeout,
    TooManyCalls,
    UnknownDst,
    UpstreamClosed,
)
from linker.filters.error_responder import NACK_BODY, ErrorResponder, encode, error_response
from linker.metrics import Metrics
from tests.linker.filters.fakes import counted, failure, lines, request, response, through


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownDst("x"), 400),
        (BadDtab("x"), 400),
        (TooManyCalls("x"), 400),
        (NoBrokers("x"), 502),
        (ConnectFailed("x"), 502),
        (BindingTimeout("x"), 502),
        (UpstreamClosed("x"), 502),
        (RequestTimeout("x"), 503),
        (AttemptTimeout("x"), 503),
    ],
)
def test_each_error_has_its_status_and_its_text_twice(error: ProxyError, status: int) -> None:
    answer = through(ErrorResponder(), request(), error)
    assert (answer.status, answer.body, answer.from_service) == (status, b"x", False)
    assert lines(answer) == ["l5d-err: x", "Content-Type: text/plain", "Content-Length: 1"]


def test_a_broken_client_is_answered_and_asked_to_go() -> None:
    answer = through(ErrorResponder(), request(), ClientError("bad", 431))
    assert answer.status == 431 and "Connection: close" in lines(answer)


def test_an_error_without_text_tells_its_class() -> None:
    assert error_response(NoBrokers()).body == b"NoBrokers"


def test_the_header_is_form_encoded_as_the_original_does() -> None:
    text = "Unable to route request!\n\nservice name: /svc/nosuch\ndtab:\n\nbase dtab:\n  /svc => /#/io.l5d.fs\n"
    text += "override dtab:\n\n"
    assert lines(error_response(NoBrokers(text)))[0] == (
        "l5d-err: Unable+to+route+request%21%0A%0Aservice+name%3A+%2Fsvc%2Fnosuch%0Adtab%3A%0A%0Abase+dtab%3A%0A"
        "++%2Fsvc+%3D%3E+%2F%23%2Fio.l5d.fs%0Aoverride+dtab%3A%0A%0A"
    )
    assert encode("~*-_.é€ ", 99) == b"%7E*-_.%E9%3F+"


@given(st.text(max_size=40), st.integers(2, 60))
def test_the_header_is_never_too_long_and_always_decodes_to_the_beginning(text: str, most: int) -> None:
    encoded = encode(text, most)
    assert len(encoded) <= most
    shown = text.encode("latin-1", "replace").decode("latin-1")
    assert shown.startswith(unquote_plus(encoded.decode(), encoding="latin-1"))


@given(st.text(max_size=40), st.integers(0, 60))
def test_the_body_is_cut_between_characters(text: str, most: int) -> None:
    text = "x" + text.encode("utf-8", "replace").decode()
    answer = error_response(NoBrokers(text), max_body=most)
    assert isinstance(answer.body, bytes)
    assert len(answer.body) <= most and text.startswith(answer.body.decode())
    assert answer.headers.get(b"content-length") == b"%d" % len(answer.body)


def test_a_rejection_is_a_nack_without_l5d_err() -> None:
    metrics = Metrics()
    answer = through(ErrorResponder(metrics=metrics), request(), Rejected("full"))
    assert (answer.status, answer.body) == (503, NACK_BODY)
    assert lines(answer) == ["finagle-http-nack: true", "Retry-After: 0", f"Content-Length: {len(NACK_BODY)}"]
    assert counted(metrics) == {"nacks": 1}


def test_a_client_that_left_is_not_answered() -> None:
    assert isinstance(failure(ErrorResponder(), request(), ClientGone("gone")), ClientGone)


def test_what_nobody_expected_is_a_502_and_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = through(ErrorResponder(), request(), KeyError("oops"))
    assert (answer.status, answer.body) == (502, b"'oops'")
    (record,) = caplog.records
    assert record.exc_info is not None


class Cancelled(BaseException):
    pass


def test_cancellation_passes() -> None:
    with pytest.raises(Cancelled):
        through(ErrorResponder(), request(), Cancelled())


def test_a_response_passes_untouched() -> None:
    answer = response(500, body=b"theirs")
    assert through(ErrorResponder(), request(), answer) is answer
