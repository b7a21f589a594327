"""Labels read as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtab import Path
from namer.system.text import integer, reencoded


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("+80", 80),
        ("-1", -1),
        ("-0", 0),
        ("00000000000000080", 80),
        ("2147483647", 2147483647),
        ("-2147483648", -2147483648),
        ("2147483648", None),
        ("-2147483649", None),
        ("9" * 5000, None),
        ("", None),
        ("+", None),
        ("--1", None),
        ("8 ", None),
        ("8_0", None),
        ("８０", None),
        ("80\n", None),
        ("0x50", None),
        ("http", None),
    ],
)
def test_an_integer_is_what_java_reads(text: str, value: int | None) -> None:
    assert integer(text) == value


@given(st.integers())
def test_every_32_bit_number_reads_back_and_no_other(number: int) -> None:
    assert integer(str(number)) == (number if -(2**31) <= number < 2**31 else None)


def test_bytes_that_are_no_text_become_the_replacement_character() -> None:
    assert reencoded(Path.of(b"\xff", "ä")) == Path.of(b"\xef\xbf\xbd", "ä")
