"""The access log: how a line looks, when the file is rolled, and the writer (linkerd.md sections 3.13 and 5.11).

Strategy: the hot path only appends bytes to a list. One task writes them out a few times a second, in a worker thread,
because a disk may stall; it also rolls the file. What rolling means is decided by pure functions of time and size.
A rolled file is named as com.twitter.logging does: `access.log` → `access-20261121.log`.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path as FilePath
from time import localtime, strftime, time
from typing import Literal

import trio

from linker.http.message import Request, Response
from linker.service import Clock
from namer.records import record

log = logging.getLogger(__name__)

FLUSH_INTERVAL = 0.25
"""Seconds a line may wait in memory."""
MAX_WAITING = 16 * 1024 * 1024
"""Bytes of lines kept while the disk stalls: some 100,000 lines; then lines are dropped and counted."""

# ---------------------------------------------------------------- lines

_FIELDS = re.compile(rb"(?:\A|\n)(referer|user-agent):[ \t]*([^\r\n]*?)[ \t]*\r", re.IGNORECASE)
_UNSAFE = re.compile(rb"[^ !#-\[\]-~]")


class Line:
    """Formats lines; keeps the shown time of the running second."""

    def __init__(self, *, epoch: Clock = time) -> None:
        self._epoch = epoch
        self._second = -1
        self._shown = b""

    def __call__(self, request: Request, response: Response) -> bytes:
        """`host client - - [time zone] "METHOD uri version" status length "referer" "user agent"` and LF."""
        now = int(self._epoch())
        if now != self._second:
            self._second, self._shown = now, strftime("%d/%m/%Y:%H:%M:%S %Z", localtime(now)).encode()
        fields = {name.lower(): value for name, value in reversed(_FIELDS.findall(request.headers.raw))}
        return b'%b %b - - [%b] "%b %b HTTP/1.%d" %d %b "%b" "%b"\n' % (
            escape(request.headers.get(b"host")),
            request.peer[0].encode(),
            self._shown,
            request.method,
            escape(request.target),
            request.minor,
            response.status,
            response.headers.get(b"content-length") or b"-",
            escape(fields.get(b"referer")),
            escape(fields.get(b"user-agent")),
        )


def escape(value: bytes | None) -> bytes:
    """A value that cannot end its quotes or its line: `-` for none, `\\xNN` for quotes, backslashes, and no ASCII."""
    if not value:
        return b"-"
    return _UNSAFE.sub(lambda m: b"\\x%02x" % m[0][0], value)


# ---------------------------------------------------------------- rolling

_UNITS = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte", "exabyte")
_SIZES = {name: 1024**power for power, name in enumerate(_UNITS)}
_SIZE = re.compile(rf"(?!0+\.)([0-9]{{1,18}})\.({'|'.join(_UNITS)})s?", re.ASCII)
_WEEKLY = re.compile(r"weekly\(([1-7])\)")


@record
class RollPolicy:
    """When to begin a new file, and how the old one is named.

    every: "size" rolls when the file would exceed `size` bytes; "weekly" on `day`, 1 = Sunday … 7 = Saturday.
    text: as it was written, lower case.
    """

    every: Literal["never", "hourly", "daily", "weekly", "size"] = "never"
    day: int = 0
    size: int = 0
    text: str = "never"

    def __str__(self) -> str:
        return self.text

    @staticmethod
    def read(text: str) -> RollPolicy:
        """`never`, `hourly`, `daily`, `weekly(n)` or a size such as `3.megabytes`, in any case. Raises ValueError."""
        match word := text.strip().lower():
            case "never" | "hourly" | "daily":
                return RollPolicy(word, text=word)
        if weekly := _WEEKLY.fullmatch(word):
            return RollPolicy("weekly", day=int(weekly[1]), text=word)
        if size := _SIZE.fullmatch(word):
            return RollPolicy("size", size=int(size[1]) * _SIZES[size[2]], text=word)
        raise ValueError(f"expected never, hourly, daily, weekly(1..7) or a size such as 3.megabytes, got {text!r}")

    def next_roll(self, opened: datetime) -> datetime | None:
        """When a file that was opened then is over; None: time does not end it."""
        if self.every == "hourly":
            return opened.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if self.every not in ("daily", "weekly"):
            return None
        midnight = opened.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        if self.every == "weekly":
            midnight += timedelta(days=(self.day - 1 - midnight.isoweekday()) % 7)
        return midnight

    def name(self, path: FilePath, opened: datetime) -> FilePath:
        """What the file is called after it was rolled."""
        shape = {"hourly": "%Y%m%d-%H", "size": "%Y%m%d-%H%M%S"}.get(self.every, "%Y%m%d")
        return path.with_name(f"{path.stem}-{opened.strftime(shape)}{path.suffix}")


def superfluous(path: FilePath, names: list[str], keep: int) -> list[FilePath]:
    """Which of `names`, beside `path`, are rolled files beyond the newest `keep`; -1 keeps all."""
    if keep < 0:
        return []
    rolled = re.compile(re.escape(path.stem) + r"-([0-9]{8}[0-9-]*)(?:\.([0-9]{1,9}))?" + re.escape(path.suffix))
    found = [match for name in names if name != path.name and (match := rolled.fullmatch(name))]
    found.sort(key=lambda match: (match[1], int(match[2] or 0)))  # of one second, .10 is newer than .9 and than none
    return [path.with_name(match[0]) for match in found[: max(0, len(found) - keep)]]


# ---------------------------------------------------------------- writing


class RollingFile:
    """A file that grows by lines and is rolled by its policy. Blocking; used by one thread at a time.

    Folders that are missing are made, as the original does. Raises OSError, naming the file, when it cannot be opened.
    """

    def __init__(
        self, path: str, policy: RollPolicy, *, append: bool = True, keep: int = -1, epoch: Clock = time
    ) -> None:
        self._path = FilePath(path)
        self._policy = policy
        self._keep = keep
        self._epoch = epoch
        try:
            self._open("ab" if append else "wb")
        except OSError as error:
            raise OSError(error.errno, f"cannot write the access log {path}: {error.strerror}") from error

    def _open(self, mode: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._path, mode, buffering=0)
        self._size = os.fstat(self._file.fileno()).st_size
        self._opened = datetime.fromtimestamp(self._epoch())
        self._over = self._policy.next_roll(self._opened)

    def write(self, lines: list[bytes]) -> None:
        """Append the lines, rolling before the first that does not belong into the running file."""
        part: list[bytes] = []
        for line in lines:
            if self._is_over(len(line)):
                self._put(part)
                self._roll()
                part = []
            part.append(line)
            self._size += len(line)
        self._put(part)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _is_over(self, more: int) -> bool:
        if self._over is not None:
            return datetime.fromtimestamp(self._epoch()) >= self._over
        return self._policy.every == "size" and 0 < self._size and self._size + more > self._policy.size

    def _put(self, lines: list[bytes]) -> None:
        data = b"".join(lines)
        while data:
            data = data[self._file.write(data) :]

    def _roll(self) -> None:
        self._file.close()
        try:
            self._path.rename(unused(self._policy.name(self._path, self._opened)))
        finally:
            self._open("ab")
        for old in superfluous(self._path, os.listdir(self._path.parent), self._keep):
            old.unlink(missing_ok=True)


InThread = Callable[[Callable[[list[bytes]], None], list[bytes]], Awaitable[None]]


class AccessLogWriter:
    """`write` from the hot path; `run` is a trio task of its owner, and when it is cancelled what waits is written."""

    def __init__(self, file: RollingFile, *, in_thread: InThread = trio.to_thread.run_sync) -> None:
        self.dropped = 0
        self._in_thread = in_thread
        self._file = file
        self._lines: list[bytes] = []
        self._waiting = 0
        self._trouble = ""

    def write(self, line: bytes) -> None:
        """Take a line, complete with its LF. Never waits; drops it when too much is waiting for the disk."""
        if self._waiting > MAX_WAITING:
            self.dropped += 1
            return
        self._waiting += len(line)
        self._lines.append(line)

    async def run(self) -> None:
        """Write out what came, every FLUSH_INTERVAL, until cancelled; then close the file."""
        try:
            while True:
                await trio.sleep(FLUSH_INTERVAL)
                if self._lines:
                    # Taken here and not in the thread, which would race with `write`. The thread is waited for.
                    await self._in_thread(self._write_out, self._take())
        finally:
            if self._lines:
                self._write_out(self._take())
            self._file.close()

    def _take(self) -> list[bytes]:
        lines, self._lines, self._waiting = self._lines, [], 0
        return lines

    def _write_out(self, lines: list[bytes]) -> None:
        try:
            self._file.write(lines)
        except OSError as error:
            if str(error) != self._trouble:  # told once, not at every try while a disk is full
                self._trouble = str(error)
                log.error("cannot write the access log, lines are lost: %s", error)
        else:
            if self._trouble:
                self._trouble = ""
                log.warning("the access log is written again")


def unused(path: FilePath) -> FilePath:
    """`path`, or with .1, .2 … before its suffix when there is one of this second: the number after the newest's."""
    same = re.compile(re.escape(path.stem) + r"(?:\.([0-9]{1,9}))?" + re.escape(path.suffix))
    there = [int(match[1] or 0) for name in os.listdir(path.parent) if (match := same.fullmatch(name))]
    return path.with_name(f"{path.stem}.{max(there) + 1}{path.suffix}") if there else path
