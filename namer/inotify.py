"""Linux inotify through ctypes: which names in which directories were touched.

Strategy: the least that a file watcher needs. Directories are watched, never files, so that a file replaced by rename
is still seen. No loop in here: the owner waits until `fd` is readable and then calls `read`. inotify(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass
from typing import Literal

IN_MODIFY = 0x2
IN_ATTRIB = 0x4
IN_CLOSE_WRITE = 0x8
IN_MOVED_FROM = 0x40
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_MOVE_SELF = 0x800
IN_UNMOUNT = 0x2000
IN_Q_OVERFLOW = 0x4000
IN_IGNORED = 0x8000
IN_ONLYDIR = 0x1000000

_NAMES = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE
_WATCHED = _NAMES | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
_GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED
IN_ISDIR = 0x40000000
_UNSETTLED = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM
_HEADER = struct.Struct("iIII")  # wd, mask, cookie, length of the name that follows
_BUFFER = 64 * 1024  # bytes a read; an event is at most 16 + 256


@dataclass(frozen=True, slots=True)
class Touched:
    """The entry `name` of the watched `directory` was touched.

    How: "unsettled", written or removed, and more is likely to follow (the close, or another file by that name);
    "settled", closed after writing, or moved there as a whole; "attributes", which says neither.
    """

    directory: str
    name: str
    how: Literal["unsettled", "settled", "attributes"]


@dataclass(frozen=True, slots=True)
class Lost:
    """No longer known: what is in `directory`, because it went away; or, with None, anything (the queue overflowed)."""

    directory: str | None


class Inotify:
    """One inotify instance. `close` it, after whoever waits for `fd` has stopped waiting."""

    def __init__(self) -> None:
        """Raises `OSError` where there is no inotify or no instance is left (EMFILE: fs.inotify.max_user_instances)."""
        self._libc = _libc()
        self.fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise _error("inotify_init1")
        self._directories: dict[int, str] = {}
        self._watches: dict[str, int] = {}

    @property
    def directories(self) -> frozenset[str]:
        """The directories watched now."""
        return frozenset(self._watches)

    def add(self, directory: str) -> None:
        """Watch a directory. Raises `OSError` (ENOENT, ENOTDIR, EACCES; ENOSPC: no watch left).

        A directory that is already watched is watched anew, in case another one has its name now.
        """
        wd = self._libc.inotify_add_watch(self.fd, os.fsencode(directory), _WATCHED)
        if wd < 0:
            raise _error(directory)
        if self._watches.get(directory) != wd:
            self.remove(directory)
        # Two names of one directory share a watch, which tells of the name added last: callers pass real paths.
        self._watches[directory] = wd
        self._directories[wd] = directory

    def remove(self, directory: str) -> None:
        """Watch it no longer; does nothing if it is not watched."""
        wd = self._watches.pop(directory, None)
        if wd is not None and self._directories.get(wd) == directory:
            del self._directories[wd]
            self._libc.inotify_rm_watch(self.fd, wd)  # fails if the kernel dropped it already: as good

    def read(self) -> list[Touched | Lost]:
        """What has happened since the last call; does not wait."""
        events: list[Touched | Lost] = []
        while True:
            try:
                data = os.read(self.fd, _BUFFER)
            except BlockingIOError:
                return events
            self._decode(data, events)

    def _decode(self, data: bytes, events: list[Touched | Lost]) -> None:
        at = 0
        while at < len(data):
            wd, mask, _, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size
            name = data[at : at + length].rstrip(b"\0")
            at += length
            directory = self._directories.get(wd)
            if mask & IN_Q_OVERFLOW:
                events.append(Lost(None))
            elif directory is None:
                continue  # of a watch removed since
            elif mask & _GONE:
                self.remove(directory)
                events.append(Lost(directory))
            elif name:
                events.append(Touched(directory, os.fsdecode(name), _how(mask)))

    def close(self) -> None:
        """Give the instance and all its watches back."""
        os.close(self.fd)


def _how(mask: int) -> Literal["unsettled", "settled", "attributes"]:
    if mask & _UNSETTLED and not mask & IN_ISDIR:
        return "unsettled"
    return "attributes" if mask & IN_ATTRIB else "settled"


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        raise OSError(errno.ENOSYS, "no inotify on this system")
    libc.inotify_add_watch.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
    libc.inotify_rm_watch.argtypes = [ctypes.c_int, ctypes.c_int]
    return libc


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)
