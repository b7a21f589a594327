"""Logging: one line a record on standard error, in the form of linkerd's logs, so that what reads those reads ours.

    I 1121 03:17:03.228 UTC THREAD1: serving http admin on /127.0.0.1:9990

Level letter (coloured on a terminal), month and day, time in UTC. `TRACE` lies below DEBUG; ALL, FATAL and OFF are
accepted as they were.
"""

from __future__ import annotations

import logging
import sys
from time import gmtime, strftime
from typing import TextIO

TRACE = 5
LEVELS = {
    "ALL": 1,
    "TRACE": TRACE,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
    "FATAL": logging.CRITICAL + 1,
    "OFF": logging.CRITICAL + 2,
}
"""linkerd.md section 2, type log Level; the names of the original, the numbers of the standard library."""

_NAMES = {number: name for name, number in LEVELS.items()}
_COLOURS = {"W": "33", "E": "31", "C": "1;31", "F": "1;31", "D": "2", "T": "2"}


class _Lines(logging.Formatter):
    """One record as lines: the first with its time, a traceback's as they are."""

    def __init__(self, colour: bool) -> None:
        super().__init__()
        self.colour = colour

    def format(self, record: logging.LogRecord) -> str:
        letter = _name(record.levelno)[0]
        head = f"{letter} {strftime('%m%d %H:%M:%S', gmtime(record.created))}.{int(record.msecs):03d} UTC THREAD1:"
        if self.colour and letter in _COLOURS:
            head = f"\x1b[{_COLOURS[letter]}m{head}\x1b[0m"
        lines = [f"{head} {record.getMessage()}"]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        return "\n".join(lines)


class _AcceptTrouble(logging.Filter):
    """Out of file descriptors, trio tells of every failed accept: ten times a second, each with its traceback."""

    EVERY_S = 10.0
    """Seconds between two records that are let through, without traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.last = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created - self.last < self.EVERY_S:
            return False
        self.last = record.created
        record.exc_info = None
        return True


_accept_trouble = _AcceptTrouble()


def set_up(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error) from `level` on. Replaces an earlier set-up. KeyError for an unknown level."""
    out = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Lines(out.isatty()))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(LEVELS[level.upper()])
    logging.getLogger("trio.serve_listeners").addFilter(_accept_trouble)


def levels() -> list[tuple[str, str]]:
    """(logger, level in force) of the root logger, named `root`, and of every logger that is used, sorted."""
    root = logging.getLogger()
    named = [name for name, logger in root.manager.loggerDict.items() if isinstance(logger, logging.Logger)]
    every = [("root", root), *((name, logging.getLogger(name)) for name in sorted(named))]
    return [(name, _name(logger.getEffectiveLevel())) for name, logger in every]


def set_level(name: str, level: str) -> bool:
    """Set the level of a logger that is there; False, and nothing set, when logger or level is unknown."""
    number = LEVELS.get(level.upper())
    logger = logging.getLogger() if name in ("root", "") else logging.getLogger().manager.loggerDict.get(name)
    if number is None or not isinstance(logger, logging.Logger):
        return False
    logger.setLevel(number)
    return True


def shown_address(ip: str, port: int) -> str:
    """An address as the log lines have it: `/127.0.0.1:4140`, `/[::1]:4140`."""
    return f"/[{ip}]:{port}" if ":" in ip else f"/{ip}:{port}"


def _name(number: int) -> str:
    """The level at or below this number."""
    return _NAMES[max((known for known in _NAMES if known <= number), default=1)]
