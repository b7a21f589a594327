"""Interpreters: which dtab a name is bound with, and a stored one that comes, breaks and recovers."""

from __future__ import annotations

import logging
from pathlib import Path as File

import anyio
import pytest

from dtab import Dtab, Leaf, Path
from namer.activity import PENDING, Failed, Ok, Pending, State
from namer.config import ConfigErrors, bind_kind
from namer.delegation import to_json
from namer.interpreter import ConfiguredInterpreter, StoredDtabInterpreter
from namer.interpreters import INTERPRETERS
from namer.interpreters.default import DefaultConfig
from namer.interpreters.fs import FsInterpreterConfig, stored_dtab
from namer.name import BoundTree
from namer.namer import BindingError
from namer.parts import NamingParts
from tests.namer.fakes import Driven, FakeNamer, IdleRuntime, Seen, disco, names
from tests.namer.observing import Seen as Observer
from tests.namer.observing import a_runtime
from tests.namer.test_namer import Prefixing


def shown(state: State[BoundTree]) -> str:
    if not isinstance(state, Ok):
        return str(state.error) if isinstance(state, Failed) else "Pending"
    return state.value.map(lambda leaf: f"{leaf.id} + {leaf.residual}").show()


def test_the_default_interpreter_binds_with_the_dtab_it_is_given() -> None:
    interpreter = ConfiguredInterpreter(names(disco()), (Prefixing(Path.read("/%/t")),))
    seen = Seen(interpreter.bind(Dtab.read("/svc=>/#/disco"), Path.read("/svc/cart/x")))
    assert [shown(state) for state in seen.states] == ["/%/t/#/disco/cart + /x"]


def test_the_stored_dtab_lies_below_the_given_one() -> None:
    namer = disco()
    stored = Driven(Ok(Dtab.read("/svc=>/stage")))
    interpreter = StoredDtabInterpreter(stored.activity, ConfiguredInterpreter(names(namer)))
    Seen(interpreter.bind(Dtab.read("/svc=>/#/disco;/svc/cart=>/#/disco/cart-v2"), Path.read("/svc/cart/x")))
    assert namer.asked == ["/cart-v2/x", "/cart/x"]


def test_a_stored_dtab_binds_anew_whenever_it_changes() -> None:
    stored = Driven[Dtab]()
    seen = Seen(
        StoredDtabInterpreter(stored.activity, ConfiguredInterpreter(names(disco()))).bind(Dtab(), Path.of("s"))
    )
    for state in (
        Ok(Dtab.read("/s=>/#/disco/cart/1")),
        Ok(Dtab.read("/s=>/#/disco/cart/1;")),
        Ok(Dtab.read("/s=>/#/disco/cart/2")),  # the residual alone is a change here: dtab.md section 7
        Failed(OSError("store is down")),
        PENDING,
    ):
        stored.become(state)
    assert [shown(state) for state in seen.states] == [
        "Pending",
        "/#/disco/cart + /1",
        "/#/disco/cart + /2",
        "store is down",
        "Pending",
    ]


def test_a_source_used_before_and_after_the_change_keeps_running() -> None:
    namer = FakeNamer()
    web = namer.drive("web")
    stored = Driven(Ok(Dtab.read("/s=>/#/disco/web")))
    Seen(StoredDtabInterpreter(stored.activity, ConfiguredInterpreter(names(namer))).bind(Dtab(), Path.of("s")))
    stored.become(Ok(Dtab.read("/s=>/#/disco/nosuch | /#/disco/web")))
    assert (web.observers, web.starts) == (1, 1)


@pytest.mark.anyio
async def test_delegation_waits_for_the_stored_dtab_and_adds_the_given_one() -> None:
    stored = Driven[Dtab]()
    interpreter = StoredDtabInterpreter(stored.activity, ConfiguredInterpreter(names(disco())))
    documents: list[dict[str, object]] = []

    async def tell() -> None:
        documents.append(to_json(await interpreter.delegate(Dtab.read("/a=>/b"), Path.of("a"))))

    async with anyio.create_task_group() as group:
        group.start_soon(tell)
        await anyio.wait_all_tasks_blocked()
        stored.become(Ok(Dtab.read("/b=>/#/disco/cart")))
    assert documents[0]["delegate"]["delegate"]["type"] == "leaf"  # type: ignore[index]
    stored.become(Failed(OSError("store is down")))
    with pytest.raises(BindingError, match="store is down"):
        await interpreter.delegate(Dtab(), Path.of("a"))


# === configuration ===


def config(text: str) -> object:
    return bind_kind(INTERPRETERS, text, "test.yaml")


def test_the_kinds_read_their_blocks() -> None:
    assert INTERPRETERS.default_config() == DefaultConfig()
    assert config("kind: default") == DefaultConfig()
    assert config("kind: io.l5d.fs\ndtabFile: a.dtab") == FsInterpreterConfig(dtabFile="a.dtab")
    ported = config("kind: default\ntransformers: [{kind: io.l5d.port, port: 4141}]")
    assert isinstance(ported, DefaultConfig) and len(ported.transformers) == 1
    with pytest.raises(ConfigErrors, match="'dtabFile' property is required"):
        config("kind: io.l5d.fs")
    with pytest.raises(ConfigErrors, match="not implemented yet"):
        config("kind: io.l5d.namerd\ndst: /$/inet/127.1/4100")


def test_transformers_are_made_and_applied() -> None:
    ported = config("kind: default\ntransformers: [{kind: io.l5d.port, port: 4141}]")
    assert isinstance(ported, DefaultConfig)
    interpreter = ported.mk(NamingParts(IdleRuntime()))
    seen = Seen(interpreter.bind(Dtab.read("/s=>/$/inet/10.0.0.1/80"), Path.of("s")))
    assert shown(seen.last) == "/%/io.l5d.port/4141/$/inet/10.0.0.1/80 + /"


def test_naming_parts_bind_by_the_configured_namers() -> None:
    state = Seen(NamingParts(IdleRuntime()).bind(Path.read("/$/inet/10.0.0.1/80/x"))).last
    assert isinstance(state, Ok) and isinstance(state.value, Leaf)


# === io.l5d.fs ===


def test_a_text_that_is_no_dtab_is_told_by_line_and_column(caplog: pytest.LogCaptureFixture) -> None:
    text = Driven[str | None]()
    dtabs = Seen(stored_dtab(text.activity, "a.dtab"))
    with caplog.at_level(logging.WARNING):
        text.become(Ok("/svc => /a;\n/b = /c"))
        text.become(Ok(None))
        text.become(Ok("/svc => /a; # fine\n"))
    assert [type(state) for state in dtabs.states] == [Pending, Failed, Pending, Ok]
    message = "a.dtab:2:5: '>' expected but ' ' found"
    assert isinstance(dtabs.states[1], Failed) and str(dtabs.states[1].error) == message
    assert [record.getMessage() for record in caplog.records] == [
        message,
        "a.dtab: there is no such file; names wait for it",
    ]


@pytest.mark.anyio
async def test_the_dtab_file_is_followed(tmp_path: File) -> None:
    file = tmp_path / "router.dtab"
    async with a_runtime() as runtime:
        interpreter = FsInterpreterConfig(dtabFile=str(file)).mk(NamingParts(runtime))
        tree = interpreter.bind(Dtab.read("/b=>/$/inet/10.0.0.1"), Path.read("/a/80"))
        seen = Observer(tree.states)
        assert seen.values == [Pending()]
        file.write_text("/a=>/b")
        await seen.until(lambda state: shown(state) == "/$/inet/10.0.0.1/80 + /")
        file.write_text("/a=>")
        await seen.until(lambda state: "expected but" in shown(state))
        replacement = tmp_path / "new"
        replacement.write_text("/a=>/$/inet/10.0.0.2")
        replacement.rename(file)
        await seen.until(lambda state: shown(state) == "/$/inet/10.0.0.2/80 + /")
        seen.close()
