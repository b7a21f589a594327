"""`linker demo` and `linker demo --check`, as processes; and that each of its checks can fail."""

import io
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linker.demo import script, world
from linker.demo.main import demo
from tests.support.process import POLL_S, START_S, spawn

DEMO = [sys.executable, "-m", "linker", "demo", "--port", "0", "--admin-port", "0"]


def test_check_plays_every_step_and_exits_0():
    done = subprocess.run([*DEMO, "--check"], capture_output=True, text=True, timeout=60, check=False)
    steps = len(script.STEPS)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith(f"{steps} of {steps} held\n")
    assert done.stdout.count("   ok ") == steps
    assert "\x1b" not in done.stdout


def wait_for(process, pattern: str) -> re.Match[str]:
    """The first match in its output."""
    end = time.monotonic() + START_S
    while (found := re.search(pattern, process.output())) is None:
        assert process.popen.poll() is None, process.stderr()
        assert time.monotonic() < end, process.output()
        time.sleep(POLL_S)
    return found


def test_the_demo_counts_who_answered_and_stops_cleanly_on_ctrl_c():
    with spawn(DEMO, "") as process:
        directory = Path(wait_for(process, r"addresses are files in (\S+)")[1])
        assert (directory / "users-v1").exists()
        wait_for(process, r"canary +users-v1 \d+")
        assert process.stop(how=2) == 0
        assert process.output().endswith("stopped\n")
        assert "Traceback" not in process.stderr()
        assert not directory.exists()


def test_the_demo_ends_quietly_when_nobody_reads_it():
    with subprocess.Popen([*DEMO, "--check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(START_S) == 1


def checked(monkeypatch, *, config: tuple[str, str] = ("", ""), dtab: str = world.DTAB) -> tuple[int, list[str]]:
    """The status of a check against a linker configured otherwise, and the titles of the steps that failed."""
    monkeypatch.setattr(world, "DTAB", dtab)
    monkeypatch.setattr(world, "CONFIG", world.CONFIG.replace(*config))
    monkeypatch.setattr(script, "FOLLOW_S", 0.2)
    out = io.StringIO()
    status = demo(check=True, port=0, admin_port=0, out=out)
    return status, re.findall(r"\d\. (.*)\n.*\n   FAILED", out.getvalue())


def test_every_step_can_fail(monkeypatch):
    wrong = """\
/host => /#/io.l5d.fs ;
/svc => /host ;
/svc/users => /host/users-v2 ;
/svc/canary => 1 * /host/users-v1 & 1 * /host/users-v2 ;
/svc/search => /host/search-beta ;
/svc/nosuch => /host/users-v2 ;
"""
    wrong = wrong.replace("/svc => /host ;", "/svc/front => /host/front ;")
    status, failed = checked(monkeypatch, dtab=wrong, config=("label: demo", "label: other"))
    assert status == 1
    assert failed == [step.title for step in script.STEPS]


def test_the_override_steps_fail_where_overrides_are_ignored(monkeypatch):
    status, failed = checked(monkeypatch, config=("- port: {port}", "- port: {port}\n    clearContext: true"))
    assert status == 1
    # The third: clearContext also empties the text of the 502.
    assert failed == [script.STEPS[number].title for number in (1, 2, 6)]


def test_a_linker_that_cannot_start_is_no_success(monkeypatch):
    assert checked(monkeypatch, config=("- port: {port}", "- port: {admin_port}")) == (1, [])


@pytest.mark.parametrize("seen", [0, 9, 81, 400])
def test_the_canary_is_held_to_its_share(seen):
    low, high = script.SHARE_BOUNDS
    assert not low <= seen <= high
