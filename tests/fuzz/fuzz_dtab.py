"""Invariant: any text gives a Dtab or DtabSyntaxError, nothing else; what a Dtab shows reads back, but for rounding.

    python -m tests.fuzz.fuzz_dtab [seconds] [seed]

Texts are mutations of small dtabs, so that most of them get past the first token. Prints the offending text and its
seed, and exits with 1.
"""

from __future__ import annotations

import random
import sys
import time

from dtab import CONFIGURED_LIMIT, Dtab, DtabSyntaxError

SEEDS = [
    "",
    "/svc => /#/io.l5d.fs ; # note\n/svc/*/beta => 0.25*/x & .75*/y;",
    "/a=>(/b|(/c&2.*/d))|~|!|$",
    "/\\x41#/b => 1 * ( /c # d\n) & 3*~ ; /=>/",
]
PIECES = [
    *"/ab*\\x=>;|&()1. #\n\r\t~!$,\x00\x1c",
    "=>",
    "\\x41",
    "((((",
    "))))",
    "999999999",
    ".999*",
    "\u00a0",
    "\u2003",
    "😀",
    "\ud800",
]


def mutated(text: str, chance: random.Random) -> str:
    """`text` after a few cuts, insertions, and copies of its own parts."""
    for _ in range(chance.randint(1, 6)):
        start, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        match chance.randrange(3):
            case 0:
                text = text[:start] + text[min(end, start + 3) :]
            case 1:
                text = text[:start] + chance.choice(PIECES) * chance.choice([1, 1, 1, 200]) + text[start:]
            case _:
                text = text[:end] + text[start:]
    return text


def check(text: str) -> bool:
    """Whether `text` reads; raises whatever breaks the invariant."""
    try:
        dtab = Dtab.read(text)
    except DtabSyntaxError:
        return False
    shown = dtab.show()
    if "Infinity*" not in shown:  # a number too great for a double: the one text of show that does not read back
        rounded = Dtab.read(shown, limit=CONFIGURED_LIMIT)
        assert Dtab.read(rounded.show(), limit=CONFIGURED_LIMIT) == rounded
    dtab.simplified.show()
    return True


def main(seconds: float, seed: int) -> int:
    chance = random.Random(seed)
    count = valid = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = mutated(chance.choice(SEEDS), chance)
        try:
            valid += check(text)
        except BaseException:
            print(f"seed {seed}, text {count}: {text!r}")
            raise
        count += 1
    print(f"seed {seed}: {count} texts, {valid} of them dtabs")
    return 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(float(arguments[0]) if arguments else 10.0, int(arguments[1]) if arguments[1:] else 0))
