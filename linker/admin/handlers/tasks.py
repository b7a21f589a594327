"""/admin/tasks: what runs and what it waits for; the answer to "is it stuck?" that threads gave elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import trio

from linker.admin.message import AdminRequest, AdminResponse, text


async def tasks(_: AdminRequest) -> AdminResponse:
    """Any method; one line a task, indented under its parent: name, then the innermost place it waits at."""
    root = trio.lowlevel.current_root_task()
    lines = list(_lines(root, 0)) if root is not None else []
    return text("\n".join(lines) + "\n")


def _lines(task: trio.lowlevel.Task, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{task.name} @ {_place(task)}"
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield from _lines(child, depth + 1)


def _place(task: trio.lowlevel.Task) -> str:
    frames = [(frame.f_code.co_filename, line) for frame, line in task.iter_await_frames()]
    ours = [each for each in frames if "/trio/" not in each[0]] or frames
    return f"{ours[-1][0]}:{ours[-1][1]}" if ours else "not started"
