"""What is read from a client's context, and what is taken away. linkerd.md sections 5.4 and 5.5; the recorded texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtab import Dtab
from linker import trace
from linker.errors import BadDtab
from linker.filters.context_headers import PARSED_DTABS, ContextHeaders, read_deadline
from linker.http.message import NO_DTAB, Request
from tests.linker.filters.fakes import failure, lines, request, through


def met(*header_lines: str, filter_: ContextHeaders | None = None) -> Request:
    asked = request("Host: web", *header_lines)
    through(filter_ or ContextHeaders(), asked)
    return asked


def test_a_request_without_context_is_not_touched() -> None:
    asked = met("l5d-name: /a", "l5d-ctx-foo: bar", "Dtab-Local: /a=>/b")
    assert lines(asked) == ["Host: web", "l5d-name: /a", "l5d-ctx-foo: bar", "Dtab-Local: /a=>/b"]
    assert (asked.dtab, asked.deadline, asked.trace) == (NO_DTAB, None, None)


@pytest.mark.parametrize(
    ("sent", "dtab"),
    [
        (["l5d-dtab: /svc/web => /#/io.l5d.fs/web2"], "/svc/web=>/#/io.l5d.fs/web2"),
        (["l5d-dtab: /svc/web=>/svc/web2;"], "/svc/web=>/svc/web2"),
        (["l5d-dtab: /a => /b", "l5d-dtab: /c => /d"], "/a=>/b;/c=>/d"),
        (["l5d-ctx-dtab: /svc/web => /svc/web2"], "/svc/web=>/svc/web2"),
        (["l5d-dtab: /a => /b", "l5d-ctx-dtab: /c => /d"], "/c=>/d;/a=>/b"),
        (["L5D-Dtab: /svc/web=>/svc/web2"], "/svc/web=>/svc/web2"),
        (["l5d-dtab: "], ""),
    ],
)
def test_the_request_dtab_is_ctx_before_user_and_both_headers_go(sent: list[str], dtab: str) -> None:
    asked = met(*sent)
    assert asked.dtab.show() == dtab
    assert lines(asked) == ["Host: web"]


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("l5d-dtab: junk", "'/' expected but 'j' found at '[j]unk'"),
        ("l5d-ctx-dtab: junk", "'/' expected but 'j' found at '[j]unk'"),
        ("l5d-dtab: /svc => ", "simple expected but end of input found at '/svc =>[]'"),
    ],
)
def test_a_dtab_that_does_not_parse_is_the_clients_mistake(sent: str, text: str) -> None:
    error = failure(ContextHeaders(), request(sent))
    assert isinstance(error, BadDtab)
    assert (str(error), error.status) == (text, 400)


def test_the_same_header_text_gives_the_same_dtab_object() -> None:
    context = ContextHeaders()
    first = met("l5d-dtab: /a=>/b", filter_=context).dtab
    for number in range(PARSED_DTABS + 10):
        assert met(f"l5d-dtab: /a=>/{number}", filter_=context).dtab == Dtab.read(f"/a=>/{number}")
        assert met("l5d-dtab: /a=>/b", filter_=context).dtab is first
    assert len(context._dtabs) == PARSED_DTABS


@pytest.mark.parametrize(
    ("sent", "deadline", "left"),
    [
        (["1000000000 2500000000"], 2.5, []),
        (["1000000000 9000000000", "1 3000000000"], 3.0, []),
        (["junk"], None, ["l5d-ctx-deadline: junk"]),
        (["1 2 3"], None, ["l5d-ctx-deadline: 1 2 3"]),
        (["1 -2"], None, ["l5d-ctx-deadline: 1 -2"]),
        (["junk", "1 3000000000"], 3.0, []),
    ],
)
def test_the_strictest_deadline_holds_and_junk_is_passed_on(
    sent: list[str], deadline: float | None, left: list[str]
) -> None:
    asked = met(*[f"l5d-ctx-deadline: {value}" for value in sent])
    assert asked.deadline == deadline
    assert lines(asked) == ["Host: web", *left]


@given(st.binary(max_size=40))
def test_any_deadline_text_is_a_time_or_nothing(value: bytes) -> None:
    deadline = read_deadline(value)
    assert deadline is None or deadline >= 0


def test_a_trace_that_parses_is_joined_and_junk_is_not() -> None:
    id_ = bytes(range(32))
    assert met(f"l5d-ctx-trace: {trace.show(id_).decode()}").trace == id_
    junk = met("l5d-ctx-trace: zzz")
    assert junk.trace is None and lines(junk) == ["Host: web"]


@pytest.mark.parametrize(
    ("rate", "sampled"), [("1.0", True), ("5", True), ("0", False), ("-1", False), ("nan", None), ("x", None)]
)
def test_l5d_sample_decides_and_is_removed(rate: str, sampled: bool | None) -> None:
    asked = met(f"l5d-sample: {rate}")
    assert lines(asked) == ["Host: web"]
    assert (trace.sampled(asked.trace) if asked.trace else None) is sampled


def test_forged_destinations_and_certificates_are_removed() -> None:
    asked = met(
        "l5d-dst-service: /forged",
        "l5d-dst-client: /forged",
        "l5d-dst-residual: /forged",
        "x-forwarded-client-cert: Hash=1",
    )
    assert lines(asked) == ["Host: web"]
