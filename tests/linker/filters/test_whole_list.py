"""The filters that edit heads, together: whatever a client sends, what goes on is what a plain model says."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from dtab import Path
from linker.filters.call_depth import CallDepth
from linker.filters.context_headers import FORGED, ContextHeaders
from linker.filters.context_out import ContextOut
from linker.filters.dst_headers import DstBound, DstService
from linker.filters.hop_by_hop import HopByHop
from linker.filters.via import Via
from linker.http.heads import index_fields
from linker.http.message import Headers, Request
from linker.service import stack
from tests.linker.filters.fakes import Answers, bound, run

NAMES = [
    "Host", "Via", "Connection", "Keep-Alive", "TE", "Upgrade", "Proxy-Connection", "Cookie", "X-A", "X-B",
    "Content-Length", "l5d-dtab", "l5d-ctx-dtab", "l5d-ctx-trace", "l5d-sample", "l5d-ctx-deadline", "l5d-reqid",
    "l5d-ctx-other", "l5d-name", "l5d-dst-service", "L5D-Dst-Client", "l5d-dst-residual", "X-Forwarded-Client-Cert",
    "X-Forwarded-For", "Trailer",
]  # fmt: skip
VALUES = ["", "1", "a, b", "/a=>/b", "close, x-a", "X-B,host,via", "l5d-dst-service, keep-alive", "1 2000000000"]
HOP = {"connection", "keep-alive", "te", "upgrade", "proxy-connection", "trailer"}
NEVER_LISTED = {"host", "via", "content-length", "x-forwarded-for"}
WRITTEN = {"via", "l5d-dst-service", "l5d-dst-client", "l5d-ctx-trace", "l5d-reqid", "l5d-ctx-dtab", "l5d-ctx-deadline"}
READ = {"l5d-dtab", "l5d-sample"}

DTABS = ("l5d-dtab", "l5d-ctx-dtab")
LINES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=10).map(
    # Dtabs that parse: what does not is tested alone.
    lambda found: [(name, "/a=>/b" if name in DTABS else value) for name, value in found]
)


def goes_on(came: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The model: which of the received lines go on, in their order."""
    listed = {
        option.strip() for name, value in came if name == "Connection" for option in value.lower().split(",")
    } - NEVER_LISTED
    gone = HOP | WRITTEN | READ | {name.decode() for name in FORGED}
    kept = [(name, value) for name, value in came if name.lower() not in gone]
    kept = [(name, value) for name, value in kept if name.lower() not in listed or name.lower().startswith("l5d-")]
    return kept


@given(LINES)
def test_what_goes_on_is_what_came_less_the_context_and_the_hop_plus_our_own(came: list[tuple[str, str]]) -> None:
    raw = "".join(f"{name}: {value}\r\n" for name, value in came).encode()
    request = Request(b"GET", b"/", Headers(raw, index_fields(raw)))
    service = Answers()
    run(
        stack(
            CallDepth(),
            ContextHeaders(),
            DstService(Path.of("svc", "web")),
            Via(),
            HopByHop(),
            DstBound(bound("/#/io.l5d.fs/web")),
            ContextOut(),
            to=service,
        )(request)
    )
    sent = [(name, value.strip()) for line in service.seen[0] for name, _, value in [line.partition(":")]]
    ours = [(name, value) for name, value in sent if name.lower() in WRITTEN]
    assert [line for line in sent if line not in ours] == goes_on(came)

    names = [name.lower() for name, _ in ours]
    deadline_read = any(name == "l5d-ctx-deadline" and value == "1 2000000000" for name, value in came)
    junk_deadlines = sum(name == "l5d-ctx-deadline" for name, _ in came) if not deadline_read else 0
    expected = ["via", "l5d-dst-service", "l5d-dst-client", "l5d-ctx-trace", "l5d-reqid"]
    expected += ["l5d-ctx-dtab"] if any(name in DTABS for name, _ in came) else []
    expected += ["l5d-ctx-deadline"] * (1 if deadline_read else junk_deadlines)
    assert sorted(names) == sorted(expected)
    values = dict(ours)
    assert values["l5d-dst-service"] == "/svc/web" and values["l5d-dst-client"] == "/#/io.l5d.fs/web"
    vias = [value for name, value in came if name == "Via" and value]
    assert values["Via"] == ", ".join([*vias, "1.1 linkerd"])
