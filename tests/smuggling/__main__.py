"""`python -m tests.smuggling --target {linker,nginx,haproxy,envoy} [-v] [--only REGEX]`: what passes, by family."""

import argparse
import re
import sys

from tests.smuggling.payload import number
from tests.smuggling.runner import JOBS, TARGETS, Verdicts, run
from tests.smuggling.table import table


def main() -> int:
    """Exit 1 if any payload passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.smuggling", description=__doc__)
    parser.add_argument("--target", choices=TARGETS, default="linker")
    parser.add_argument("--only", metavar="REGEX", default="", help="those whose `family: name` matches")
    parser.add_argument("--jobs", type=int, default=JOBS, help="payloads at once; 1 to see one at a time")
    parser.add_argument("-v", action="store_true", help="print the bytes of those that pass")
    args = parser.parse_args()
    verdicts = run(args.target, [p for p in table() if re.search(args.only, f"{p.family}: {p.name}")], args.jobs)
    _print(verdicts, args.v)
    return int(any(verdicts.values()))


def _print(verdicts: Verdicts, verbose: bool) -> None:
    for payload, said in verdicts.items():
        if said:
            print(f"{payload.family}: {payload.name}\n    " + "\n    ".join(dict.fromkeys(said)))
            for part in (payload.parts + payload.answer) if verbose else ():
                print(f"    {number(part, 0)[:400]!r}")
    families = dict.fromkeys(payload.family for payload in verdicts)
    for family in families:
        passed = [bool(said) for payload, said in verdicts.items() if payload.family == family]
        print(f"{family:>13}  {sum(passed):4} of {len(passed):4} pass")
    print(f"{'all':>13}  {sum(map(bool, verdicts.values())):4} of {len(verdicts):4} pass")


if __name__ == "__main__":
    sys.exit(main())
