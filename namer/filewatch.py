"""Files and directories as values over time.

    PathWatcher.file(path)       Activity[FileText | None]   None: there is no such file
    PathWatcher.directory(path)  Activity[name → Entry]      empty: nothing in it, or no such directory
    FileWatcher(runtime, path)   .text: Activity[str | None] one file alone

Strategy: one task and one inotify instance a watcher, however many paths; started by the first observer. inotify
watches the directories that hold the entries leading to each path (`namer/touches.py`), so that a rename over a file, a
swapped symbolic link and a directory that appears later are all seen at once. A slow poll of all signatures runs
beside it and finds what inotify cannot tell (renamed ancestors, network file systems); where inotify is not to be had
it runs faster and is all there is. Reading happens in worker threads, in batches.

Settling: a write is read when the writer closes the file, or after `settle` seconds of silence; a removal after
`settle` seconds, since another file by that name usually follows. A file that changes while it is read is read again.

Last known good: a file that is there but cannot be read, or is too large, keeps its last text (it is Failed if there
was none); so does a directory. `troubles` tells, and the log does once. Only "no such file" makes it absent.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

import anyio
import anyio.to_thread

from namer import fileread
from namer.activity import PENDING, Activity, Close, Failed, Ok, State, Var
from namer.fileread import Entry, FileText, Listing, Seen, Value
from namer.inotify import Inotify
from namer.runtime import Runtime
from namer.touches import How, Touches

__all__ = ["LIMIT", "Entry", "FileText", "FileWatcher", "Listing", "PathWatcher", "Unreadable"]

POLL = 2.0  # seconds; only a safety net, so that it may be slow: 1,000 files cost 0.2% of a core
POLL_ALONE = 0.5  # seconds, where inotify is not to be had: 1,000 files cost 1% of a core
SETTLE = 0.02  # seconds; writers that do not close write in bursts far shorter, and 50 ms is the budget of a change
LONGEST_SETTLE = 1.0  # seconds; a file that never falls silent is read anyway
SPACING = 0.01  # seconds between two reads of one path: a writer in a hurry must not take the whole core
LIMIT = 500_000  # bytes of a file: dtab.md section 12

_log = logging.getLogger(__name__)


class Unreadable(Exception):
    """A file or directory is there, or may be, and cannot be read."""


@dataclass(eq=False, slots=True)
class _Watched:
    """One path: what is known of it and who wants to know."""

    path: str
    kind: Literal["file", "directory"]
    var: Var[State[Value]]
    observers: int = 0
    idle: bool = False  # nobody observed it at the last poll
    signature: fileread.Signature | None = None
    trusted: bool = False
    writing: bool = False  # touched since the last look began, and not closed
    unsettled_since: float | None = None
    looked: float = float("-inf")


@dataclass(eq=False)
class PathWatcher:
    """Watches any number of paths. It holds a task only while somebody observes (and for at most two polls more)."""

    runtime: Runtime
    poll: float = POLL
    settle: float = SETTLE
    limit: int = LIMIT
    inotify: Callable[[], Inotify] = Inotify
    troubles: dict[str, str] = field(default_factory=dict)
    """path → why it cannot be read now."""

    def __post_init__(self) -> None:
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._due: dict[_Watched, float] = {}  # when each is to be looked at, on the loop's clock
        self._running = False
        self._wake = anyio.Event()
        self.started: float | None = None  # on the runtime's clock: when its task last began
        self.updated: float | None = None  # when something last changed

    @property
    def running(self) -> bool:
        """Whether its task runs."""
        return self._running

    def read_file(self, path: str) -> FileText | None:
        """The text now, read here unless it is watched. Blocks: for admin pages, not for requests."""
        state = self._state(path, "file")
        value = state.value if isinstance(state, Ok) else fileread.examine_file(path, self.limit).value
        return value if isinstance(value, FileText) else None

    def read_directory(self, path: str) -> Listing:
        """See `read_file`."""
        state = self._state(path, "directory")
        value = state.value if isinstance(state, Ok) else fileread.examine_directory(path).value
        return value if isinstance(value, Mapping) else {}

    def _state(self, path: str, kind: str) -> State[Value]:
        watched = self._watched.get((path, kind))
        return PENDING if watched is None else watched.var.value

    def file(self, path: str) -> Activity[FileText | None]:
        """The text of a file; Failed only if it cannot be read and never could since it was observed."""
        return cast("Activity[FileText | None]", self._activity(os.path.abspath(path), "file"))

    def directory(self, path: str) -> Activity[Listing]:
        """The entries of a directory."""
        return cast("Activity[Listing]", self._activity(os.path.abspath(path), "directory"))

    def _activity(self, path: str, kind: Literal["file", "directory"]) -> Activity[Value]:
        return Activity.lazy(lambda set_: self._attach(path, kind, set_))

    def _attach(self, path: str, kind: Literal["file", "directory"], set_: Callable[[State[Value]], None]) -> Close:
        key = (path, kind)
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = _Watched(path, kind, Var(cast("State[Value]", PENDING)))
            self._due[watched] = float("-inf")
            self._wake.set()
        watched.observers += 1
        watched.idle = False
        if not self._running:
            self._running = True
            self.runtime.spawn(f"watch {path}", self._run)
        close = watched.var.observe(set_)

        def detach() -> None:
            close()
            watched.observers -= 1

        return detach

    # === the task ===

    async def _run(self) -> None:
        self.started = self.runtime.now()
        try:
            while self._watched:  # again, if somebody came while the last run was ending
                await self._run_once(Touches(self._open()))
        finally:
            self._running = False
            self._watched.clear()
            self._due.clear()

    async def _run_once(self, touches: Touches[_Watched]) -> None:
        try:
            async with anyio.create_task_group() as group:
                if touches.fd is not None:
                    group.start_soon(self._listen, touches, touches.fd)
                await self._watch(touches)
                group.cancel_scope.cancel()
        finally:
            touches.close()

    def _open(self) -> Inotify | None:
        try:
            return self.inotify()
        except OSError as error:
            _log.warning("files are polled every %g s, inotify is not to be had: %s", POLL_ALONE, error.strerror)
            return None

    async def _listen(self, touches: Touches[_Watched], fd: int) -> None:
        while True:
            await anyio.wait_readable(fd)
            self._hear(touches)
            self._wake.set()

    def _hear(self, touches: Touches[_Watched]) -> None:
        now = anyio.current_time()
        for watched, how in touches.read():
            self._touch(watched, how, now)

    async def _watch(self, touches: Touches[_Watched]) -> None:
        polled = anyio.current_time()
        while self._watched:
            self._wake = anyio.Event()
            now = anyio.current_time()
            next_poll = polled + (self.poll if touches.complete else min(self.poll, POLL_ALONE))
            due = [watched for watched, at in self._due.items() if at <= now]
            if due:
                await self._look(due, touches)
            elif now >= next_poll:
                await self._poll(touches)
                polled = anyio.current_time()
            else:
                with anyio.move_on_after(min(self._due.values(), default=next_poll) - now):
                    await self._wake.wait()

    def _touch(self, watched: _Watched, how: How, now: float) -> None:
        if how != "attributes":
            watched.writing = how == "unsettled"
        if how == "unsettled":
            since = watched.unsettled_since = watched.unsettled_since or now
            self._due[watched] = min(now + self.settle, since + LONGEST_SETTLE)
        elif how == "settled" or watched not in self._due:
            self._due[watched] = max(now, watched.looked + SPACING)

    # === looking ===

    async def _look(self, due: list[_Watched], touches: Touches[_Watched]) -> None:
        """Read what is due, watch where it leads, and publish."""
        started = anyio.current_time()
        for watched in due:
            self._due.pop(watched, None)
            watched.writing = False
        seen = await anyio.to_thread.run_sync(
            partial(_examine, [(watched.path, watched.kind) for watched in due], self.limit), abandon_on_cancel=True
        )
        self._hear(touches)  # a writer may have begun while it was read
        now = anyio.current_time()
        for watched, each in zip(due, seen, strict=True):
            watched.looked = started
            if touches.follow(watched, each.touches):  # a change between reading and watching would be missed
                self._due.setdefault(watched, now)
            since = watched.unsettled_since = watched.unsettled_since or started
            if (watched.writing or not each.settled) and now < since + LONGEST_SETTLE:
                self._due.setdefault(watched, now + self.settle)
                continue
            watched.unsettled_since = None
            self._publish(watched, each)

    def _publish(self, watched: _Watched, seen: Seen) -> None:
        watched.signature, watched.trusted = seen.signature, seen.trusted
        if isinstance(seen.value, OSError):
            self._trouble(watched, seen.value)
            return
        self.troubles.pop(watched.path, None)
        self._set(watched, Ok(seen.value))

    def _trouble(self, watched: _Watched, error: OSError) -> None:
        text = f"cannot read {watched.path}: {error.strerror or error}"
        if self.troubles.get(watched.path) != text:
            self.troubles[watched.path] = text
            _log.warning("%s", text)
        state = watched.var.value
        if not isinstance(state, Ok) or state.value is None:
            self._set(watched, Failed(Unreadable(text)))

    def _set(self, watched: _Watched, state: State[Value]) -> None:
        if state != watched.var.value:
            self.updated = self.runtime.now()
        try:
            watched.var.set(state)
        except Exception:  # an observer's fault must not end the watch of everybody else
            _log.exception("an observer of %s failed", watched.path)

    async def _poll(self, touches: Touches[_Watched]) -> None:
        """Look again at everything whose signature changed or says too little; forget what nobody observes."""
        for watched in tuple(self._watched.values()):
            if watched.observers == 0 and watched.idle:
                del self._watched[watched.path, watched.kind]
                self._due.pop(watched, None)
                self.troubles.pop(watched.path, None)
                touches.forget(watched)
            watched.idle = watched.observers == 0
        touches.rearm()
        asked = list(self._watched.values())
        found = await anyio.to_thread.run_sync(_signatures, [each.path for each in asked], abandon_on_cancel=True)
        now = anyio.current_time()
        for watched, signature in zip(asked, found, strict=True):
            if signature != watched.signature or not watched.trusted:
                self._due.setdefault(watched, now)


class FileWatcher:
    """One file; see `PathWatcher` for the arguments. `text` is None while there is no such file."""

    def __init__(self, runtime: Runtime, path: str, *, poll: float = POLL, settle: float = SETTLE) -> None:
        self.path = path
        self.watcher = PathWatcher(runtime, poll, settle)
        self.text: Activity[str | None] = self.watcher.file(path).map(lambda file: None if file is None else file.text)

    def __repr__(self) -> str:
        return f"FileWatcher({self.path!r}, {self.text.state!r})"


def _examine(paths: Iterable[tuple[str, str]], limit: int) -> list[Seen]:
    return [
        fileread.examine_file(path, limit) if kind == "file" else fileread.examine_directory(path)
        for path, kind in paths
    ]


def _signatures(paths: list[str]) -> list[fileread.Signature | None]:
    return [fileread.signature(path) for path in paths]
