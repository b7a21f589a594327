"""The load generator: wrk, with the heads of a case, on a core of its own; its counts come back as one JSON line."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cases import Case, heads
from tests.support.peers import binary

TIMEOUT_S = 20  # per request: a 10 MiB body at 512 connections is slow, not lost

_SCRIPT = """
local heads = {%s}
local n = 0
request = function()
  n = n %% #heads + 1
  return heads[n]
end
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format('{"requests": %%d, "seconds": %%.6f, "p50": %%d, "p99": %%d, "errors": %%d}', summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status +
    e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """One run's counts; latencies in µs."""

    requests: int
    seconds: float
    p50: int
    p99: int
    errors: int


def run(case: Case, port: int, seconds: int, directory: Path, core: int) -> Load:
    """Load 127.0.0.1:port for `seconds`."""
    script = directory / "load.lua"
    quoted = ",\n".join(_quote(head + "\r\n\r\n") for head in heads(case))
    script.write_text(_SCRIPT % quoted)
    command = ["taskset", "-c", str(core), binary("wrk") or "wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s"]
    command += [f"--timeout={TIMEOUT_S}s", "-s", str(script), f"http://127.0.0.1:{port}/"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 4 * TIMEOUT_S)
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    return Load(**json.loads(line))


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n") + '"'
