"""Whatever happens in a directory, the watcher ends up with what is there; by inotify alone, without the poll."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namer.activity import Ok
from namer.filewatch import PathWatcher
from tests.namer.observing import a_runtime, seen

NAMES = st.sampled_from(["web", "real", "dir", "other"])
PLACES = st.one_of(NAMES, st.tuples(st.sampled_from(["dir", "other"]), NAMES).map("/".join))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PLACES, st.sampled_from(["one", "two", "six"])),
        st.tuples(st.just("replace"), PLACES, st.sampled_from(["one", "two", "six"])),
        st.tuples(st.just("link"), PLACES, PLACES),
        st.tuples(st.just("move"), PLACES, PLACES),
        st.tuples(st.just("remove"), PLACES, st.just("")),
        st.tuples(st.just("mkdir"), PLACES, st.just("")),
        st.tuples(st.just("settle"), st.just(""), st.just("")),
    ),
    max_size=12,
)


def act(root: Path, what: str, where: str, argument: str) -> None:
    """One step; what cannot be done is not done."""
    path = root / where
    try:
        match what:
            case "write":
                path.write_text(argument)
            case "replace":
                beside = root / "beside"
                beside.write_text(argument)
                os.rename(beside, path)
            case "link":
                beside = root / "beside"
                beside.unlink(missing_ok=True)
                beside.symlink_to(root / argument)
                os.rename(beside, path)
            case "move":
                os.rename(path, root / argument)
            case "remove":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            case "mkdir":
                path.mkdir()
    except OSError:
        pass


def there(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def entries(path: Path) -> dict[str, bool]:
    """name → whether it is a directory."""
    if not path.is_dir():
        return {}
    return {name.name: name.is_dir() for name in path.iterdir() if name.is_file() or name.is_dir()}


async def follow(root: Path, steps: list[tuple[str, str, str]]) -> None:
    async with a_runtime() as runtime:
        watcher = PathWatcher(runtime, poll=60.0, settle=0.002)
        files = {path: seen(watcher.file(str(path))) for path in (root / "web", root / "dir" / "web")}
        listings = {path: seen(watcher.directory(str(path))) for path in (root, root / "dir")}

        async def settled() -> None:
            for path, file in files.items():
                await file.until(lambda state, path=path: isinstance(state, Ok) and text(state.value) == there(path))
            for path, listing in listings.items():
                await listing.until(
                    lambda state, path=path: isinstance(state, Ok) and kinds(state.value) == entries(path)
                )

        await settled()
        for step in [*steps, ("settle", "", "")]:
            if step[0] == "settle":
                await settled()
            else:
                act(root, *step)


def text(file) -> str | None:
    return None if file is None else file.text


def kinds(listing) -> dict[str, bool]:
    return {name: kind.value == "directory" for name, kind in listing.items()}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["trio", "asyncio"])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_the_watcher_ends_up_with_what_is_there(backend, steps):
    with tempfile.TemporaryDirectory() as directory:
        anyio.run(follow, Path(directory).resolve(), steps, backend=backend)
