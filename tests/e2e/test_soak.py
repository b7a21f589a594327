"""Twenty seconds of bad clients beside good ones. For longer: `python -m tests.soak --minutes 10`."""

from tests.soak.drive import problems, soak

SECONDS = 20.0
SLACK_MIB = 6.0  # in so short a time linker is still filling its caches


def test_linker_survives_bad_clients_and_wrongs_nobody() -> None:
    assert problems(soak("linker", SECONDS, every=0.5), SLACK_MIB) == []
