"""The judgement of a soak, without one."""

from tests.soak.drive import MIB, Outcome, Sample, problems


def outcome(rss: list[float], fds: list[int], **more: object) -> Outcome:
    """A soak with these samples, otherwise clean."""
    samples = [Sample(int(r * MIB), f) for r, f in zip(rss, fds, strict=True)]
    made = Outcome(samples, verified=1, fds_before=10, fds_after=10)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_a_flat_soak_has_no_problem() -> None:
    assert problems(outcome([20, 30, 31, 30, 31, 30, 31, 30], [40] * 8), slack_mib=1.0) == []


def test_growth_of_memory_and_of_descriptors_is_told() -> None:
    found = problems(outcome([30, 30, 30, 30, 35, 35, 40, 40], [40, 40, 40, 40, 60, 60, 80, 80]), slack_mib=1.0)
    assert found == ["memory grew from 30.0 to 40.0 MiB", "open descriptors grew from 40 to 80"]


def test_descriptors_left_open_are_told() -> None:
    assert problems(outcome([30] * 4, [40] * 4, fds_after=30), 1.0) == [
        "30 descriptors open when all had gone, 10 at the start"
    ]


def test_a_wrong_answer_and_a_traceback_are_told() -> None:
    found = problems(outcome([30] * 4, [40] * 4, wrong=["x"], stderr="hm\nTraceback (most recent"), slack_mib=1.0)
    assert found == ["wrong answer: x", "stderr: Traceback (most recent"]


def test_a_soak_that_verified_nothing_proves_nothing() -> None:
    assert problems(outcome([30] * 4, [40] * 4, verified=0), 1.0) == ["no answer was verified"]
