"""A tier of a router's cache: bounded, with idle expiry, and one-shots when all of it is busy (dtab.md section 15.2).

Pure: the clock is handed in. An entry is busy while `users` > 0 (requests in progress, or upper-tier entries built on
it); busy entries are never evicted nor expired.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from linker.metrics import Metrics


class Entry(Protocol):
    """What a tier keeps. `close` ends it: called once, when it was evicted, expired or replaced."""

    users: int
    idle_since: float

    def close(self) -> None: ...


K = TypeVar("K", bound=Hashable)
E = TypeVar("E", bound=Entry)


class Cache(Generic[K, E]):
    """Entries by key. `entries` may be read directly (the hot path does); everything else goes through here.

    capacity: entries kept. ttl: seconds. metrics: the tier's scope, for misses, evicts, expires, oneshots.
    """

    __slots__ = ("entries", "capacity", "ttl", "_misses", "_evicts", "_expires", "_oneshots")

    def __init__(self, capacity: int, ttl: float, metrics: Metrics) -> None:
        self.entries: dict[K, E] = {}
        self.capacity = capacity
        self.ttl = ttl
        self._misses = metrics.counter("misses")
        self._evicts = metrics.counter("evicts")
        self._expires = metrics.counter("expires")
        self._oneshots = metrics.counter("oneshots")

    def get(self, key: K, make: Callable[[], E]) -> E:
        """The entry of `key`, made if there is none.

        When the tier is full the entry idle longest makes room; when none is idle the new one is a one-shot: it is not
        kept, and whoever uses it closes it (`release`).
        """
        entry = self.entries.get(key)
        if entry is not None:
            return entry
        self._misses.value += 1
        entry = make()
        if len(self.entries) >= self.capacity and not self._evict():
            self._oneshots.value += 1
            return entry
        self.entries[key] = entry
        return entry

    def release(self, key: K, entry: E, now: float) -> None:
        """One user fewer. An entry that is not, or no longer, in the tier is closed by its last user."""
        entry.users -= 1
        if entry.users == 0:
            self.release_idle(key, entry, now)

    def release_idle(self, key: K, entry: E, now: float) -> None:
        """The last user has gone."""
        entry.idle_since = now
        if self.entries.get(key) is not entry:
            entry.close()

    def _evict(self) -> bool:
        idle = [(entry.idle_since, key) for key, entry in self.entries.items() if entry.users == 0]
        if not idle:
            return False
        _, key = min(idle, key=lambda pair: pair[0])
        self.entries.pop(key).close()
        self._evicts.value += 1
        return True

    def sweep(self, now: float) -> None:
        """Close what has been idle for more than one TTL, but never the last remaining entry. Call every TTL."""
        idle = [
            (e.idle_since, key) for key, e in self.entries.items() if e.users == 0 and now - e.idle_since > self.ttl
        ]
        for _, key in sorted(idle, key=lambda pair: pair[0]):
            if len(self.entries) == 1:
                return
            self.entries.pop(key).close()
            self._expires.value += 1

    def close(self) -> None:
        """Close every entry."""
        entries, self.entries = self.entries, {}
        for entry in entries.values():
            entry.close()

    def __repr__(self) -> str:
        busy = sum(1 for entry in self.entries.values() if entry.users)
        return f"<Cache {len(self.entries)}/{self.capacity}, {busy} busy>"
