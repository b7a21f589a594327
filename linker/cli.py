"""The command line: `linker [flags] CONFIG`, `linker demo`. linkerd.md section 1.

Strategy: flags are a table and parsing is pure (`parse`), so that both spellings, `-log.level=DEBUG` of the original
and `--log-level DEBUG`, are one thing. What is not needed for the answer is not imported: `--help` loads nothing.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

import linker

USAGE = "usage: linker path/to/config [flags]   (linker --help says more)"
HELP = """\
usage: linker [flags] path/to/config
       linker demo [--check]

An HTTP routing proxy: names requests, rewrites the names by a dtab, finds live addresses, balances over them.
Configuration is linkerd's (YAML or JSON); `-` reads it from standard input.

  --check             parse the configuration, build everything, bind no port: errors, or silence and exit status 0
  --validate          parse the configuration only, as linkerd's -validate does
  --log-level LEVEL   ALL TRACE DEBUG INFO WARNING ERROR CRITICAL FATAL OFF; default INFO; logs go to standard error
  --version           print the version
  --help              print this

  linker demo         two versions of a service, a linker before them, commands to try; Ctrl-C ends it
  linker demo --check plays those commands itself, says what held, exits 0 if all did
      --port N --admin-port N   instead of 4140 and 9990 (any free ones where those are taken); 0: any free one

Flags may be written with one dash and dots, and with `=`: -validate, -log.level=DEBUG.
Exit status: 0 stopped or valid, 1 the configuration or the start failed, 2 wrong usage.
A configuration error reads file:line:column: key: reason.

  linker configs/default.yaml            run
  linker --check configs/default.yaml    is it right?
  curl localhost:9990/admin/ping         does it run?  (admin port of the configuration)
"""

_LEVELS = ("ALL", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL", "OFF")
_SWITCHES = ("check", "validate", "version", "help")
_FLAGS = (*_SWITCHES, "log-level", "port", "admin-port")
_SHORT = {"h": "help", "V": "version"}


class UsageError(Exception):
    """The command line is wrong; the text says how it should be."""


@dataclass(frozen=True)
class Command:
    """What was asked. path: "-" is standard input, None with `help`, `version` and `demo`."""

    path: str | None = None
    demo: bool = False
    flags: frozenset[str] = field(default=frozenset())
    level: str = "INFO"
    port: int | None = None
    admin_port: int | None = None


def parse(args: Sequence[str]) -> Command:
    """The command. Raises UsageError."""
    values: dict[str, str] = {}
    words: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            words += rest
        elif arg == "-" or not arg.startswith("-"):
            words.append(arg)
        else:
            name, has_value, value = arg.lstrip("-").partition("=")
            name = _flag(name)
            if name in _SWITCHES:
                _refuse_value(name, has_value)
            elif not has_value:
                value = next(rest, "")
            values[name] = value
    return _command(values, words)


def _flag(given: str) -> str:
    """The flag of that name, dots or dashes between its words."""
    name = _SHORT.get(given, given.replace(".", "-"))
    if name in _FLAGS:
        return name
    close = _closest(name, _FLAGS)
    raise UsageError(f"unknown flag --{given}" + (f"; did you mean --{close}?" if close else ""))


def _closest(given: str, known: Sequence[str]) -> str:
    """What was probably meant, "" when nothing is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(given, known, n=1)), "")


def _refuse_value(name: str, has_value: str) -> None:
    if has_value:
        raise UsageError(f"--{name} takes no value")


def _command(values: dict[str, str], words: list[str]) -> Command:
    flags = frozenset(name for name in values if name in _SWITCHES)
    level = values.get("log-level", "INFO").upper()
    if level not in _LEVELS:
        close = _closest(level, _LEVELS)
        hint = f"did you mean {close}?" if close else f"one of {' '.join(_LEVELS)}"
        raise UsageError(f"unknown log level {values['log-level']!r}; {hint}")
    ports = {name: _port(name, values[name]) for name in ("port", "admin-port") if name in values}
    if flags & {"help", "version"}:
        return Command(flags=flags)
    demo = words == ["demo"]
    if not demo and ports:
        raise UsageError(f"--{next(iter(ports))} belongs to `linker demo`; a configuration names its ports itself")
    if len(words) != 1:
        raise UsageError(USAGE)
    path = None if demo else words[0]
    return Command(path, demo, flags, level, ports.get("port"), ports.get("admin-port"))


def _port(name: str, value: str) -> int:
    if value.isascii() and value.isdigit() and int(value) < 65536:
        return int(value)
    raise UsageError(f"--{name}: expected a port, 0 to 65535, got {value!r}")


def main(args: Sequence[str] | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Run the command line; the exit status."""
    out, err = stdout or sys.stdout, stderr or sys.stderr
    try:
        command = parse(sys.argv[1:] if args is None else args)
    except UsageError as error:
        print(error, file=err)
        return 2
    if "help" in command.flags:
        print(HELP, end="", file=out)
        return 0
    if "version" in command.flags:
        print(f"linker {linker.__version__}", file=out)
        return 0
    if command.demo:
        from linker.demo import demo

        return demo(check="check" in command.flags, port=command.port, admin_port=command.admin_port, out=out)
    gc.disable()  # what loading makes stays: looking for garbage in it takes a tenth of the start; serving enables it
    try:
        return _run(command, err)
    finally:
        gc.enable()


def _run(command: Command, err: TextIO) -> int:
    """Load the configuration, and run it unless it was only to be checked."""
    from linker import logs
    from linker.config.load import NotAFile, load
    from namer.config import ConfigErrors

    try:
        loaded = load(command.path or "-", sys.stdin.buffer)
        if "validate" not in command.flags:
            loaded.check_build()
    except (NotAFile, ConfigErrors) as error:
        print(error, file=err)
        return 1
    if command.flags & {"check", "validate"}:
        for warning in loaded.warnings:
            print(warning, file=err)
        return 0

    import trio

    from linker.linker import run

    logs.set_up(command.level, err)
    log = logging.getLogger("linker")
    log.info("linker %s (python %s, trio %s)", linker.__version__, sys.version.split()[0], trio.__version__)
    for warning in loaded.warnings:
        log.warning("%s", warning)
    return trio.run(run, loaded)
