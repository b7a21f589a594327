"""Who may import whom: dtab ← namer ← linker, one loop a room, no cycle; and tests stand where their source stands.

Read from the syntax trees, so that an import inside a function counts for the rules (cycles: those at load time only).
"""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("dtab", "namer", "linker")
LOOPS_AND_IO = {
    "aiohttp", "anyio", "asyncio", "concurrent", "h11", "h2", "http", "multiprocessing", "select", "selectors",
    "signal", "socket", "ssl", "subprocess", "threading", "trio", "urllib",
}  # fmt: skip

LAYERS = (
    # What stands in a row may import its own row and those above it; linker.demo and linker.cli may import everything.
    {
        "linker",
        "linker.errors",
        "linker.logs",
        "linker.metrics",
        "linker.histogram",
        "linker.service",
        "linker.http.message",
    },
    {
        "linker.accrual",
        "linker.balancers",
        "linker.classifiers",
        "linker.filters",
        "linker.identifiers",
        "linker.telemeters",
    },
    {"linker.config"},
    {"linker.admin"},
    {"linker.routing"},
    {"linker.router"},
    {"linker.linker"},
    {"linker.cli", "linker.demo", "linker.__main__"},
)


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


class Imports(ast.NodeVisitor):
    """Dotted names a module imports: at load time, inside functions, and for types only."""

    def __init__(self) -> None:
        self.loaded: set[str] = set()
        self.deferred: set[str] = set()
        self.types: set[str] = set()
        self._into = self.loaded

    def visit_FunctionDef(self, node):
        self._visit_into(self.deferred, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node):
        if "TYPE_CHECKING" in ast.dump(node.test):
            self._visit_into(self.types, node.body)
        else:
            self.generic_visit(node)

    def _visit_into(self, names, body):
        outer, self._into = self._into, names
        for each in body:
            self.visit(each)
        self._into = outer

    def visit_Import(self, node):
        self._add(*(alias.name for alias in node.names))

    def visit_ImportFrom(self, node):
        assert node.level == 0, "imports are absolute"
        # `from a import b` imports a, and a.b when that is a module.
        full = [f"{node.module}.{alias.name}" for alias in node.names]
        self._add(*(name if name in modules() else node.module for name in full))

    def _add(self, *names: str) -> None:
        self._into.update(names)


@cache
def imports(module: str) -> Imports:
    found = Imports()
    found.visit(ast.parse(modules()[module].read_text()))
    return found


def imported(module: str) -> set[str]:
    """What it imports when it runs."""
    return imports(module).loaded | imports(module).deferred


def tops(module: str) -> set[str]:
    """The top-level packages a module imports."""
    return {name.split(".")[0] for name in imported(module) | imports(module).types}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def of(room: str) -> list[str]:
    return [name for name in modules() if within(name, room)]


@pytest.mark.parametrize("module", of("dtab"))
def test_dtab_knows_no_other_room_no_loop_and_no_io(module):
    assert not tops(module) & ({"namer", "linker", "namerd"} | LOOPS_AND_IO)


@pytest.mark.parametrize("module", of("namer"))
def test_namer_runs_under_any_loop_and_knows_no_linker(module):
    assert not tops(module) & {"linker", "namerd", "trio", "asyncio", "aiohttp"}


@pytest.mark.parametrize("module", of("linker"))
def test_linker_runs_on_trio_alone(module):
    assert not tops(module) & {"asyncio", "aiohttp", "namerd", "namerctl"}


def layer(module: str) -> int | None:
    """The row of the most specific entry that holds the module."""
    rows = [(len(entry), row) for row, entries in enumerate(LAYERS) for entry in entries if within(module, entry)]
    rows = [(length, row) for length, row in rows if length > len("linker") or module == "linker"]
    return max(rows)[1] if rows else None


@pytest.mark.parametrize("module", [name for name in of("linker") if layer(name) is not None])
def test_no_import_goes_to_a_lower_row(module):
    own = layer(module)
    below = {name for name in imported(module) if within(name, "linker") and (layer(name) or 0) > own}
    assert not below


@pytest.mark.parametrize("module", of("linker.filters"))
def test_filters_do_not_know_the_reactor(module):
    assert not {name for name in imported(module) if within(name, "linker.reactor") or within(name, "linker.sockets")}


def test_only_the_codecs_know_h11_and_h2():
    users = {name for name in modules() if tops(name) & {"h11", "h2"}}
    allowed = ("linker.http", "linker.admin", "linker.demo", "namer")
    assert not {name for name in users if not any(within(name, each) for each in allowed)}


def test_no_import_cycle_at_load_time():
    # A package lists its kinds and a kind registers with its package: that pair is the one cycle meant to be.
    graph = {
        name: {to for to in imports(name).loaded & modules().keys() if to != name and not within(name, to)}
        for name in modules()
    }
    # What imports nothing is in no cycle: take it away until nothing changes.
    while gone := {name for name, to in graph.items() if not to}:
        graph = {name: to - gone for name, to in graph.items() if name not in gone}
    shown = "; ".join(f"{name} → {', '.join(sorted(to))}" for name, to in graph.items())
    assert not graph, f"in a cycle, or importing one: {shown}"


def folders(top: Path) -> set[Path]:
    """The folders below `top` that hold Python files, relative to it."""
    return {path.parent.relative_to(top) for room in ROOMS for path in (top / room).rglob("*.py")}


def test_every_folder_of_tests_mirrors_a_folder_of_the_source():
    assert not folders(ROOT / "tests") - folders(ROOT)
