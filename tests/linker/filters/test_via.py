"""One Via line goes out, with all that came. observed.md, several Via fields."""

from __future__ import annotations

import pytest

from linker.filters.via import Via
from tests.linker.filters.fakes import Answers, lines, request, response, run


@pytest.mark.parametrize(
    ("came", "minor", "goes"),
    [
        ([], 1, "1.1 linkerd"),
        ([], 0, "1.0 linkerd"),
        (["1.1 before"], 1, "1.1 before, 1.1 linkerd"),
        (["a", "b, c"], 1, "a, b, c, 1.1 linkerd"),
        (["", "a"], 0, "a, 1.0 linkerd"),
    ],
)
def test_the_line_holds_all_entries_and_this_router(came: list[str], minor: int, goes: str) -> None:
    via = [f"Via: {value}" for value in came]
    service = Answers(response(200, *via, minor=minor))
    answer = run(Via()(request(*via, minor=minor), service))
    assert service.seen == [[f"Via: {goes}"]]
    assert lines(answer) == [f"Via: {goes}"]
