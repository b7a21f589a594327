"""Every file in configs/ parses, runs, and does what the commands in its head comment promise (configs/README.md)."""

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from linker.cli import main
from tests.support.backend import Backend
from tests.support.client import get, talk
from tests.support.process import ROOT, Process, free_port, linker

CONFIGS = sorted(path for path in (ROOT / "configs").iterdir() if path.suffix in (".yaml", ".json"))
NOBODY = "8009"
DISCO = ROOT / "configs" / "disco"
SERVES = re.compile(r"\b8[0-9]{3}\b")  # ports of backends in these files
LISTENS = re.compile(r"\b(41[0-9]{2}|99[0-9]{2})\b")  # ports of linkers in these files
EXAMPLE = re.compile(r"^# +\$ (curl .*)\n# +→ (\d{3})(?: (.*))?$", re.MULTILINE)


@pytest.fixture(params=CONFIGS, ids=lambda path: path.name)
def config(request) -> Path:
    return request.param


@dataclass(frozen=True)
class Example:
    """A curl command and what its answer is: the status, and a text somewhere in it."""

    command: str
    status: int
    text: str


def examples(text: str) -> list[Example]:
    return [Example(command, int(status), said or "") for command, status, said in EXAMPLE.findall(text)]


def backend(stack: ExitStack) -> str:
    """The port of a new backend, which answers with it."""
    started = stack.enter_context(Backend())
    started.name = str(started.port)
    return started.name


@contextmanager
def running(config: Path) -> Iterator[tuple[Process, str]]:
    """The configuration on free ports, with two backends, and its text with these ports in it."""
    with ExitStack() as stack:
        addresses = {path.relative_to(DISCO): path.read_text() for path in DISCO.rglob("*") if path.is_file()}
        named = set(SERVES.findall("".join(addresses.values()))) - {NOBODY}
        ports = {NOBODY: str(free_port()), **{port: backend(stack) for port in named}}

        def moved(text: str) -> str:
            return SERVES.sub(lambda port: ports.get(port[0], port[0]), text)

        files = {str(name): moved(text) for name, text in addresses.items()}
        body = moved(config.read_text())
        body = LISTENS.sub(lambda port: "{ADMIN}" if port[0] == "9990" else f"{{PORT_{port[0]}}}", body)
        body = body.replace("configs/disco", "{DIR}").replace("access.log", "{TMP}/access.log")
        process = stack.enter_context(linker(_with_admin(body), files=files))
        yield process, (process.directory / "linker.yaml").read_text()


def _with_admin(body: str) -> str:
    """The text with a free admin port, where it takes the default."""
    if re.search(r"^ *\"?admin\"?:", body, re.MULTILINE):
        return body
    if body.lstrip().startswith("{"):
        return body.replace("{", '{"admin": {"port": {ADMIN}},', 1)
    return body + "\nadmin:\n  port: {ADMIN}\n"


def curl(command: str) -> tuple[int, str]:
    """What this curl command would print: the status, and head and body as text."""
    words = iter(shlex.split(command)[1:])
    fields, method, body, url = [], "GET", None, ""
    for word in words:
        if word == "-H":
            fields.append(next(words))
        elif word == "-X":
            method = next(words)
        elif word == "-d":
            body = next(words).encode()
        elif word.startswith("-"):
            assert word in ("-i", "-s"), f"no such option here: {word}"
        else:
            url = word
    where = re.fullmatch(r"localhost:(\d+)(/.*)?", url)
    assert where, f"not a URL of these examples: {url}"
    host = None if any(field.lower().startswith("host:") for field in fields) else url.split("/")[0]
    answer = talk(int(where[1]), get(where[2] or "/", *fields, host=host, method=method, body=body), watch=False)
    assert not answer.error, answer.error
    head = "".join(f"{name}: {value}\n" for name, value in answer.headers)
    return answer.status, f"{head}\n{answer.text}"


def test_it_is_valid(config, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["--check", str(config)]) == 0, capsys.readouterr().err


def test_it_runs_and_does_what_its_comment_says(config):
    with running(config) as (process, text):
        for example in examples(text):
            status, said = curl(example.command)
            assert (status, example.text in said) == (example.status, True), f"{example}, got {status} {said}"
        assert talk(process.admin, get("/config.json"), watch=False).status == 200
        assert process.stop() == 0
        assert "Traceback" not in process.stderr()


def test_every_yaml_file_has_a_command_with_its_answer():
    assert not [path.name for path in CONFIGS if path.suffix == ".yaml" and not examples(path.read_text())]


def test_yaml_and_json_are_the_same_configuration():
    shown = []
    for name in ("default.yaml", "default.json"):
        with running(ROOT / "configs" / name) as (process, _):
            whole = json.loads(talk(process.admin, get("/config.json"), watch=False).text)
            router = whole["routers"][0]
            shown.append((sorted(router), router["dtab"], [namer["kind"] for namer in whole["namers"]]))
    assert shown[0] == shown[1]
