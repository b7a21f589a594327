"""The benchmark's own arithmetic; no load is run here."""

import os

from tests.bench.cases import BASE, EVERY, STANDARD, VARIANTS, Case, heads
from tests.bench.profile import fold
from tests.bench.report import cpu_table
from tests.bench.rounds import Result
from tests.support import procfs


def test_each_mix_has_as_many_fields_as_it_says() -> None:
    fields = {mix: len(heads(Case(mix=mix))[0].split("\r\n")) - 1 for mix in ("minimal", "browser", "api")}
    assert fields == {"minimal": 3, "browser": 10, "api": 25}


def test_no_two_heads_of_a_mix_are_the_same() -> None:
    assert all(len(set(heads(Case(mix=mix)))) == VARIANTS for mix in ("browser", "api"))


def test_the_standard_cases_are_among_all_combinations() -> None:
    assert set(STANDARD) <= set(EVERY)
    assert len(EVERY) == len({str(c) for c in EVERY}) == 72


def test_a_closing_case_asks_for_it() -> None:
    assert all("Connection: close" in head for head in heads(Case(close=True)))


def test_the_cpu_table_gives_ratios_to_each_peer() -> None:
    def result(cpu: float, errors: int = 0) -> Result:
        return Result(cpu, 0.02, 1000.0, 1.0, 2.0, errors, 0)

    text = cpu_table({BASE: {"linker": result(30.0), "envoy": result(40.0, errors=3)}}, ["linker", "envoy"])
    assert text.splitlines()[-1] == "| browser 1k keep 64 | 30.0 | 40.0 (3 errors) | 0.75 | 2% |"


def test_folded_stacks_give_own_and_inclusive_time() -> None:
    lines = fold("main;loop;recv 3\nmain;loop 1\n").splitlines()
    assert lines[0] == "4 samples"
    assert [line.split() for line in lines[2:]] == [["75.0%", "75.0%", "recv"], ["25.0%", "100.0%", "loop"]]


def test_cpu_time_of_this_process_is_counted() -> None:
    before = procfs.cpu_us(os.getpid())
    while procfs.cpu_us(os.getpid()) - before < 20_000:
        sum(range(10_000))
    assert procfs.rss_bytes(os.getpid()) > 1_000_000
