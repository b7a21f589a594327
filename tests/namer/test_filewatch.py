"""Files change in many ways; each of them must be seen, by inotify or by the poll alone, under both loops."""

from __future__ import annotations

import errno
import logging
import os
import time

import anyio
import pytest

from namer.activity import Failed, Ok
from namer.filewatch import Entry, FileWatcher, PathWatcher
from namer.inotify import Inotify
from tests.namer.observing import Seen, a_runtime, eventually, seen

pytestmark = pytest.mark.anyio

QUIET = 60.0  # seconds: a poll that never comes in a test, so that only inotify can have noticed


def no_inotify() -> Inotify:
    raise OSError(errno.EMFILE, "none left")


@pytest.fixture(params=["inotify", "poll"])
def how(request):
    """The arguments of a watcher that must notice by this means alone."""
    return {"poll": QUIET} if request.param == "inotify" else {"poll": 0.01, "settle": 0.005, "inotify": no_inotify}


@pytest.fixture
async def watch(how):
    async with a_runtime() as runtime:
        yield PathWatcher(runtime, **how)


def text(seen: Seen) -> str | None | Failed:
    match seen.last:
        case Ok(None):
            return None
        case Ok(file):
            return file.text
        case state:
            return state


async def becomes(seen: Seen, wanted: str | None) -> None:
    await seen.until(lambda _: text(seen) == wanted)


def replace(path, content):
    """Write beside it and rename over it."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(content)
    os.rename(beside, path)


async def a_moment():
    """Let the watcher hear what has happened."""
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


async def test_a_file_is_seen_to_come_change_and_go(watch, tmp_path):
    path = tmp_path / "web"
    file = seen(watch.file(str(path)))
    await becomes(file, None)
    path.write_text("one")
    await becomes(file, "one")
    path.write_text("two")
    await becomes(file, "two")
    path.unlink()
    await becomes(file, None)


async def test_a_file_replaced_by_rename_is_seen_and_so_are_later_edits_of_it(watch, tmp_path):
    path = tmp_path / "web"
    path.write_text("one")
    file = seen(watch.file(str(path)))
    await becomes(file, "one")
    for content in ("two", "six"):  # same length, and perhaps the same time
        replace(path, content)
        await becomes(file, content)
    with path.open("a") as appended:
        appended.write(" and more")
    await becomes(file, "six and more")
    assert [text for state in file.values if isinstance(state, Ok) and (text := state.value) is None] == []


async def test_a_changed_symlink_target_is_seen(watch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real").write_text("one")
    (tmp_path / "web").symlink_to("elsewhere/real")
    file = seen(watch.file(str(tmp_path / "web")))
    await becomes(file, "one")
    (elsewhere / "real").write_text("two")
    await becomes(file, "two")
    (elsewhere / "real2").write_text("three")
    os.symlink("elsewhere/real2", tmp_path / "new")
    os.rename(tmp_path / "new", tmp_path / "web")
    await becomes(file, "three")
    replace(elsewhere / "real2", "four")
    await becomes(file, "four")


async def test_a_kubernetes_volume_swaps_its_data_directory(watch, tmp_path):
    for version in ("1", "2"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "web").write_text(version)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "web").symlink_to("..data/web")
    file = seen(watch.file(str(tmp_path / "web")))
    await becomes(file, "1")
    (tmp_path / "..data_tmp").symlink_to("..2")
    os.rename(tmp_path / "..data_tmp", tmp_path / "..data")
    await becomes(file, "2")


async def test_a_missing_directory_may_appear_later_and_be_replaced(watch, tmp_path):
    path = tmp_path / "a" / "b" / "web"
    file = seen(watch.file(str(path)))
    await becomes(file, None)
    path.parent.mkdir(parents=True)
    path.write_text("one")
    await becomes(file, "one")
    os.rename(path.parent, tmp_path / "gone")
    await becomes(file, None)
    path.parent.mkdir()
    path.write_text("two")
    await becomes(file, "two")
    path.unlink()
    path.parent.rmdir()
    await becomes(file, None)


async def test_a_thousand_updates_end_with_the_last(watch, tmp_path):
    path = tmp_path / "web"
    file = seen(watch.file(str(path)))
    for i in range(1000):
        replace(path, str(i))
        if i % 50 == 0:
            await anyio.lowlevel.checkpoint()
    await becomes(file, "999")
    assert len(file.values) < 500  # a writer in a hurry is not followed step by step


async def test_entries_are_seen_to_come_and_go(watch, tmp_path):
    root = tmp_path / "root"
    listing = seen(watch.directory(str(root)))
    await listing.until_ok({})
    root.mkdir()
    (root / "eu").mkdir()
    (root / "web").write_text("")
    (root / "lost").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    (root / "us").symlink_to("eu")
    await listing.until_ok({"eu": Entry.DIRECTORY, "us": Entry.DIRECTORY, "web": Entry.FILE})
    (root / "web").unlink()
    (root / "us").unlink()
    await listing.until_ok({"eu": Entry.DIRECTORY})
    for name in ("lost", "loop"):
        (root / name).unlink()
    (root / "eu").rmdir()
    root.rmdir()
    await listing.until_ok({})


async def test_a_file_in_place_of_a_directory_has_no_entries_and_a_directory_is_no_file(watch, tmp_path):
    path = tmp_path / "thing"
    path.mkdir()
    (path / "web").write_text("")
    listing, file = seen(watch.directory(str(path))), seen(watch.file(str(path)))
    await listing.until_ok({"web": Entry.FILE})
    await becomes(file, None)
    (path / "web").unlink()
    path.rmdir()
    path.write_text("text")
    await listing.until_ok({})
    await becomes(file, "text")


async def test_what_cannot_be_read_keeps_its_last_text_and_is_logged_once(watch, tmp_path, caplog):
    caplog.set_level(logging.WARNING, "namer.filewatch")
    watch.limit = 10
    path = tmp_path / "web"
    path.write_text("good")
    file = seen(watch.file(str(path)))
    await becomes(file, "good")
    replace(path, "far too long")
    await eventually(lambda: bool(watch.troubles))
    replace(path, "also too long")
    replace(path, "good again")
    await becomes(file, "good again")
    assert watch.troubles == {}
    assert all(isinstance(state, Ok) for state in file.values[1:])
    assert [r.message for r in caplog.records if "polled" not in r.message] == [
        f"cannot read {path}: more than 10 bytes"
    ]


async def test_what_could_never_be_read_is_failed(watch, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    file = seen(watch.file(str(tmp_path / "pipe")))
    state = await file.until(lambda state: isinstance(state, Failed))
    assert str(state.error) == f"cannot read {tmp_path}/pipe: not a regular file"


async def test_a_name_that_no_file_can_have_is_absent(watch, tmp_path):
    assert tmp_path.is_dir()
    await becomes(seen(watch.file(str(tmp_path / ("x" * 300)))), None)
    await becomes(seen(watch.file(str(tmp_path / "nul\0nul"))), None)


async def test_a_slow_writer_is_not_read_half_way(tmp_path):
    async with a_runtime() as runtime:
        path = tmp_path / "web"
        path.write_text("the old text")
        file = seen(PathWatcher(runtime, poll=QUIET, settle=0.2).file(str(path)))
        await becomes(file, "the old text")
        with path.open("w") as writer:
            for part in ("the ", "new ", "text"):
                writer.write(part)
                writer.flush()
                await a_moment()
        await becomes(file, "the new text")
        assert [state.value.text for state in file.values if isinstance(state, Ok)] == ["the old text", "the new text"]


async def test_a_writer_that_never_closes_is_read_when_it_falls_silent(tmp_path):
    async with a_runtime() as runtime:
        path = tmp_path / "web"
        with path.open("w") as writer:
            file = seen(PathWatcher(runtime, poll=QUIET).file(str(path)))
            await becomes(file, "")
            writer.write("one")
            writer.flush()
            await becomes(file, "one")


async def test_a_file_deleted_and_made_again_at_once_was_never_absent(tmp_path):
    async with a_runtime() as runtime:
        path = tmp_path / "web"
        path.write_text("one")
        file = seen(PathWatcher(runtime, poll=QUIET, settle=0.5).file(str(path)))
        await becomes(file, "one")
        path.unlink()
        await a_moment()
        path.write_text("two")
        await becomes(file, "two")
        assert Ok(None) not in file.values


async def test_a_change_is_seen_within_fifty_milliseconds(tmp_path):
    async with a_runtime() as runtime:
        path = tmp_path / "web"
        file = seen(PathWatcher(runtime).file(str(path)))
        await becomes(file, None)
        took = []
        for i in range(20):
            replace(path, str(i))
            start = time.perf_counter()
            await becomes(file, str(i))
            took.append(time.perf_counter() - start)
        assert sorted(took)[10] < 0.05  # the median: the machine may be busy


async def test_the_task_ends_when_nobody_observes_and_starts_again(watch, tmp_path):
    path = tmp_path / "web"
    path.write_text("one")
    watch.poll = 0.01
    file = seen(watch.file(str(path)))
    await becomes(file, "one")
    assert watch.running
    file.close()
    await eventually(lambda: not watch.running)
    path.write_text("two")
    again = seen(watch.file(str(path)))
    await becomes(again, "two")
    assert "one" not in [text for state in again.values if isinstance(state, Ok) and (text := state.value.text)]


async def test_observing_again_at_once_tells_the_text_at_once(watch, tmp_path):
    path = tmp_path / "web"
    path.write_text("one")
    file = seen(watch.file(str(path)))
    await becomes(file, "one")
    file.close()
    assert text(seen(watch.file(str(path)))) == "one"


async def test_an_observer_that_fails_does_not_end_the_watch(watch, tmp_path, caplog):
    path = tmp_path / "web"
    path.write_text("one")
    file = seen(watch.file(str(path)))
    await becomes(file, "one")

    def fails(state):
        if state.value is None:
            raise ValueError("my fault")

    watch.file(str(path)).observe(fails)
    path.unlink()
    await becomes(file, None)
    path.write_text("two")
    await becomes(file, "two")
    assert "an observer of" in caplog.text


async def test_an_overflowing_queue_is_no_loss(watch, tmp_path):
    paths = [tmp_path / str(i) for i in range(5)]
    files = [seen(watch.file(str(path))) for path in paths]
    for file in files:
        await becomes(file, None)
    for _ in range(4000):  # 5 events each, more than fs.inotify.max_queued_events, without letting the watcher run
        paths[0].write_text("x")
        paths[0].unlink()
    for path in paths:
        path.write_text("end")
    for file in files:
        await becomes(file, "end")


async def test_where_no_watch_is_left_it_is_polled(tmp_path, monkeypatch, caplog):
    class Full(Inotify):
        def add(self, directory: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("namer.filewatch.POLL_ALONE", 0.01)
    async with a_runtime() as runtime:
        path = tmp_path / "web"
        file = seen(PathWatcher(runtime, poll=QUIET, inotify=Full).file(str(path)))
        await becomes(file, None)
        path.write_text("one")
        await becomes(file, "one")
        assert caplog.messages == [f"{tmp_path} cannot be watched, so it is polled: No space left on device"]


async def test_a_file_alone_is_watched_as_text(tmp_path):
    async with a_runtime() as runtime:
        path = tmp_path / "dtab"
        watcher = FileWatcher(runtime, str(path))
        file = seen(watcher.text)
        await file.until_ok(None)
        path.write_bytes(b"/svc => /\xff")
        await file.until_ok("/svc => /\ufffd")
