import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.config.accesslog import RollPolicy, parse_roll_policy


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("never", RollPolicy("never")),
        ("HOURLY", RollPolicy("hourly", text="hourly")),
        ("daily", RollPolicy("daily", text="daily")),
        ("weekly(1)", RollPolicy("weekly", day=1, text="weekly(1)")),
        ("Weekly(7)", RollPolicy("weekly", day=7, text="weekly(7)")),
        ("1.byte", RollPolicy("size", bytes=1, text="1.byte")),
        ("3.megabytes", RollPolicy("size", bytes=3 << 20, text="3.megabytes")),
        ("1.Gigabyte", RollPolicy("size", bytes=1 << 30, text="1.gigabyte")),
    ],
)
def test_policies_are_words_or_sizes(text: str, policy: RollPolicy):
    assert parse_roll_policy(text) == policy


@pytest.mark.parametrize(
    "text", ["", "yearly", "weekly", "weekly(0)", "weekly(8)", "0.bytes", "3 megabytes", "3.mb", "-1.byte"]
)
def test_anything_else_is_refused_with_what_was_expected(text: str):
    with pytest.raises(
        ValueError, match=r"expected never, hourly, daily, weekly\(1\.\.7\) or a size like 3\.megabytes"
    ):
        parse_roll_policy(text)


@given(st.integers(1, 10**9), st.sampled_from(["byte", "kilobytes", "Terabyte"]))
def test_a_policy_reads_back_from_its_text(number: int, unit: str):
    policy = parse_roll_policy(f"{number}.{unit}")
    assert parse_roll_policy(str(policy)) == policy
