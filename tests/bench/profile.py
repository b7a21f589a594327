"""Where linker's time goes: py-spy samples it under the base load, or cProfile where py-spy cannot attach."""

import pstats
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.bench import load
from tests.bench.cases import Case
from tests.bench.targets import LOAD_CORE, target

RATE_HZ = 400
ROWS = 30


def profile(case: Case, backend_port: int, seconds: int, directory: Path) -> str:
    """A printable table of the functions that used the most time."""
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy:
        try:
            return _sampled(spy, case, backend_port, seconds, directory)
        except subprocess.CalledProcessError as e:
            print(f"py-spy cannot attach, using cProfile: {e.stderr}", file=sys.stderr)
    return _traced(case, backend_port, seconds, directory)


def _sampled(spy: str, case: Case, backend_port: int, seconds: int, directory: Path) -> str:
    out = directory / "stacks"
    with target("linker", backend_port, (sys.executable,)) as process:
        load.run(case, process.port, 1, directory, LOAD_CORE)
        command = [spy, "record", "--pid", str(process.pid), "--rate", str(RATE_HZ), "--duration", str(seconds)]
        command += ["--format", "raw", "--function", "-o", str(out)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as sampler:
            load.run(case, process.port, seconds + 1, directory, LOAD_CORE)
            _, said = sampler.communicate(timeout=60)
        if sampler.returncode:
            raise subprocess.CalledProcessError(sampler.returncode, command, stderr=said)
    return fold(out.read_text())


def fold(stacks: str) -> str:
    """Folded stacks (`a;b;c COUNT` lines, leaf last) → own and inclusive share of each function, own time first."""
    own, inclusive = Counter[str](), Counter[str]()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        own[frames[-1]] += int(count)
        inclusive.update(dict.fromkeys(frames, int(count)))
    total = sum(own.values()) or 1
    lines = [f"{total} samples", f"{'own':>7} {'with callees':>13}  function"]
    lines += [f"{n / total:7.1%} {inclusive[f] / total:13.1%}  {f}" for f, n in own.most_common(ROWS)]
    return "\n".join(lines)


def _traced(case: Case, backend_port: int, seconds: int, directory: Path) -> str:
    out = directory / "profile"
    with target("linker", backend_port, (sys.executable, "-m", "cProfile", "-o", str(out))) as process:
        load.run(case, process.port, seconds, directory, LOAD_CORE)
        process.stop()
    text = directory / "profile.txt"
    with text.open("w") as file:
        pstats.Stats(str(out), stream=file).sort_stats("tottime").print_stats(ROWS)
    return text.read_text()
