"""The option tables of the README name the keys that there are, no more and no fewer; so does the example."""

import re
from dataclasses import fields
from pathlib import Path as FilePath
from typing import Any

import pytest

import linker.config
from linker.config.admin import AdminConfig, SecurityConfig, UsageConfig
from linker.config.client import ClientKeys
from linker.config.http import HttpRouterConfig, HttpServerConfig
from linker.config.retries import BudgetConfig
from linker.config.service import ServiceKeys
from linker.config.sockets import SocketOptions
from linker.config.tls import ClientAuth, ClientTls, ServerTls
from linker.config.top import LinkerConfig

README = (FilePath(linker.config.__file__).parent / "README.md").read_text()
TABLES = [
    set(re.findall(r"^\| `(\w+)` \|", table, re.M)) for table in re.findall(r"^\| key .*\n(?:\|.*\n)+", README, re.M)
]
TABLED = [
    LinkerConfig,
    AdminConfig,
    SecurityConfig,
    UsageConfig,
    HttpRouterConfig,
    HttpServerConfig,
    ClientKeys,
    ServiceKeys,
    BudgetConfig,
    SocketOptions,
]


@pytest.mark.parametrize(("cls", "table"), list(zip(TABLED, TABLES, strict=True)))
def test_each_table_has_the_keys_of_its_class(cls: Any, table: set[str]):
    assert {field.name for field in fields(cls)} == table


@pytest.mark.parametrize("cls", [ServerTls, ClientTls, ClientAuth])
def test_every_tls_key_is_told(cls: Any):
    section = README[README.index("### TLS") :]
    assert [field.name for field in fields(cls) if f"`{field.name}`" not in section] == []


@pytest.mark.parametrize("cls", TABLED)
def test_every_key_but_the_later_ones_is_in_the_example(cls: Any):
    example = (FilePath(__file__).parent / "example.yaml").read_text()
    absent = {field.name for field in fields(cls) if not re.search(rf"\b{field.name}:", example)}
    assert absent <= {
        "diagnosticsEnabled",
        "uiEnabled",
        "reuseAddr",
        "announce",
        "requestAuthorizers",
        "streamingEnabled",
    }
