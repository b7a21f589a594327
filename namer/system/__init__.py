"""The names under `/$/`: one fixed table, asked after the dtab and the configured namers. dtab.md sections 9 and 10.

Strategy: the original finds these names by loading classes; here a name is an entry of `SystemNames.table` and its
group a file: `inet`, `rewriting`, `status`. A name that is not there is an error, not Neg: it is misspelt.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from dtab import Empty, Fail, NameTree, Neg, Path
from namer.activity import Activity
from namer.name import PathOrBound
from namer.namer import BindingError, UnknownNamer
from namer.runtime import Runtime
from namer.system.inet import Inet
from namer.system.rewriting import REWRITINGS
from namer.system.status import status

Answer = Activity[NameTree[PathOrBound]]

GLOBAL = Path.of("$", "com.twitter.finagle.namer.global")

ZOOKEEPER = ("com.twitter.serverset", "io.buoyant.namer.zk.leader")


class SystemNames:
    """A `Namer` for whole paths, `/$/…`; Neg for any other."""

    def __init__(self, runtime: Runtime) -> None:
        self.inet = Inet(runtime)
        self.table: dict[str, Callable[[Path], Answer]] = {
            "inet": self.inet.inet,
            "fixedinet": self.inet.fixedinet,
            "fail": lambda path: Activity.ok(Fail()),
            "nil": lambda path: Activity.ok(Empty()),
            "io.buoyant.rinet": self.inet.rinet,
            "io.buoyant.http.status": status,
            **{name: rewriting.lookup for name, rewriting in REWRITINGS.items()},
            **dict.fromkeys(ZOOKEEPER, _zookeeper),
        }
        """Name → what answers; it is given the whole path, `/$/<name>/…`."""

    def lookup(self, path: Path) -> Answer:
        """See `Namer.lookup`. Raises ValueError where a rewriting would make an empty label (dtab.md section 10)."""
        while path.starts_with(GLOBAL):  # this very namer, below its own name
            path = path.drop(len(GLOBAL))
        if len(path) < 2 or path[0] != b"$":
            return Activity.ok(Neg())
        name = path.texts[1]
        answer = self.table.get(name)
        if answer is None:
            raise UnknownNamer(name, path, get_close_matches(name, self.table, n=1))
        return answer(path)


def _zookeeper(path: Path) -> Answer:
    raise BindingError(f"/$/{path.texts[1]} is not implemented yet; name for path: {path}")
