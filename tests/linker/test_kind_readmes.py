"""The option tables of the kinds are complete, and their examples are configurations that load."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import linker
from linker.accrual import ACCRUALS
from linker.balancers import BALANCERS
from linker.config.load import parse
from linker.telemeters import TELEMETERS
from namer.plugin import Registry

FAMILIES: dict[str, Registry] = {"balancers": BALANCERS, "accrual": ACCRUALS, "telemeters": TELEMETERS}
SMALLEST = "namers:\n- kind: io.l5d.fs\n  rootDir: /\nrouters:\n- protocol: http\n  servers:\n  - port: 0\n"


def readme(family: str) -> str:
    (package,) = linker.__path__
    return (Path(package) / family / "README.md").read_text()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_and_key_has_its_place(family: str) -> None:
    text, registry = readme(family), FAMILIES[family]
    for kind, config in registry.kinds.items():
        assert f"`{kind}`" in text
        for field in fields(config):
            assert f"`{field.name}`" in text, f"{kind}: {field.name}"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_examples_load(family: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", readme(family), re.DOTALL)
    assert examples
    for example in examples:
        if example.startswith("client:"):
            example = "  " + example.replace("\n", "\n  ").rstrip() + "\n"
        parse(SMALLEST + example, "README.md").check_build()
