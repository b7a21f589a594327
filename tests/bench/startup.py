"""Start-up: from the spawn to the first 200 through the proxy, and the memory of an idle proxy after it."""

import time
from dataclasses import dataclass
from statistics import median

from tests.bench.targets import first_answer, target
from tests.support import procfs

SETTLE_S = 0.5  # late imports and start-up garbage are part of the idle figure, not of the start


@dataclass(frozen=True)
class Start:
    """Medians over several starts."""

    seconds: float
    idle_rss: int  # bytes


def start_up(name: str, backend_port: int, python: tuple[str, ...], times: int) -> Start:
    """Start a target `times` times, one after another."""
    seconds, rss = [], []
    for _ in range(times):
        since = time.monotonic()
        with target(name, backend_port, python, wait=False) as process:
            seconds.append(first_answer(process.port, since))
            time.sleep(SETTLE_S)
            rss.append(procfs.rss_bytes(process.pid))
    return Start(median(seconds), int(median(rss)))
