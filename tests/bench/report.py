"""The run as markdown tables, ready for README.md."""

from collections.abc import Iterable, Mapping, Sequence

from tests.bench.rounds import Result, Table
from tests.bench.startup import Start

MIB = 1024 * 1024
OURS = "linker"


def cpu_table(table: Table, targets: Sequence[str]) -> str:
    """CPU µs per request for each case, and linker's ratio to each peer."""
    peers = [t for t in targets if t != OURS] if OURS in targets else []
    head = ["case", *targets, *(f"÷ {p}" for p in peers), "rounds ±"]
    rows = []
    for case, results in table.items():
        ratios = [f"{results[OURS].cpu_us / results[p].cpu_us:.2f}" for p in peers]
        spread = max(r.spread for r in results.values())
        rows.append([str(case), *(_cpu(results[t]) for t in targets), *ratios, f"{spread:.0%}"])
    return markdown(head, rows)


def rate_table(table: Table, targets: Sequence[str]) -> str:
    """Requests/s and latencies for each case."""
    rows = [
        [str(case), *(f"{r.rate:,.0f} · {_ms(r.p50)} · {_ms(r.p99)}" for r in (results[t] for t in targets))]
        for case, results in table.items()
    ]
    return markdown(["case", *targets], rows)


def memory_table(starts: Mapping[str, Start], table: Table, targets: Sequence[str]) -> str:
    """Start-up time, idle memory, memory after the load."""
    last = list(table.values())[-1] if table else {}
    rows = [
        [
            t,
            f"{starts[t].seconds * 1000:.0f}" if t in starts else "",
            f"{starts[t].idle_rss / MIB:.1f}" if t in starts else "",
            f"{last[t].rss / MIB:.1f}" if t in last else "",
        ]
        for t in targets
    ]
    return markdown(["proxy", "spawn to first 200, ms", "RSS idle, MiB", "RSS after the load, MiB"], rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; every column but the first is right-aligned."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def _cpu(result: Result) -> str:
    return f"{result.cpu_us:.1f}" + (f" ({result.errors} errors)" if result.errors else "")


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1000:.2f}"
