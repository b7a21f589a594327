"""Start a server process for a test, wait until it answers, stop it by its process id.

Everything is on loopback and on free ports; each process has a temporary directory of its own, removed when it stops.
Output goes to a file there, so that a chatty process never blocks on a pipe.

A configuration text may contain `{PORT}`, `{ADMIN}`, any `{PORT_<name>}` (each becomes a free port, the same at each
occurrence), `{DIR}` (the directory that holds `files`) and `{TMP}` (the process's own directory). Other braces stay as
they are, so YAML flow mappings need no escaping.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_S = 20.0  # generous: a loaded CI machine, a cold import
STOP_S = 10.0  # a drain is bounded by less than this; then SIGKILL
POLL_S = 0.01
_PLACEHOLDER = re.compile(r"\{(PORT|ADMIN|PORT_[A-Za-z0-9_]+)\}")


def free_port() -> int:
    """A TCP port that was free on 127.0.0.1 a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


class Process:
    """A started server. `port` and `admin` are its `{PORT}` and `{ADMIN}` (0 if the configuration has none)."""

    def __init__(self, popen: subprocess.Popen[bytes], directory: Path, ports: Mapping[str, int]) -> None:
        self.popen = popen
        self.directory = directory
        self.ports = ports
        self.port = ports.get("PORT", 0)
        self.admin = ports.get("ADMIN", 0)
        self.pid = popen.pid

    def output(self) -> str:
        """Everything written to stdout so far."""
        return (self.directory / "stdout").read_text(errors="replace")

    def stderr(self) -> str:
        """Everything written to stderr so far."""
        return (self.directory / "stderr").read_text(errors="replace")

    def write(self, name: str, text: str) -> None:
        """Replace a file of `{DIR}` atomically."""
        _write(self.directory, name, text)

    def wait(self, timeout: float = STOP_S) -> int:
        """The exit code, once it ends by itself."""
        return self.popen.wait(timeout)

    def stop(self, how: int = signal.SIGTERM, timeout: float = STOP_S) -> int:
        """Ask it to stop, kill it if it does not within `timeout` seconds; its exit code. Harmless once stopped."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        return self.popen.returncode

    def wait_until_listening(self, timeout: float = START_S) -> None:
        """Until every port of the configuration accepts. RuntimeError with its stderr if it ends or takes too long."""
        end = time.monotonic() + timeout
        for name, port in self.ports.items():
            while not _accepts(port):
                if self.popen.poll() is not None:
                    raise RuntimeError(f"{self.popen.args!r} ended with {self.popen.returncode}:\n{self.stderr()}")
                if time.monotonic() > end:
                    raise RuntimeError(f"{self.popen.args!r} does not listen on {name}={port}:\n{self.stderr()}")
                time.sleep(POLL_S)


@contextmanager
def spawn(
    command: Sequence[str],
    config: str,
    *,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    name: str = "config",
    ready: bool = True,
) -> Iterator[Process]:
    """Run `command`, each `{CONFIG}` in it replaced by the filled-in configuration's path, until the block ends.

    `files` are written to `{DIR}` before the start. `ready=False`: do not wait for its ports (it is expected to refuse
    to start).
    """
    directory = Path(tempfile.mkdtemp(prefix="linker-test-"))
    try:
        for file, text in (files or {}).items():
            _write(directory, file, text)
        text, ports = fill(config, directory)
        path = directory / name
        path.write_text(text)
        args = [a.replace("{CONFIG}", str(path)).replace("{TMP}", str(directory)) for a in command]
        with (directory / "stdout").open("wb") as out, (directory / "stderr").open("wb") as err:
            popen = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=ROOT)
        process = Process(popen, directory, ports)
        try:
            if ready:
                process.wait_until_listening()
            yield process
        finally:
            process.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def linker(
    config: str,
    *,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    ready: bool = True,
    python: Sequence[str] = (sys.executable,),
    wrapper: Sequence[str] = (),
) -> Iterator[Process]:
    """`python -m linker CONFIG` with this configuration text. `wrapper` goes before the command (`taskset -c 0`)."""
    command = [*wrapper, *python, "-m", "linker", "{CONFIG}"]
    with spawn(command, config, files=files, env=env, name="linker.yaml", ready=ready) as process:
        yield process


def fill(config: str, directory: Path) -> tuple[str, dict[str, int]]:
    """The text with its placeholders filled in, and the ports that were chosen."""
    ports: dict[str, int] = {}
    for name in _PLACEHOLDER.findall(config):
        while name not in ports:
            port = free_port()
            if port not in ports.values():
                ports[name] = port
    text = _PLACEHOLDER.sub(lambda m: str(ports[m[1]]), config)
    return text.replace("{DIR}", str(directory / "files")).replace("{TMP}", str(directory)), ports


def _write(directory: Path, name: str, text: str) -> None:
    target = directory / "files" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = directory / "being-written"
    temporary.write_text(text)
    temporary.replace(target)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
