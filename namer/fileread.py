"""Files and directories as they are now: the blocking half of `namer/filewatch.py`, run in worker threads.

Strategy: one call says everything that the watcher must know about a path: its value, a signature that changes
whenever the value may, and which directory entries lead there, so that they can be watched.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

Signature = tuple[int, int, int, int, int]
"""Device, inode, size, mtime, ctime (ns): of what a path leads to, symbolic links followed."""

ANY = ""
"""In a touch: any entry of the directory."""

Touch = tuple[str, str]
"""A real directory, and the entry in it whose change may change what a path leads to."""

_TICK = 0.05  # seconds; two changes within one tick of the kernel's clock (1 to 10 ms) may bear the same time
# There is no such thing; a name that leads round in a circle leads nowhere either.
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})
_MOST_LINKS = 40  # symbolic links on the way to one file, as in the Linux kernel


class Entry(Enum):
    """What a name in a directory is, symbolic links followed."""

    FILE = "file"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text (UTF-8, what is not becomes U+FFFD) and a version that tells two states of it apart."""

    text: str
    version: str


Listing = Mapping[str, Entry]
Value = FileText | Listing | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What `examine` found.

    value: the file's text, the directory's entries, None: there is no such thing, or what stands in the way.
    settled: nothing changed while it was read. trusted: an equal signature later on means an equal value.
    """

    value: Value | OSError
    signature: Signature | None
    touches: frozenset[Touch]
    settled: bool = True
    trusted: bool = True


def signature(path: str) -> Signature | None:
    """None: there is no such thing, or it cannot be told."""
    try:
        return _signature(os.stat(path))
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None


def examine_file(path: str, limit: int) -> Seen:
    """The text of a regular file of at most `limit` bytes."""
    touches = trace(path)
    try:
        before, data = _read(path, limit)
    except ValueError:  # a NUL in the name
        return Seen(None, None, touches)
    except OSError as error:
        return Seen(None if error.errno in _ABSENT else error, signature(path), touches)
    mark = _signature(before)
    version = f"{before.st_ino:x}-{before.st_mtime_ns:x}"
    value = FileText(data.decode("utf-8", "replace"), version)
    return Seen(value, mark, touches, settled=signature(path) == mark, trusted=_older_than_a_tick(before))


def examine_directory(path: str) -> Seen:
    """The entries of a directory; what is neither file nor directory, or leads nowhere, is left out."""
    touches = trace(path, directory=True)
    try:
        before = os.stat(path)
        entries: dict[str, Entry] = {}
        links = False
        with os.scandir(path) as found:
            for each in found:
                links = links or each.is_symlink()
                kind = _kind(each)
                if kind is not None:
                    entries[each.name] = kind
    except ValueError:  # a NUL in the name
        return Seen({}, None, touches)
    except OSError as error:
        return Seen({} if error.errno in _ABSENT else error, signature(path), touches)
    # What a link leads to may change without a trace in this directory.
    trusted = not links and _older_than_a_tick(before)
    return Seen(entries, _signature(before), touches, trusted=trusted)


def trace(path: str, directory: bool = False) -> frozenset[Touch]:
    """The entries that decide what `path` (absolute) leads to: each symbolic link on the way, and the end of it.

    The end is the file's own entry, any entry of a `directory`, or the first that is missing or no directory. Plain
    directories on the way are left out: when one is renamed only the poll notices.
    """
    touches: set[Touch] = set()
    real, todo, links = "/", _parts(path), 0
    while todo:
        name = todo.pop()
        if name == "..":
            real = os.path.dirname(real)
            continue
        here = os.path.join(real, name)
        try:
            mode = os.lstat(here).st_mode
            target = os.readlink(here) if stat.S_ISLNK(mode) else None
        except (OSError, ValueError):
            return frozenset(touches | {(real, name)})
        if target is None:
            if not stat.S_ISDIR(mode) or not (todo or directory):
                return frozenset(touches | {(real, name)})
            real = here
            continue
        touches.add((real, name))
        links += 1
        if links > _MOST_LINKS:
            return frozenset(touches)
        if target.startswith("/"):
            real = "/"
        todo.extend(_parts(target))
    if directory:
        touches.add((real, ANY))
    return frozenset(touches)


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _signature(found: os.stat_result) -> Signature:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _older_than_a_tick(found: os.stat_result) -> bool:
    return time.time() - found.st_ctime > _TICK


def _read(path: str, limit: int) -> tuple[os.stat_result, bytes]:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # non-blocking: it may be a FIFO
    try:
        found = os.fstat(fd)
        if stat.S_ISDIR(found.st_mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        chunks: list[bytes] = []
        left = limit + 1
        while left and (chunk := os.read(fd, left)):
            chunks.append(chunk)
            left -= len(chunk)
        if not left:
            raise OSError(errno.EFBIG, f"more than {limit} bytes", path)
        return found, b"".join(chunks)
    finally:
        os.close(fd)


def _kind(entry: os.DirEntry[str]) -> Entry | None:
    try:
        if entry.is_dir():
            return Entry.DIRECTORY
        return Entry.FILE if entry.is_file() else None
    except OSError:  # a loop of links
        return None
