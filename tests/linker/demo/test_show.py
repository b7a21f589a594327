"""The demo's words."""

import io
from collections import Counter
from pathlib import Path

from linker.demo.script import STEPS, command
from linker.demo.show import Live, introduction, lines
from linker.demo.world import World

ONE = Counter({("/svc/users", "users-v1"): 3})
TWO = ONE + Counter({("/svc/canary", "users-v1"): 9, ("/svc/canary", "users-v2"): 1})


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_says_who_answered_and_shares_where_several_did():
    assert lines(TWO) == ["  canary       users-v1 9 (90%)   users-v2 1 (10%)", "  users        users-v1 3"]


def test_on_a_terminal_the_lines_are_redrawn_in_place():
    live = Live(Terminal())
    live.update(ONE)
    live.update(TWO)
    first, second = live.out.getvalue().split("\x1b[1A")
    assert first.count("\n") == 1
    assert second.count("\n") == 2


def test_a_line_is_cut_to_the_width_that_the_terminal_has_by_now():
    width = 40
    live = Live(Terminal(), lambda: width)
    live.update(ONE)
    width = 12
    live.update(TWO)
    shown = [line.split("\x1b[2K")[1] for line in live.out.getvalue().splitlines()]
    assert shown == [lines(ONE)[0], lines(TWO)[0][:12], lines(TWO)[1][:12]]


def test_elsewhere_only_what_changed_is_written_and_without_control_characters():
    live = Live(io.StringIO())
    live.update(ONE)
    live.update(ONE)
    live.update(TWO)
    assert live.out.getvalue().splitlines() == [lines(TWO)[1], lines(TWO)[0]]


def test_the_introduction_shows_every_command_for_these_ports():
    world = World(Path("/tmp/addresses"), 4140, 9990, {"search-beta": 40004})
    shown = introduction(world)
    assert all(command(step, world) in shown for step in STEPS)
    assert "localhost:4140" in shown
    assert "40004 > /tmp/addresses/search-beta" in shown
