"""Run payloads against a target and gather the verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep

from tests.smuggling.attack import attack, culprit, seen_by_backend
from tests.smuggling.payload import Payload
from tests.smuggling.recorder import Recorder
from tests.support.peers import PEERS, proxy
from tests.support.process import Process, linker

TARGETS = ("linker", *PEERS)
JOBS = 24  # payloads at once: most of a payload's time is waiting for silence
SETTLE_S = 0.3  # for what the proxy still has under way when the last client is done

LINKER = """admin: {ip: 127.0.0.1, port: {ADMIN}}
usage: {enabled: false}
namers:
- kind: io.l5d.fs
  rootDir: {DIR}
routers:
- protocol: http
  dtab: /svc => /#/io.l5d.fs
  service:
    retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0.0}}
  client:
    failureAccrual: {kind: none}
  servers:
  - {ip: 127.0.0.1, port: {PORT}}
"""

Verdicts = Mapping[Payload, Sequence[str]]


@contextmanager
def target(name: str, backend_port: int) -> Iterator[Process]:
    """The proxy under attack. linker without accrual: one backend that is attacked on purpose must stay in use."""
    if name == "linker":
        with linker(LINKER, files={"web": f"127.0.0.1 {backend_port}\n"}) as process:
            yield process
    else:
        with proxy(name, backend_port) as process:
            yield process


def run(name: str, payloads: Sequence[Payload], jobs: int = JOBS) -> Verdicts:
    """For each payload why it passed; an empty list is a payload withstood. RuntimeError if the target died.

    Payloads run together on one proxy, so an answer that went to the wrong client can be blamed on the payload beside
    the guilty one; `jobs=1` tells them apart.
    """
    numbered = {n: p for n, p in enumerate(payloads) if p.only in ("", name)}
    with Recorder(numbered) as recorder, target(name, recorder.port) as process:
        with ThreadPoolExecutor(jobs) as pool:
            together = {n: pool.submit(attack, p, n, process.port) for n, p in numbered.items() if not p.idle}
            found = {n: future.result() for n, future in together.items()}
        found |= {n: attack(p, n, process.port) for n, p in numbered.items() if p.idle}
        sleep(SETTLE_S)
        if process.popen.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.popen.returncode}:\n{process.stderr()[-4000:]}")
    reasons: dict[int, list[str]] = {n: [] for n in numbered}
    for n, said in found.items():
        for reason in said:
            reasons.setdefault(culprit(reason, n), []).append(reason)
    for n, said in seen_by_backend(recorder.requests, recorder.leftovers, name == "linker").items():
        reasons.setdefault(n, []).extend(said)
    nobody = Payload("unattributed", "seen by the backend", ())
    return {numbered.get(n, nobody): said for n, said in sorted(reasons.items())}
