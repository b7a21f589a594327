"""README.md: its two commands are what it promises, its tour gives the output it shows, its links lead somewhere.

In an expected output `…` stands for anything, and a line that is only `…` for any lines.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.process import ROOT, Process, free_port, spawn

README = (ROOT / "README.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CONSOLE = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
CI = os.environ.get("CI") == "true"
BROKEN = """\
namers:
- kind: io.l5d.fs
  rootdir: configs/disco
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs
  identifier:
    kind: io.l5d.pth
  servers:
  - port: 99999
"""


def commands() -> list[tuple[str, str]]:
    """(command, expected output) of every console block, in order."""
    found = []
    for block in CONSOLE:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found.append((command, expected))
    return found


DEMO = [(command, expected) for command, expected in commands() if not command.startswith("linker")]
LINKER = [(command, expected) for command, expected in commands() if command.startswith("linker")]


def matches(expected: str, output: str) -> bool:
    pattern = re.escape(expected).replace("…\n", r"(?s:.*)\n?" if expected == "…\n" else "…\n")
    pattern = re.sub(r"(?m)^…\\?\n", r"(?s:.*)", pattern).replace("…", ".+")
    return re.fullmatch(pattern, output) is not None


def test_the_first_two_shell_blocks_are_one_command_each_with_all_its_set_up():
    assert [block.count("\n") for block in SHELL[:2]] == [1, 1]
    for block in SHELL[:2]:
        assert block.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
    assert SHELL[0].endswith(" && .venv/bin/linker demo\n")
    assert SHELL[1].endswith("install -q tox && .venv/bin/tox\n")


def test_ci_runs_the_readme_s_test_command():
    run = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"-m venv .*\n.*install.* tox\n.*/tox ", run)


@pytest.mark.slow
@pytest.mark.skipif(not CI, reason="installs packages from the network; CI=true runs it")
def test_the_first_command_works_in_a_fresh_checkout(tmp_path):
    for room in ("dtab", "namer", "linker"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    # The Python of this run, but not its environment.
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env["PATH"] = f"{Path(sys.base_prefix) / 'bin'}:{env['PATH']}"
    done = subprocess.run(
        SHELL[0].strip() + " --check --port 0 --admin-port 0",
        shell=True,
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 of 9 held" in done.stdout


def test_every_console_command_is_run_by_a_test_here():
    assert {command.split()[0] for command, _ in commands()} == {"curl", "for", "linker"}
    assert [command for command, _ in LINKER] == [
        "linker demo --check",
        "linker --check configs/default.yaml",
        "linker configs/default.yaml",
        "linker --check broken.yaml",
    ]


@contextmanager
def the_demo() -> Iterator[tuple[Process, dict[str, str]]]:
    """A running demo, and the ports of the README with its own for them."""
    ports = {"4140": str(free_port()), "9990": str(free_port())}
    args = ["demo", "--port", ports["4140"], "--admin-port", ports["9990"]]
    with spawn([sys.executable, "-m", "linker", *args], "", ready=False) as process:
        process.ports = {name: int(port) for name, port in ports.items()}
        process.wait_until_listening()
        yield process, ports


def test_the_tour_gives_the_output_it_shows():
    if shutil.which("curl") is None:
        assert not CI, "curl is missing: .ci/install-peers installs it"
        pytest.skip("curl is not installed")
    wrong = []
    with the_demo() as (process, ports):
        for command, expected in DEMO:
            moved = re.sub(r"\b(4140|9990)\b", lambda port: ports[port[0]], command)
            done = subprocess.run(moved, shell=True, capture_output=True, text=True, timeout=60, check=False)
            if not matches(expected, done.stdout if done.stdout.endswith("\n") else done.stdout + "\n"):
                wrong.append(f"$ {command}\n{done.stdout}{done.stderr}instead of\n{expected}")
        assert not wrong, "\n".join(wrong)
        assert "Traceback" not in process.stderr()


def ask_linker(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "linker", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd, env=env)


def expected_of(command: str) -> str:
    return next(expected for each, expected in LINKER if each == command)


def test_the_demo_checks_itself_as_shown():
    done = ask_linker("demo", "--check", "--port", "0", "--admin-port", "0")
    assert done.returncode == 0
    assert matches(expected_of("linker demo --check"), done.stdout)


def test_a_good_configuration_is_silent_as_shown():
    done = ask_linker("--check", "configs/default.yaml")
    assert (done.returncode, done.stdout + done.stderr) == (0, expected_of("linker --check configs/default.yaml"))


def test_a_broken_configuration_is_told_as_shown(tmp_path):
    (tmp_path / "configs" / "disco").mkdir(parents=True)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    done = ask_linker("--check", "broken.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, expected_of("linker --check broken.yaml"))


def test_the_first_configuration_is_the_file_and_logs_as_shown():
    shown = re.search(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    file = (ROOT / "configs" / "default.yaml").read_text()
    assert shown is not None
    assert file.endswith(shown[1])
    config = file.replace("4140", "{PORT}") + "admin:\n  port: {ADMIN}\n"
    with spawn([sys.executable, "-m", "linker", "{CONFIG}"], config) as process:
        expected = expected_of("linker configs/default.yaml")
        expected = expected.replace("9990", str(process.admin)).replace("4140", str(process.port))
        process.stop()
        assert matches(expected, process.stderr()), process.stderr()


def test_links_lead_somewhere():
    assert not [link for link in LINKS if not (ROOT / link).exists()]
