"""io.l5d.prometheus: the metrics as Prometheus text. linkerd.md section 8.4.

Routers, servers, services, clients and exceptions become labels: scopes below `rt` are read from the top, and what
is a label leaves the name.

Where the original's text is not readable, ours is: a quote, a backslash and a newline in a label are escaped as the
format demands (the original writes two backslashes for each, so that quotes are lost). Before a stat's first snapshot
its lines tell the running minute, where the original has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import Annotated, NamedTuple

from linker.histogram import Summary
from linker.metrics import Counter, Leaf, Metrics, Stat
from linker.telemeters.base import CHUNK, TELEMETERS, Telemeter, TelemeterConfig
from namer.records import config_class

CONTENT_TYPE = "text/plain"

_UNCLEAN = re.compile(r"[^a-zA-Z0-9:]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_STACKS = ("server", "service", "client")
_QUANTILES = (
    ("0", "min"),
    ("0.5", "p50"),
    ("0.9", "p90"),
    ("0.95", "p95"),
    ("0.99", "p99"),
    ("0.999", "p9990"),
    ("0.9999", "p9999"),
    ("1", "max"),
)


def render_prometheus(metrics: Metrics, prefix: str = "") -> str:
    """The whole page at once; `prefix` is glued to every name as it is."""
    return "".join(prometheus_chunks(metrics, prefix))


def prometheus_chunks(metrics: Metrics, prefix: str = "") -> Iterator[str]:
    """The page in pieces."""
    lines: list[str] = []
    path: tuple[str, ...] | None = None
    scope = Place("", "", None)
    for seen, (leaf_path, name, leaf) in enumerate(metrics.walk(), 1):
        if leaf_path != path:  # leaves come scope by scope: what their scope says is worked out once
            path = leaf_path
            scope = place(path)
        _write(lines, prefix, scope, name, leaf)
        if seen % CHUNK == 0:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


class Place(NamedTuple):
    """What a scope says about its leaves.

    name: of the scope without what became labels, cleaned, with a closing `:`; "" at the root.
    labels: written out, without braces.
    causes: None, or the exceptions above a leaf that itself names an exception; `name` is the whole name then.
    """

    name: str
    labels: str
    causes: tuple[str, ...] | None


def place(path: tuple[str, ...]) -> Place:
    """Read the segments of a scope from the root."""
    parts, labels, rest = [*path[:1]], [], path[1:]
    if parts == ["rt"] and rest:
        labels.append(label("rt", rest[0]))
        rest = rest[1:]
        if len(rest) > 1 and rest[0] in _STACKS:
            stack, rest = rest[0], _take(rest, parts, labels)
            if rest[:1] == ("failures",) or rest[:1] == ("exn",):
                name = "failures" if rest[0] == "failures" else "exceptions"
                return Place(f"rt:{stack}:{name}", ", ".join(labels), rest[1:])
            if stack == "client" and len(rest) > 1 and rest[0] == "service":
                rest = _take(rest, parts, labels)
    return Place("".join(clean(part) + ":" for part in (*parts, *rest)), ", ".join(labels), None)


def _take(rest: tuple[str, ...], parts: list[str], labels: list[str]) -> tuple[str, ...]:
    """Make a label of the first two segments, of which the first stays in the name."""
    parts.append(rest[0])
    labels.append(label(rest[0], rest[1]))
    return rest[2:]


@lru_cache(1024)
def clean(name: str) -> str:
    """A segment as a part of a name. Cached: the same few leaf names come up in each of a thousand scopes."""
    return _UNCLEAN.sub("_", name)


def label(name: str, value: str) -> str:
    return f'{name}="{value.translate(_ESCAPES)}"'


def number(value: float) -> str:
    """A gauge's number."""
    return repr(value) if isfinite(value) else "NaN" if value != value else "+Inf" if value > 0 else "-Inf"


def _write(lines: list[str], prefix: str, scope: Place, leaf_name: str, leaf: Leaf) -> None:
    """The lines of one leaf."""
    if scope.causes is None:
        name, labels = scope.name + clean(leaf_name), scope.labels
    else:
        name = scope.name
        labels = f"{scope.labels}, {label('exception', ':'.join((*scope.causes, leaf_name)))}"
    # Only without a prefix can a root leaf begin with a digit, which no reader takes.
    name = prefix + name if prefix or not name[:1].isdigit() else "_" + name
    braced = "{" + labels + "}" if labels else ""
    if isinstance(leaf, Counter):
        lines.append(f"{name}{braced} {leaf.value}\n")
    elif isinstance(leaf, Stat):
        summary = leaf.summary()
        if summary.count:
            lines.append(_stat_lines(name, labels, braced, summary))
    else:
        lines.append(f"{name}{braced} {number(leaf.read())}\n")


def _stat_lines(name: str, labels: str, braced: str, summary: Summary) -> str:
    before = labels + ", " if labels else ""
    quantiles = "".join(
        f'{name}{{{before}quantile="{quantile}"}} {getattr(summary, field)}\n' for quantile, field in _QUANTILES
    )
    return (
        f"{name}_count{braced} {summary.count}\n"
        f"{name}_sum{braced} {round(summary.sum)}\n"
        f"{name}_avg{braced} {summary.avg!r}\n{quantiles}"
    )


class Prometheus(Telemeter):
    """The page at `path`."""

    content_type = CONTENT_TYPE

    def __init__(self, path: str, prefix: str) -> None:
        self.path = path
        self._prefix = prefix

    def chunks(self, metrics: Metrics) -> Iterator[str]:
        return prometheus_chunks(metrics, self._prefix)


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not a path of the admin server: expected it to begin with '/'")
    return path


@TELEMETERS.register("io.l5d.prometheus")
@config_class
class PrometheusConfig(TelemeterConfig):
    path: Annotated[str, _absolute] = "/admin/metrics/prometheus"  # where on the admin server
    prefix: str = ""  # glued to every name as it is

    def mk(self) -> Telemeter:
        return Prometheus(self.path, self.prefix)
