"""The metrics as JSON: `/admin/metrics.json`, always there. linkerd.md section 8.3.

Strategy: text is written piece by piece while the tree is walked; no second tree of dicts is built. `pretty` and `tree`
are for people and cost twice as much.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from math import isfinite

from linker.metrics import Counter, Leaf, Metrics, Stat
from linker.telemeters.base import CHUNK

CONTENT_TYPE = "application/json"

STAT_FIELDS = ("max", "min", "p50", "p90", "p95", "p99", "p9990", "p9999", "sum", "avg")
"""After `count`, in the order of the original; absent while the count is 0."""

Found = Iterator[tuple[tuple[str, ...], str, Leaf]]


class NoSuchSubtree(LookupError):
    """`q` names nothing: answered 404 with `body`."""

    def __init__(self, q: str) -> None:
        super().__init__(f"No such subtree: {q}")

    @property
    def body(self) -> str:
        return json.dumps({"error": str(self)})


def render_json(metrics: Metrics, *, pretty: bool = False, tree: bool = False, q: str = "") -> str:
    """The whole page at once; `NoSuchSubtree`."""
    return "".join(json_chunks(metrics, pretty=pretty, tree=tree, q=q))


def json_chunks(metrics: Metrics, *, pretty: bool = False, tree: bool = False, q: str = "") -> Iterator[str]:
    """The page in pieces. `NoSuchSubtree` is raised here, before the first piece, so that a status can be chosen.

    pretty: indented and sorted. tree: nested objects instead of names joined by `/`. q: only that subtree, names
    relative to it; a leaf is shown under its own name. Segments that contain `/` are found too (not in the original).
    """
    if not q:
        return _tree(metrics, pretty) if tree else _flat(metrics.walk(), pretty)
    found = find(metrics, q)
    if found is None:
        raise NoSuchSubtree(q)
    scope, leaf, name = found
    if tree:
        return _tree(scope or Metrics(), pretty, leaf)
    return _flat(_leaf_and_scope(name, leaf, scope), pretty)


def find(metrics: Metrics, q: str) -> tuple[Metrics | None, Leaf | None, str] | None:
    """The scope and the leaf that are called `q` (names joined by `/`), and the last name."""
    q = q.strip("/")
    if not q:
        return metrics, None, ""
    leaf = metrics.leaves.get(q)
    scope = metrics.scopes.get(q)
    if leaf is not None or scope is not None:
        return scope, leaf, q
    for name, scope in metrics.scopes.items():
        if q.startswith(name + "/") and (found := find(scope, q[len(name) + 1 :])) is not None:
            return found
    return None


def number(value: float) -> str:
    """As JSON; what JSON cannot say goes as text, as the original does."""
    return (
        repr(value) if isfinite(value) else f'"{"NaN" if value != value else "Infinity" if value > 0 else "-Infinity"}"'
    )


def fields(leaf: Leaf) -> Iterator[tuple[str, str]]:
    """What a leaf shows: (suffix, number). A counter and a gauge have no suffix."""
    if isinstance(leaf, Counter):
        yield "", str(leaf.value)
    elif isinstance(leaf, Stat):
        summary = leaf.summary()
        yield "count", str(summary.count)
        if summary.count:
            for field in STAT_FIELDS:
                value = getattr(summary, field)
                yield field, repr(value) if field == "avg" else str(round(value))
    else:
        yield "", number(leaf.read())


def _leaf_and_scope(name: str, leaf: Leaf | None, scope: Metrics | None) -> Found:
    if leaf is not None:
        yield (), name, leaf
    if scope is not None:
        yield from scope.walk()


def _flat(found: Found, pretty: bool) -> Iterator[str]:
    if pretty:
        yield from _sorted_flat(found)
        return
    before = "{"
    pieces: list[str] = []
    for seen, (path, name, leaf) in enumerate(found, 1):
        key = json.dumps("/".join((*path, name)))
        for suffix, value in fields(leaf):
            pieces.append(f"{before}{key}:{value}" if not suffix else f'{before}{key[:-1]}.{suffix}":{value}')
            before = ","
        if seen % CHUNK == 0:
            yield "".join(pieces)
            pieces.clear()
    yield "".join(pieces) + ("{}" if before == "{" else "}")


def _sorted_flat(found: Found) -> Iterator[str]:
    """Sorted a chunk at a time and merged: one sort of all lines would hold everybody up for 30 ms."""
    runs: list[list[tuple[str, str]]] = [[]]
    for seen, (path, name, leaf) in enumerate(found, 1):
        key = "/".join((*path, name))
        runs[-1].extend((f"{key}.{suffix}" if suffix else key, value) for suffix, value in fields(leaf))
        if seen % CHUNK == 0:
            runs[-1].sort()
            runs.append([])
            yield ""  # nothing to say yet, but others may run
    runs[-1].sort()
    before = "{\n"
    lines = merge(*runs)
    while some := list(islice(lines, 2 * CHUNK)):
        yield before + ",\n".join(f"  {json.dumps(key)} : {value}" for key, value in some)
        before = ",\n"
    yield "{ }" if before == "{\n" else "\n}"


def _tree(metrics: Metrics, pretty: bool, leaf: Leaf | None = None) -> Iterator[str]:
    """Nested objects. `leaf`: one that stands beside the whole tree."""
    pieces: list[str] = []
    for seen, piece in enumerate(_object(metrics, leaf, "\n" if pretty else "", sort=pretty), 1):
        pieces.append(piece)
        if seen % CHUNK == 0:
            yield "".join(pieces)
            pieces.clear()
    yield "".join(pieces)


def _object(metrics: Metrics | None, leaf: Leaf | None, line: str, sort: bool) -> Iterator[str]:
    """One node: the numbers of its leaf, then what is below. `line`: what begins a line here, "" for none."""
    inner = line and line + "  "
    colon = " : " if line else ":"
    before = "{"
    if leaf is not None:
        for suffix, value in fields(leaf):
            key = f"stat.{suffix}" if suffix else "counter" if isinstance(leaf, Counter) else "gauge"
            yield f'{before}{inner}"{key}"{colon}{value}'
            before = ","
    if metrics is not None:
        # Scopes that were pruned empty are left out.
        names = dict.fromkeys([*metrics.leaves, *(name for name, scope in metrics.scopes.items() if _holds(scope))])
        for name in sorted(names) if sort else names:
            yield f"{before}{inner}{json.dumps(name)}{colon}"
            before = ","
            yield from _object(metrics.scopes.get(name), metrics.leaves.get(name), inner, sort)
    yield ("{ }" if line else "{}") if before == "{" else line + "}"


def _holds(scope: Metrics) -> bool:
    return bool(scope.leaves) or any(_holds(below) for below in scope.scopes.values())
