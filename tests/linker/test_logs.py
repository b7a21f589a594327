"""Log lines and levels."""

import io
import logging
import re
import sys

import pytest

from linker import logs


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def restored():
    """The root logger as the test runner left it, whatever the test sets up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:], root.level = handlers, level


def logged(stream, level, message, **kwargs):
    logs.set_up("ALL", stream)
    logging.getLogger("linker.test").log(level, message, **kwargs)
    return stream.getvalue()


def test_a_line_has_level_date_time_and_message(restored):
    line = logged(io.StringIO(), logging.INFO, "serving http admin on /127.0.0.1:9990")
    assert re.fullmatch(r"I \d{4} \d\d:\d\d:\d\d\.\d{3} UTC THREAD1: serving http admin on /127\.0\.0\.1:9990\n", line)


def test_a_traceback_follows_its_line(restored):
    try:
        raise ValueError("broken")
    except ValueError:
        lines = logged(io.StringIO(), logging.ERROR, "it failed", exc_info=sys.exc_info()).splitlines()
    assert lines[0].startswith("E ")
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: broken"


def test_an_accept_that_fails_again_and_again_is_told_now_and_then(restored):
    stream = io.StringIO()
    logs.set_up("INFO", stream)
    told = logging.getLogger("trio.serve_listeners")
    for _ in range(3):
        try:
            raise OSError(24, "Too many open files")
        except OSError:
            told.exception("accept returned EMFILE")
    assert re.fullmatch(r"E .*: accept returned EMFILE\n", stream.getvalue())


def test_colour_is_for_terminals_alone(restored):
    assert "\x1b[33mW " in logged(Terminal(), logging.WARNING, "careful")
    assert "\x1b" not in logged(io.StringIO(), logging.WARNING, "careful")


@pytest.mark.parametrize(("level", "shown"), [("ALL", 8), ("TRACE", 7), ("INFO", 5), ("FATAL", 1), ("OFF", 0)])
def test_a_level_shows_itself_and_what_is_above(restored, level, shown):
    stream = io.StringIO()
    logs.set_up(level, stream)
    for number in logs.LEVELS.values():
        if number != logs.LEVELS["OFF"]:
            restored.log(number, "x")
    assert stream.getvalue().count("\n") == shown


def test_setting_up_again_replaces_the_first(restored):
    logs.set_up("INFO", io.StringIO())
    logs.set_up("INFO", io.StringIO())
    assert len(restored.handlers) == 1


def test_levels_lists_the_root_first_and_then_each_logger(restored):
    logging.getLogger("linker.zz").setLevel(logging.DEBUG)
    restored.setLevel(logging.INFO)
    listed = logs.levels()
    assert listed[0] == ("root", "INFO")
    assert ("linker.zz", "DEBUG") in listed
    assert listed[1:] == sorted(listed[1:])


def test_set_level_knows_root_and_refuses_strangers(restored):
    assert logs.set_level("root", "warning")
    assert restored.level == logging.WARNING
    assert not logs.set_level("nosuch.logger", "DEBUG")
    assert not logs.set_level("root", "LOUD")


def test_an_address_is_shown_as_the_original_shows_it():
    assert logs.shown_address("127.0.0.1", 4140) == "/127.0.0.1:4140"
    assert logs.shown_address("::1", 4140) == "/[::1]:4140"
