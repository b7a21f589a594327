"""Which of the watched things an inotify event concerns: the half of `namer/filewatch.py` that knows directories.

Strategy: each thing depends on some directory entries (`fileread.trace`). Their directories are watched, each once
however many things depend on it, and an event is looked up by directory and name. Where a directory cannot be watched
`complete` says so, and the owner polls faster.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator
from typing import Generic, Literal, TypeVar

from namer.fileread import ANY, Touch
from namer.inotify import Inotify, Lost

K = TypeVar("K", bound=Hashable)

How = Literal["unsettled", "settled", "attributes"]
"""See `inotify.Touched`."""

_log = logging.getLogger(__name__)


class Touches(Generic[K]):
    """Watches what things of type K depend on; with `inotify` None nothing. `close` closes the instance it is given."""

    def __init__(self, inotify: Inotify | None) -> None:
        self._inotify = inotify
        self._of: dict[K, frozenset[Touch]] = {}
        self._led: dict[Touch, set[K]] = {}
        self._directories: dict[str, int] = {}  # how many of the touches lie in it
        self._refused: set[str] = set()  # directories whose trouble has been logged
        self.complete = inotify is not None

    @property
    def fd(self) -> int | None:
        """Readable when `read` has something to tell; None: never."""
        return None if self._inotify is None else self._inotify.fd

    def follow(self, thing: K, touches: frozenset[Touch]) -> bool:
        """Let `thing` depend on `touches` alone. True: some directory is watched only from now on."""
        before = self._of.get(thing, frozenset())
        self._of[thing] = touches
        for touch in touches - before:
            self._led.setdefault(touch, set()).add(thing)
            self._directories[touch[0]] = self._directories.get(touch[0], 0) + 1
        for touch in before - touches:
            self._leave(thing, touch)
        armed = [self._arm(directory) for directory in {directory for directory, _ in touches}]
        return any(armed)

    def forget(self, thing: K) -> None:
        """`thing` is watched no longer."""
        for touch in self._of.pop(thing, ()):
            self._leave(thing, touch)

    def read(self) -> Iterator[tuple[K, How]]:
        """What has been touched since the last call, and how."""
        for event in () if self._inotify is None else self._inotify.read():
            if isinstance(event, Lost):
                for thing, touches in tuple(self._of.items()):
                    if event.directory is None or any(directory == event.directory for directory, _ in touches):
                        yield thing, "settled"
                continue
            for name in (event.name, ANY):
                for thing in self._led.get((event.directory, name), ()):
                    yield thing, event.how

    def rearm(self) -> None:
        """Try again to watch what could not be watched."""
        if self._inotify is not None and not self.complete:
            self.complete = True
            for directory in self._directories:
                self._arm(directory)

    def close(self) -> None:
        """Give everything back."""
        if self._inotify is not None:
            self._inotify.close()

    def _arm(self, directory: str) -> bool:
        if self._inotify is None or directory in self._inotify.directories:
            return False
        try:
            self._inotify.add(directory)
        except OSError as error:
            # What has just gone away the next look finds out.
            if directory not in self._refused and not isinstance(error, FileNotFoundError):
                self._refused.add(directory)
                _log.warning("%s cannot be watched, so it is polled: %s", directory, error.strerror)
            self.complete = False
            return False
        self._refused.discard(directory)
        return True

    def _leave(self, thing: K, touch: Touch) -> None:
        led = self._led[touch]
        led.discard(thing)
        if not led:
            del self._led[touch]
        directory = touch[0]
        self._directories[directory] -= 1
        if not self._directories[directory]:
            del self._directories[directory]
            self._refused.discard(directory)
            if self._inotify is not None:
                self._inotify.remove(directory)
