"""The demo's words: what runs where, what to try, and the counts while it runs.

On a terminal the counts are redrawn in place, each line cut to the terminal's width (a wrapped one could not be
redrawn); elsewhere a line is written when one changes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TextIO

import linker
from linker.demo.script import STEPS, command
from linker.demo.services import Counts
from linker.demo.world import DTAB, World


def introduction(world: World) -> str:
    """What runs where, and the commands to try."""
    backends = "\n".join(f"    {name:<12} 127.0.0.1:{port}" for name, port in world.ports.items())
    dtab = "".join(f"    {line}\n" for line in DTAB.splitlines())
    steps = "\n".join(f"  {step.title}\n    {command(step, world)}\n" for step in STEPS)
    return (
        f"linker {linker.__version__} demo\n\n"
        f"  router  http://localhost:{world.port}   calls a request /svc/<its Host>\n"
        f"  admin   http://localhost:{world.admin_port}\n"
        f"  backends, each of which answers with its name\n{backends}\n"
        f"  their addresses are files in {world.directory}\n"
        f"  dtab, later entries first\n{dtab}\n"
        f"Try, in another terminal:\n\n{steps}\n"
        "Who answered (the demo itself asks for canary ten times a second). Ctrl-C ends it.\n"
    )


def lines(counts: Counts) -> list[str]:
    """One line a logical name: who answered how often, and the share where several did."""
    shown = []
    for name in sorted({name for name, _ in counts}):
        answers = sorted((backend, count) for (of, backend), count in counts.items() if of == name)
        total = sum(count for _, count in answers)
        parts = [f"{who} {n}" + (f" ({n / total:.0%})" if len(answers) > 1 else "") for who, n in answers]
        shown.append(f"  {name.removeprefix('/svc/') or '(direct)':<12} {'   '.join(parts)}")
    return shown


def terminal_width() -> int:
    """Columns of the terminal, as it is now."""
    return shutil.get_terminal_size().columns


class Live:
    """Writes the counts whenever `update` is called and something is new."""

    def __init__(self, out: TextIO, width: Callable[[], int] = terminal_width) -> None:
        self.out = out
        self.width = width
        self.tty = out.isatty()
        self.last: list[str] = []

    def update(self, counts: Counts) -> None:
        """Redraw, or write the lines that changed."""
        now = lines(counts)
        if now == self.last:
            return
        if self.tty:
            up = f"\x1b[{len(self.last)}A" if self.last else ""
            columns = self.width()
            self.out.write(up + "".join(f"\x1b[2K{line[:columns]}\n" for line in now))
        else:
            self.out.write("".join(f"{line}\n" for line in now if line not in self.last))
        self.out.flush()
        self.last = now
