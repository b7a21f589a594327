"""The command line: linkerd.md section 1."""

import io
import subprocess
import sys

import pytest

import linker
from linker.cli import HELP, Command, UsageError, main, parse

CONFIG = """\
routers:
- protocol: http
  dtab: /svc => /$/inet/127.0.0.1
  servers:
  - port: 4140
"""


def run(*args: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    return main(args, out, err), out.getvalue(), err.getvalue()


# Parsing


@pytest.mark.parametrize("args", [["-validate", "c"], ["--validate", "c"], ["c", "-validate"]])
def test_a_switch_is_one_or_two_dashes_before_or_after_the_path(args):
    assert parse(args) == Command("c", flags=frozenset({"validate"}))


@pytest.mark.parametrize(
    "args", [["-log.level=debug"], ["--log-level", "DEBUG"], ["--log-level=DEBUG"], ["-log.level", "DEBUG"]]
)
def test_the_log_level_has_both_spellings(args):
    assert parse([*args, "c"]).level == "DEBUG"


def test_a_lone_dash_is_standard_input():
    assert parse(["-"]).path == "-"


def test_demo_takes_ports_and_check():
    assert parse(["demo", "--port", "0", "--admin-port=9991", "--check"]) == Command(
        demo=True, flags=frozenset({"check"}), port=0, admin_port=9991
    )


def test_a_file_called_like_a_command_or_a_flag_can_be_named():
    assert parse(["./demo"]).path == "./demo"
    assert parse(["--", "-validate"]).path == "-validate"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "usage: linker path/to/config"),
        (["a", "b"], "usage: linker path/to/config"),
        (["-validat", "c"], "unknown flag --validat; did you mean --validate?"),
        (["--frobnicate", "c"], "unknown flag --frobnicate"),
        (["--check=yes", "c"], "--check takes no value"),
        (["--log-level", "LOUD", "c"], "unknown log level 'LOUD'; one of ALL"),
        (["--log-level", "DEBUGG", "c"], "did you mean DEBUG?"),
        (["--log-level"], "unknown log level ''"),
        (["demo", "--port", "http"], "--port: expected a port, 0 to 65535, got 'http'"),
        (["demo", "--admin-port", "65536"], "--admin-port: expected a port"),
        (["--port", "80", "c"], "--port belongs to `linker demo`"),
    ],
)
def test_wrong_usage_says_what_is_right(args, message):
    with pytest.raises(UsageError) as refused:
        parse(args)
    assert message in str(refused.value)


# Running


def test_wrong_usage_exits_2_on_standard_error():
    assert run() == (2, "", "usage: linker path/to/config [flags]   (linker --help says more)\n")


@pytest.mark.parametrize("flag", ["--help", "-help", "-h"])
def test_help_is_printed_and_names_every_flag(flag):
    assert run(flag) == (0, HELP, "")
    for each in ("--check", "--validate", "--log-level", "--version", "linker demo", "--port"):
        assert each in HELP


def test_version_is_printed():
    assert run("--version") == (0, f"linker {linker.__version__}\n", "")


@pytest.mark.parametrize("flag", ["--check", "-validate"])
def test_a_good_configuration_is_silent(tmp_path, flag):
    config = tmp_path / "linker.yaml"
    config.write_text(CONFIG)
    assert run(flag, str(config)) == (0, "", "")


def test_a_path_that_is_no_file_is_named(tmp_path):
    status, _, said = run(str(tmp_path))
    assert (status, said) == (1, f"config is not a file: {tmp_path}\n")


def test_an_error_reads_file_line_column_key_reason(tmp_path):
    config = tmp_path / "linker.yaml"
    config.write_text(CONFIG.replace("port: 4140", "prot: 4140"))
    status, _, said = run(str(config))
    assert status == 1
    assert said.startswith(f"{config}:5:5: routers[0].servers[0]")
    assert "did you mean 'port'?" in said


def test_check_finds_what_validate_leaves_to_the_start(tmp_path):
    config = tmp_path / "linker.yaml"
    config.write_text(CONFIG + "  - port: 4140\n")
    assert run("-validate", str(config)) == (0, "", "")
    status, _, said = run("--check", str(config))
    assert status == 1
    assert "Server conflict on port 4140" in said


def process(*args: str, **kwargs) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "linker", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **kwargs)


def test_a_configuration_is_read_from_standard_input():
    done = process("--check", "-", input=CONFIG.replace("4140", "99999"))
    assert done.returncode == 1
    assert done.stderr.startswith("<stdin>:5:")


def test_help_loads_neither_the_loop_nor_the_parsers():
    script = "import sys, linker.cli; linker.cli.main(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = done.stdout.splitlines()[-1]
    for heavy in ("'trio'", "'lark'", "'yaml'", "'argparse'"):
        assert heavy not in loaded
