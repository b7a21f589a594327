"""The tables of namer/README.md are true: every kind and every name under `/$/` has its row, and its rows hold."""

from __future__ import annotations

import re
from pathlib import Path as File

import pytest

from dtab import Leaf, Path
from namer.activity import Ok
from namer.interpreters import INTERPRETERS
from namer.system import SystemNames
from tests.namer.fakes import IdleRuntime

README = (File(__file__).parents[2] / "namer" / "README.md").read_text()
_REWRITES = re.findall(
    r"^\| `/\$/(io\.buoyant\.\S*?)/(\S+)`(?:, `…(\w+)/(\S+)`)? \| `(/\S*)`(?:, `(/\S*)`)? \|$", README, re.M
)


def test_every_interpreter_has_a_row() -> None:
    assert [kind for kind in INTERPRETERS.kinds if f"| `{kind}` |" not in README] == []


def test_every_system_name_has_a_row() -> None:
    below = README.split("## Names under")[1]
    assert [
        name for name in SystemNames(IdleRuntime()).table if name.removeprefix("io.buoyant.http.") not in below
    ] == []


@pytest.mark.parametrize("row", _REWRITES, ids=[row[0] for row in _REWRITES])
def test_the_rewriting_rows_hold(row: tuple[str, ...]) -> None:
    name, argument, other, other_argument, result, other_result = row
    names = SystemNames(IdleRuntime())
    assert names.lookup(Path.read(f"/$/{name}/{argument}")).state == Ok(Leaf(Path.read(result)))
    if other:
        path = Path.read(f"/$/{name.rpartition('.')[0]}.{other}/{other_argument}")
        assert names.lookup(path).state == Ok(Leaf(Path.read(other_result)))


def test_there_are_rewriting_rows() -> None:
    assert len(_REWRITES) == 6
