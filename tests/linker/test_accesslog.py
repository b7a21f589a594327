"""The access log: lines, rolling, writing. linkerd.md sections 3.13 and 5.11; the recorded line."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from linker import accesslog
from linker.accesslog import AccessLogWriter, Line, RollingFile, RollPolicy, escape, superfluous
from tests.linker.filters.fakes import Clock, request, response


@pytest.fixture
def utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


NOW = datetime(2026, 11, 21, 3, 3, 9)


@pytest.mark.usefixtures("utc")
def test_the_line_is_the_originals() -> None:
    clock = Clock(NOW.timestamp())
    line = Line(epoch=clock)
    asked = request("Host: web", "user-agent: ua/1", "Referer: http://r/", target=b"/log?x=1", peer=("127.0.0.1", 5))
    assert line(asked, response(200, "Content-Length: 11")) == (
        b'web 127.0.0.1 - - [21/11/2026:03:03:09 UTC] "GET /log?x=1 HTTP/1.1" 200 11 "http://r/" "ua/1"\n'
    )
    clock.now += 1
    assert line(request(minor=0, method=b"POST"), response(404)) == (
        b'-  - - [21/11/2026:03:03:10 UTC] "POST / HTTP/1.0" 404 - "-" "-"\n'
    )


@given(st.binary(max_size=30))
def test_no_value_can_end_its_quotes_or_its_line(value: bytes) -> None:
    shown = escape(value)
    assert shown and b'"' not in shown and shown.isascii() and shown.decode().isprintable()


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("never", RollPolicy()),
        ("Hourly", RollPolicy("hourly", text="hourly")),
        ("daily", RollPolicy("daily", text="daily")),
        ("weekly(7)", RollPolicy("weekly", day=7, text="weekly(7)")),
        ("3.megabytes", RollPolicy("size", size=3 * 1024**2, text="3.megabytes")),
        ("1.Gigabyte", RollPolicy("size", size=1024**3, text="1.gigabyte")),
    ],
)
def test_policies_are_read(text: str, policy: RollPolicy) -> None:
    assert RollPolicy.read(text) == policy
    assert RollPolicy.read(str(policy)) == policy


@pytest.mark.parametrize(
    "text", ["", "weekly", "weekly(0)", "weekly(8)", "3 megabytes", "0.bytes", "1.5.megabytes", "x"]
)
def test_other_texts_are_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected never, hourly, daily"):
        RollPolicy.read(text)


SATURDAY = datetime(2026, 11, 21, 3, 3, 9)


@pytest.mark.parametrize(
    ("policy", "rolls", "name"),
    [
        ("never", None, "a-20261121.log"),
        ("1.kilobyte", None, "a-20261121-030309.log"),
        ("hourly", datetime(2026, 11, 21, 4), "a-20261121-03.log"),
        ("daily", datetime(2026, 11, 22), "a-20261121.log"),
        ("weekly(1)", datetime(2026, 11, 22), "a-20261121.log"),
        ("weekly(2)", datetime(2026, 11, 23), "a-20261121.log"),
        ("weekly(7)", datetime(2026, 11, 28), "a-20261121.log"),
    ],
)
def test_when_a_file_is_over_and_what_it_is_called_then(policy: str, rolls: datetime | None, name: str) -> None:
    roll = RollPolicy.read(policy)
    assert roll.next_roll(SATURDAY) == rolls
    assert roll.name(Path("/log/a.log"), SATURDAY) == Path("/log") / name


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(1, 7))
def test_a_week_ends_at_the_next_midnight_of_its_day(opened: datetime, day: int) -> None:
    rolls = RollPolicy("weekly", day=day).next_roll(opened)
    assert rolls is not None
    assert rolls.isoweekday() % 7 + 1 == day and 0 < (rolls - opened).total_seconds() <= 7 * 86400
    assert (rolls.hour, rolls.minute, rolls.second) == (0, 0, 0)


NAMES = ["a.log", "a-20260101.log", "a-20260102.log", "a-20260102.1.log", "b-20260101.log", "a-old.log", "a.txt"]


@pytest.mark.parametrize(
    ("keep", "gone"),
    [
        (-1, []),
        (4, []),
        (3, []),
        (2, ["a-20260101.log"]),
        (0, ["a-20260101.log", "a-20260102.log", "a-20260102.1.log"]),
    ],
)
def test_only_rolled_files_beyond_the_newest_are_superfluous(keep: int, gone: list[str]) -> None:
    assert superfluous(Path("/log/a.log"), NAMES, keep) == [Path("/log") / name for name in gone]


def test_lines_go_to_the_file_of_their_time(tmp_path: Path) -> None:
    clock = Clock(NOW.timestamp())
    file = RollingFile(str(tmp_path / "a.log"), RollPolicy.read("hourly"), keep=1, epoch=clock)
    for _ in range(3):
        file.write([b"1\n", b"2\n"])
        clock.now += 3600
    file.close()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a.log": b"1\n2\n", "a-20261121-04.log": b"1\n2\n"}


def test_a_file_rolls_before_the_line_that_makes_it_too_large(tmp_path: Path) -> None:
    file = RollingFile(str(tmp_path / "a.log"), RollPolicy.read("8.bytes"), epoch=Clock(NOW.timestamp()))
    file.write([b"1234\n", b"678\n", b"a line longer than the limit\n", b"x\n"])
    file.close()
    found = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert found == {
        "a-20261121-030309.log": b"1234\n",
        "a-20261121-030309.1.log": b"678\n",
        "a-20261121-030309.2.log": b"a line longer than the limit\n",
        "a.log": b"x\n",
    }


@pytest.mark.parametrize("keep", [1, 2, 12])
def test_of_many_files_of_one_second_the_newest_are_kept(tmp_path: Path, keep: int) -> None:
    file = RollingFile(str(tmp_path / "a.log"), RollPolicy.read("3.bytes"), keep=keep, epoch=Clock(NOW.timestamp()))
    file.write([b"%02d\n" % n for n in range(30)])
    file.close()
    assert sorted(p.read_bytes() for p in tmp_path.iterdir()) == [b"%02d\n" % n for n in range(29 - keep, 30)]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    RollingFile(str(tmp_path / "logs" / "web" / "a.log"), RollPolicy()).close()
    assert (tmp_path / "logs" / "web" / "a.log").exists()


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=f"cannot write the access log {tmp_path}: Is a directory"):
        RollingFile(str(tmp_path), RollPolicy())


@pytest.mark.parametrize(("append", "text"), [(True, b"old\nnew\n"), (False, b"new\n")])
def test_a_file_that_is_there_is_continued_or_emptied(tmp_path: Path, append: bool, text: bytes) -> None:
    (tmp_path / "a.log").write_bytes(b"old\n")
    file = RollingFile(str(tmp_path / "a.log"), RollPolicy(), append=append)
    file.write([b"new\n"])
    file.close()
    assert (tmp_path / "a.log").read_bytes() == text


@pytest.mark.trio
async def test_lines_are_written_out_soon_and_the_last_ones_at_the_end(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async def at_once(write: Callable[[list[bytes]], None], lines: list[bytes]) -> None:
        write(lines)  # the clock jumps while it waits for a thread

    path = tmp_path / "a.log"
    writer = AccessLogWriter(RollingFile(str(path), RollPolicy()), in_thread=at_once)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        writer.write(b"1\n")
        await trio.sleep(2 * accesslog.FLUSH_INTERVAL)
        assert path.read_bytes() == b"1\n"
        writer.write(b"2\n")
        nursery.cancel_scope.cancel()
    assert path.read_bytes() == b"1\n2\n"


def test_a_disk_that_stalls_costs_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesslog, "MAX_WAITING", 10)
    file = RollingFile(str(tmp_path / "a.log"), RollPolicy())
    writer = AccessLogWriter(file)
    for _ in range(5):
        writer.write(b"12345\n")
    file.close()
    assert writer.dropped == 3


@pytest.mark.trio
async def test_a_full_disk_is_told_once_and_so_is_its_end(
    tmp_path: Path,
    autojump_clock: trio.testing.MockClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def at_once(write: Callable[[list[bytes]], None], lines: list[bytes]) -> None:
        write(lines)

    def full(lines: list[bytes]) -> None:
        raise OSError(28, "No space left on device")

    file = RollingFile(str(tmp_path / "a.log"), RollPolicy())
    writer = AccessLogWriter(file, in_thread=at_once)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        with monkeypatch.context() as patched:
            patched.setattr(file, "write", full)
            for _ in range(3):
                writer.write(b"lost\n")
                await trio.sleep(2 * accesslog.FLUSH_INTERVAL)
        for _ in range(3):
            writer.write(b"kept\n")
            await trio.sleep(2 * accesslog.FLUSH_INTERVAL)
        nursery.cancel_scope.cancel()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "No space left on device" in caplog.messages[0]
    assert (tmp_path / "a.log").read_bytes() == b"kept\n" * 3
