"""timestampHeader. linkerd.md section 3.13."""

from __future__ import annotations

from linker.filters.timestamp import Timestamp
from tests.linker.filters.fakes import Clock, lines, request, through


def test_the_time_is_added_in_milliseconds_after_what_came() -> None:
    asked = request("X-Request-Start: 1")
    through(Timestamp("X-Request-Start", epoch=Clock(12.3456)), asked)
    assert lines(asked) == ["X-Request-Start: 1", "X-Request-Start: 12345"]


def test_a_percent_sign_in_the_name_is_only_a_character() -> None:
    asked = request()
    through(Timestamp("X-%d", epoch=Clock(1.0)), asked)
    assert lines(asked) == ["X-%d: 1000"]
