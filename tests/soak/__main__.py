"""`python -m tests.soak [--minutes 10] [--target linker]`: exit 1 if anything was found."""

import argparse
import sys

from tests.soak.drive import problems, soak
from tests.support.peers import PEERS

EVERY_S = 5.0
SLACK_MIB = 1.0


def main() -> int:
    """Run, print the samples and what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--target", choices=("linker", *PEERS), default="linker")
    args = parser.parse_args()
    outcome = soak(args.target, args.minutes * 60, EVERY_S, lambda line: print(line, flush=True))
    print(f"{outcome.verified} answers verified; descriptors {outcome.fds_before} before, {outcome.fds_after} after")
    found = problems(outcome, SLACK_MIB)
    print("\n".join(found) or "nothing grew, no answer was wrong")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
