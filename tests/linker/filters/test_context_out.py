"""What the next router or service is told. linkerd.md sections 5.4 and 5.5."""

from __future__ import annotations

from dtab import Dtab
from linker import trace
from linker.filters.context_out import SHOWN_DTABS, ContextOut
from linker.http.message import Request
from tests.linker.filters.fakes import Clock, request, response, through


def sent(asked: Request, filter_: ContextOut | None = None) -> dict[str, str]:
    through(filter_ or ContextOut(epoch=Clock(5.0)), asked, response())
    return {name.decode(): value.decode() for name, value in asked.headers.items()}


def test_a_request_without_context_begins_a_trace() -> None:
    fields = sent(request())
    assert sorted(fields) == ["l5d-ctx-trace", "l5d-reqid"]
    id_ = trace.read(fields["l5d-ctx-trace"].encode())
    assert id_ is not None
    span, parent, root, flags = id_[:8], id_[8:16], id_[16:24], id_[24:]
    assert parent == root != span and flags == bytes(8)
    assert fields["l5d-reqid"] == root.hex()


def test_each_attempt_is_a_new_span_of_the_same_trace() -> None:
    asked = request()
    first, second = sent(asked), sent(asked)
    assert first["l5d-reqid"] == second["l5d-reqid"]
    assert first["l5d-ctx-trace"] != second["l5d-ctx-trace"]


def test_a_joined_trace_goes_on_below_its_span_with_its_flags() -> None:
    asked = request()
    asked.trace = bytes(range(40))
    id_ = trace.read(sent(asked)["l5d-ctx-trace"].encode())
    assert id_ is not None
    assert id_[8:16] == bytes(range(8)) and id_[16:] == bytes(range(16, 40))


def test_what_a_client_claimed_is_overwritten() -> None:
    fields = sent(request("l5d-reqid: abc", "l5d-ctx-trace: zzz"))
    assert fields["l5d-reqid"] != "abc" and fields["l5d-ctx-trace"] != "zzz"


def test_the_dtab_goes_on_as_one_shown_line() -> None:
    asked = request()
    asked.dtab = Dtab.read("/a => /b ; /c => /d | 0.333 * /e & /f")
    assert sent(asked)["l5d-ctx-dtab"] == "/a=>/b;/c=>/d | 0.33*/e & /f"


def test_shown_dtabs_are_kept_and_bounded() -> None:
    out = ContextOut()
    for number in range(SHOWN_DTABS + 5):
        asked = request()
        asked.dtab = Dtab.read(f"/a=>/{number}")
        assert sent(asked, out)["l5d-ctx-dtab"] == f"/a=>/{number}"
    assert len(out._dtabs) == SHOWN_DTABS


def test_a_deadline_goes_on_in_epoch_nanoseconds_and_replaces_junk() -> None:
    asked = request("l5d-ctx-deadline: junk")
    asked.deadline = 5.25
    assert sent(asked)["l5d-ctx-deadline"] == "5000000000 5250000000"
