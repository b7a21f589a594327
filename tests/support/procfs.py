"""CPU time, memory and descriptors of a process tree, from /proc.

CPU time is utime + stime, in clock ticks of 10 ms: the kernel scales it from what the scheduler counted, so a window of
2 s is good to 1 %, threads that have ended included.
"""

import os
from pathlib import Path

_PROC = Path("/proc")
_TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    pids = [pid]
    for parent in pids:  # grows while it is walked
        for children in (_PROC / str(parent) / "task").glob("*/children"):
            pids += [int(child) for child in children.read_text().split()]
    return pids


def cpu_us(pid: int) -> int:
    """Microseconds of CPU time used so far by the tree, user and system."""
    return sum(_cpu_us(p) for p in tree(pid))


def rss_bytes(pid: int) -> int:
    """Resident memory of the tree; pages that its processes share count once for each."""
    return sum(int((_PROC / str(p) / "statm").read_text().split()[1]) * _PAGE for p in tree(pid))


def open_files(pid: int) -> int:
    """Open file descriptors of the tree."""
    return sum(len(os.listdir(_PROC / str(p) / "fd")) for p in tree(pid))


def _cpu_us(pid: int) -> int:
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_US
