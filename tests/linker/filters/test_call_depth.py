"""Loops end. linkerd.md section 5.8; observed.md, several Via fields."""

from __future__ import annotations

import pytest

from linker.errors import TooManyCalls
from linker.filters.call_depth import CallDepth
from tests.linker.filters.fakes import failure, request, through


@pytest.mark.parametrize("via", [[], ["Via: a"], ["Via: a, b"], ["Via: a", "Via: b"]])
def test_up_to_the_limit_it_passes(via: list[str]) -> None:
    assert through(CallDepth(2), request(*via)).status == 200


@pytest.mark.parametrize("via", [["Via: a, b, c"], ["Via: a", "Via: b, c"], ["Via: a", "via: b", "VIA: c"]])
def test_beyond_it_every_line_counts(via: list[str]) -> None:
    error = failure(CallDepth(2), request(*via))
    assert isinstance(error, TooManyCalls)
    assert str(error) == "Maximum number of calls (2) has been exceeded. Please check for proxy loops."
