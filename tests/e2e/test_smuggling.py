"""No payload of tests/smuggling passes linker; and the judge is shown to convict another proxy."""

import os

import pytest

from tests.smuggling.payload import Payload
from tests.smuggling.runner import Verdicts, run
from tests.smuggling.table import table
from tests.support.peers import PEERS, missing

PAYLOADS = table()
FAMILIES = list(dict.fromkeys(p.family for p in PAYLOADS))


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    """Every payload against one linker."""
    return run("linker", PAYLOADS)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_payload_passes(family: str, verdicts: Verdicts) -> None:
    assert any(p.family == family for p in verdicts)
    assert {p.name: said for p, said in verdicts.items() if p.family == family and said} == {}


def test_nothing_reaches_the_backend_that_no_payload_sent(verdicts: Verdicts) -> None:
    assert [said for payload, said in verdicts.items() if payload.family == "unattributed"] == []


@pytest.mark.parametrize("name", PEERS)
def test_the_judge_convicts_where_there_is_cause(name: str) -> None:
    """Each of these lets a request hidden behind a bare LF through; a judge that says nothing to them is blind."""
    if missing([name]) and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed")
    chosen: list[Payload] = [p for p in PAYLOADS if p.family in ("well-formed", "line end")]
    found = run(name, chosen)
    assert any("the hidden request reached the backend" in said for said in found.values())
    assert sum(p.family == "well-formed" and not said for p, said in found.items()) >= 20
