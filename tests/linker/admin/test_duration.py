"""Durations: `5.seconds`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.admin.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5.seconds", 5), ("1.second", 1), ("250.milliseconds", 0.25), ("1.minute+30.seconds", 90), ("2.hours", 7200)],
)
def test_a_number_and_a_unit(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "seconds", "-5.seconds", "5.weeks", "1.5.seconds", "5.seconds ", "1.minute30.seconds"]
)
def test_anything_else_is_refused_and_the_message_shows_how(text):
    with pytest.raises(ValueError, match=r"such as 5\.seconds"):
        parse_duration(text)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_value_error(text):
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert seconds >= 0
