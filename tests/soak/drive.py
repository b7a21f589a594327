"""Run all clients against one proxy for a while, sample its memory and descriptors, and judge."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from tests.soak import bad, good
from tests.soak.session import Session, WrongAnswer
from tests.support import procfs
from tests.support.backend import Backend
from tests.support.peers import proxy
from tests.support.process import Process, linker

MIB = 1024 * 1024
EACH_BAD = 2  # clients of each bad kind
SETTLE_S = 10.0  # for descriptors to be closed once everybody has gone
SPARE_FDS = 8  # what may stay open for other reasons: an idle thread's, a log's

LINKER = """admin: {ip: 127.0.0.1, port: {ADMIN}}
usage: {enabled: false}
namers:
- kind: io.l5d.fs
  rootDir: {DIR}
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs
  servers:
  - {ip: 127.0.0.1, port: {PORT}}
"""


@dataclass(frozen=True)
class Sample:
    """The proxy at one moment."""

    rss: int  # bytes
    fds: int


@dataclass
class Outcome:
    """A whole soak."""

    samples: list[Sample] = field(default_factory=list)
    verified: int = 0  # answers that good clients found right
    wrong: list[str] = field(default_factory=list)
    fds_before: int = 0
    fds_after: int = 0  # when all clients and backends had gone
    stderr: str = ""


@contextmanager
def target(name: str, ports: Sequence[int]) -> Iterator[Process]:
    """The proxy: `web` is served by all backends, `odd` by the last one."""
    if name == "linker":
        lines = [f"127.0.0.1 {port}\n" for port in ports]
        with linker(LINKER, files={"web": "".join(lines[:-1]), "odd": lines[-1]}) as process:
            yield process
    else:
        with proxy(name, ports[0]) as process:
            yield process


def soak(name: str, seconds: float, every: float, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Drive `name` for `seconds`, with a sample `every` so many."""
    outcome = Outcome()
    backends = [Backend(f"B{i}", record=False) for i in range(3)]
    try:
        with target(name, [b.port for b in backends]) as process:
            outcome.fds_before = procfs.open_files(process.pid)
            stop = threading.Event()
            sessions, threads = _start(process.port, stop)
            end = time.monotonic() + seconds
            while time.monotonic() < end and process.popen.poll() is None:
                time.sleep(every)
                outcome.samples.append(_sample(process))
                say(f"{outcome.samples[-1].rss / MIB:.1f} MiB, {outcome.samples[-1].fds} fds")
            stop.set()
            for thread in threads:
                thread.join()
            for backend in backends:
                backend.close()
            outcome.fds_after = _settled(process, outcome.fds_before + SPARE_FDS)
            outcome.stderr = process.stderr()
    finally:
        for backend in backends:
            backend.close()
    outcome.verified = sum(s.done for s in sessions)
    outcome.wrong = [w for s in sessions for w in s.wrong]
    return outcome


def problems(outcome: Outcome, slack_mib: float) -> list[str]:
    """What a soak found; empty if all is well. `slack_mib`: growth that is not a leak (caches, the allocator)."""
    found = [f"wrong answer: {w}" for w in outcome.wrong[:10]]
    if not outcome.verified:
        found.append("no answer was verified")
    if "Traceback" in outcome.stderr:
        found.append("stderr: " + outcome.stderr[outcome.stderr.index("Traceback") :][:2000])
    quarter = len(outcome.samples) // 4
    if quarter:
        second, last = outcome.samples[quarter : 2 * quarter], outcome.samples[-quarter:]
        before, after = (median(s.rss for s in part) / MIB for part in (second, last))
        if after > before * 1.03 + slack_mib:
            found.append(f"memory grew from {before:.1f} to {after:.1f} MiB")
        before, after = (median(s.fds for s in part) for part in (second, last))
        if after > before * 1.25 + SPARE_FDS:  # how many clients are in the middle of something varies
            found.append(f"open descriptors grew from {before:.0f} to {after:.0f}")
    if outcome.fds_after > outcome.fds_before + SPARE_FDS:
        found.append(f"{outcome.fds_after} descriptors open when all had gone, {outcome.fds_before} at the start")
    return found


def _start(port: int, stop: threading.Event) -> tuple[list[Session], list[threading.Thread]]:
    sessions, threads = [], []
    for seed, client in enumerate(good.CLIENTS + bad.CLIENTS * EACH_BAD):
        session = Session(port, random.Random(seed), stop)
        sessions.append(session)
        threads.append(threading.Thread(target=_forever, args=(client, session, client in good.CLIENTS), daemon=True))
        threads[-1].start()
    return sessions, threads


def _forever(client: Callable[[Session], None], session: Session, is_good: bool) -> None:
    """Again and again until the end. A network error is a good client's complaint, a bad one's daily bread."""
    while not session.stop.is_set():
        try:
            client(session)
        except (WrongAnswer, ValueError) as e:  # ValueError: what came was not an answer at all
            session.wrong.append(f"{client.__name__}: {e}")
        except OSError as e:
            if is_good:
                session.wrong.append(f"{client.__name__}: {type(e).__name__}: {e}")
            session.pause(0.05)


def _sample(process: Process) -> Sample:
    return Sample(procfs.rss_bytes(process.pid), procfs.open_files(process.pid))


def _settled(process: Process, limit: int) -> int:
    """Open descriptors, once they are at most `limit` or time is up."""
    end = time.monotonic() + SETTLE_S
    while (count := procfs.open_files(process.pid)) > limit and time.monotonic() < end:
        time.sleep(0.1)
    return count
