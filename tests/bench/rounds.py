"""Alternating rounds: each case visits every target in turn, so that a slow minute of the machine hits all alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import load
from tests.bench.cases import Case
from tests.bench.targets import LOAD_CORE
from tests.support import procfs
from tests.support.process import Process


@dataclass(frozen=True)
class Sample:
    """One round of one target."""

    cpu_us: float  # CPU time of the proxy per request, µs
    rate: float  # requests/s
    p50: int
    p99: int
    errors: int


@dataclass(frozen=True)
class Result:
    """All rounds of one target under one case: medians, and how far the rounds lay apart."""

    cpu_us: float
    spread: float  # half the range of cpu_us over its median
    rate: float
    p50: float
    p99: float
    errors: int
    rss: int  # bytes, after the last round


Table = dict[Case, dict[str, Result]]


def measure(
    cases: Sequence[Case],
    running: Mapping[str, Process],
    rounds: int,
    seconds: int,
    directory: Path,
    say: Callable[[str], None],
) -> Table:
    """Every case against every target."""
    table: Table = {}
    for case in cases:
        samples: dict[str, list[Sample]] = {name: [] for name in running}
        for process in running.values():
            load.run(case, process.port, 1, directory, LOAD_CORE)  # warm: connections, caches, specialised bytecode
        for _ in range(rounds):
            for name, process in running.items():
                samples[name].append(_sample(case, process, seconds, directory))
        table[case] = {name: _result(samples[name], running[name]) for name in running}
        say(f"{case}: " + ", ".join(f"{n} {r.cpu_us:.1f} µs" for n, r in table[case].items()))
    return table


def _sample(case: Case, process: Process, seconds: int, directory: Path) -> Sample:
    before = procfs.cpu_us(process.pid)
    done = load.run(case, process.port, seconds, directory, LOAD_CORE)
    used = procfs.cpu_us(process.pid) - before
    if not done.requests:
        raise RuntimeError(f"{process.popen.args!r} answered nothing under {case}:\n{process.stderr()[-2000:]}")
    return Sample(used / done.requests, done.requests / done.seconds, done.p50, done.p99, done.errors)


def _result(samples: Sequence[Sample], process: Process) -> Result:
    cpu = [s.cpu_us for s in samples]
    middle = median(cpu)
    return Result(
        cpu_us=middle,
        spread=(max(cpu) - min(cpu)) / 2 / middle,
        rate=median(s.rate for s in samples),
        p50=median(s.p50 for s in samples),
        p99=median(s.p99 for s in samples),
        errors=sum(s.errors for s in samples),
        rss=procfs.rss_bytes(process.pid),
    )
