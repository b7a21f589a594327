"""A cache tier against a model, over random histories. dtab.md section 15.2."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linker.cache import Cache
from linker.metrics import Metrics
from tests.linker.filters.fakes import counted

CAPACITY, TTL = 3, 10.0


class Entry:
    def __init__(self, key: str, now: float) -> None:
        self.key = key
        self.users = 0
        self.idle_since = now
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def __repr__(self) -> str:
        return f"<{self.key} users={self.users} closed={self.closed}>"


class TestAgainstModel(RuleBasedStateMachine):
    """`kept`: what must be in the cache. Everything ever made is remembered, to see what is closed, and how often."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics = Metrics()
        self.cache: Cache[str, Entry] = Cache(CAPACITY, TTL, self.metrics)
        self.now = 0.0
        self.made: list[Entry] = []
        self.kept: dict[str, Entry] = {}
        self.counts = dict.fromkeys(("misses", "evicts", "expires", "oneshots"), 0)

    def make(self, key: str) -> Entry:
        entry = Entry(key, self.now)
        self.made.append(entry)
        return entry

    @rule(key=st.sampled_from("abcdef"))
    def acquire(self, key: str) -> None:
        entry = self.cache.get(key, lambda: self.make(key))
        if key in self.kept:
            assert entry is self.kept[key]
        else:
            assert entry is self.made[-1]
            self.counts["misses"] += 1
            self.expect_kept(key, entry)
        entry.users += 1

    def expect_kept(self, key: str, entry: Entry) -> None:
        if len(self.kept) < CAPACITY:
            self.kept[key] = entry
            return
        idle = [each for each in self.kept.values() if not each.users]
        if not idle:
            self.counts["oneshots"] += 1
            return
        oldest = min(idle, key=lambda each: each.idle_since)
        evicted = [each for each in idle if each.closed]
        assert len(evicted) == 1
        assert evicted[0].idle_since == oldest.idle_since
        del self.kept[evicted[0].key]
        self.counts["evicts"] += 1
        self.kept[key] = entry

    @precondition(lambda self: any(entry.users for entry in self.made))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from([entry for entry in self.made if entry.users]))
        self.cache.release(entry.key, entry, self.now)
        if not entry.users:
            assert entry.idle_since == self.now
            assert entry.closed == (self.kept.get(entry.key) is not entry)

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, TTL, TTL + 1]))
    def passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.cache.sweep(self.now)
        over = [entry for entry in self.kept.values() if not entry.users and self.now - entry.idle_since > TTL]
        if over and len(over) == len(self.kept):  # the least idle one stays
            last = max(entry.idle_since for entry in over)
            stayed = [entry for entry in over if not entry.closed]
            assert [entry.idle_since for entry in stayed] == [last]
            over.remove(stayed[0])
        for entry in over:
            del self.kept[entry.key]
        self.counts["expires"] += len(over)

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert self.cache.entries == self.kept
        assert len(self.kept) <= CAPACITY
        for entry in self.made:
            kept = self.kept.get(entry.key) is entry
            assert entry.closed == (0 if kept or entry.users else 1), entry
        assert counted(self.metrics) == {name: count for name, count in self.counts.items() if count}

    def teardown(self) -> None:
        self.cache.close()
        for entry in self.made:
            if entry.users and not entry.closed:
                entry.users = 1
                self.cache.release(entry.key, entry, self.now)
            assert entry.closed == 1


TestAgainstModel.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestCache = TestAgainstModel.TestCase
del TestAgainstModel


def test_a_closed_cache_has_closed_everything_once() -> None:
    cache: Cache[str, Entry] = Cache(2, TTL, Metrics())
    one, two = cache.get("a", lambda: Entry("a", 0)), cache.get("b", lambda: Entry("b", 0))
    one.users = 1
    cache.close()
    cache.close()
    assert (one.closed, two.closed) == (1, 1)


def test_a_cache_reads_as_a_status_line() -> None:
    cache: Cache[str, Entry] = Cache(2, TTL, Metrics())
    cache.get("a", lambda: Entry("a", 0)).users = 1
    cache.get("b", lambda: Entry("b", 0))
    assert repr(cache) == "<Cache 2/2, 1 busy>"
