"""The ports of naming: what a namer and a transformer must do, and the chain that asks namers in order.

Strategy: a lookup is a function from a path to an activity of a tree. The chain of dtab.md section 8 is one too: the
dtab first, for every path; then the configured namers by prefix; then the system names under `/$/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast, runtime_checkable

from dtab import Dtab, NameTree, Neg, Path
from namer.activity import Activity
from namer.name import BoundTree, PathOrBound, leaves, same_tree
from namer.records import record

Lookup = Callable[[Path], Activity[NameTree[PathOrBound]]]
"""One step of a binding: what a path stands for now."""


_DOLLAR = Path.of("$")


class BindingError(Exception):
    """A name that cannot be bound, by the name's or the configuration's fault. The text is shown to clients."""


class UnknownNamer(BindingError):
    """`/$/<name>` with a name that does not exist."""

    def __init__(self, name: str, path: Path, similar: Sequence[str] = ()) -> None:
        hint = f"; did you mean {similar[0]}?" if similar else ""
        super().__init__(f"Unknown namer: {name} for path: {path}{hint}")


class MaxDepth(BindingError):
    """More than `namer.bind.MAX_DEPTH` lookups one after the other: the dtab loops."""

    def __init__(self, depth: int) -> None:
        super().__init__(f"Max recursion level: {depth} reached in Namer lookup")


class TooManyNodes(BindingError):
    """A dtab that fans out, such as `/a => /a & /a`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"One name needs more than {limit} lookups: does the dtab fan out without end?")


class Namer(Protocol):
    """Answers for all paths below one prefix."""

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """What `path`, taken below the served prefix, stands for.

        Returns at once; waiting is the activity's Pending. The tree's leaves are paths, which are looked up again from
        the start of the chain, or `Bound` names whose id carries the full prefix (`/#/disco/web`). Neg lets the next
        namer, and then the next alternative, have its turn. An exception is as good as Failed.

        The address var of a `Bound` must live by itself: it is observed long after the lookup was left.
        """


@runtime_checkable
class Enumerable(Protocol):
    """A namer that can list what it knows, for `/bound-names.json`."""

    def bound_names(self) -> list[Path]:
        """The bound ids, sorted."""


@runtime_checkable
class Stateful(Protocol):
    """A namer or interpreter with a state to show, at `/namer_state/…` and `/…/interpreter_state/…`."""

    def state_json(self) -> object:
        """A value for `json.dumps`."""


class Transformer(Protocol):
    """Post-processes bound trees: dtab.md section 13."""

    @property
    def prefix(self) -> Path:
        """What it puts before every id: `/%/io.l5d.port/4140`."""

    @property
    def delegate_name(self) -> str | None:
        """Its name in delegation trees; None: names under it cannot be explained (dtab.md section 17.4)."""

    def transform(self, tree: BoundTree) -> Activity[BoundTree]:
        """The tree to use instead of `tree`."""


def transformed(activity: Activity[BoundTree], transformers: Sequence[Transformer]) -> Activity[BoundTree]:
    """The activity after all transformers, first to last."""
    for transformer in transformers:
        activity = activity.flat_map(transformer.transform, same=same_tree)
    return activity


@record
class TransformedNamer:
    """A namer whose answers are transformed; an answer with a path leaf is left as it is (dtab.md section 13)."""

    namer: Namer
    transformers: tuple[Transformer, ...]

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """See `Namer.lookup`."""
        return self.namer.lookup(path).flat_map(self._transform)

    def _transform(self, tree: NameTree[PathOrBound]) -> Activity[NameTree[PathOrBound]]:
        if any(isinstance(leaf, Path) for leaf in leaves(tree)):
            return Activity.ok(tree)
        bound = transformed(Activity.ok(cast(BoundTree, tree)), self.transformers)
        return cast("Activity[NameTree[PathOrBound]]", bound)  # a bound tree is one; activities are invariant


@record
class ServedNamer:
    """A namer and the whole prefix it answers for: `/#/disco`."""

    prefix: Path
    namer: Namer

    @property
    def source(self) -> Namer:
        """The namer below its transformers, which has the names and the state that admin pages show."""
        return self.namer.namer if isinstance(self.namer, TransformedNamer) else self.namer


class NamedNamers:
    """The configured namers, then the system names: steps 2 and 3 of dtab.md section 8."""

    def __init__(self, namers: Sequence[ServedNamer], system: Namer) -> None:
        """`namers` in the order of the configuration; the last one is asked first (dtab.md section 8.1)."""
        self.namers = tuple(reversed(namers))
        self.system = system

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """The first answer that is not Neg. A Pending or Failed namer holds the later ones back. Never raises."""
        matching = [served for served in self.namers if path.starts_with(served.prefix)]
        try:
            return self._first(matching, path)
        except Exception as error:  # the contract of dtab.md section 6: raising is failing
            return Activity.failed(error)

    def _first(self, matching: Sequence[ServedNamer], path: Path) -> Activity[NameTree[PathOrBound]]:
        if not matching:
            return self.system.lookup(path)
        first, others = matching[0], matching[1:]
        answer = first.namer.lookup(path.drop(len(first.prefix)))
        if not others and path[:1] != _DOLLAR:  # the system names would say Neg
            return answer
        return answer.flat_map(lambda tree: self._first(others, path) if isinstance(tree, Neg) else Activity.ok(tree))

    def with_dtab(self, dtab: Dtab) -> Lookup:
        """The whole chain: the dtab first, for every path, also those under `/#/` and `/$/`.

        Only the very value Neg goes on to the namers: `~ | ~` does not (dtab.md section 8).
        """

        def lookup(path: Path) -> Activity[NameTree[PathOrBound]]:
            tree = dtab.lookup(path)
            return self.lookup(path) if isinstance(tree, Neg) else Activity.ok(tree)

        return lookup
