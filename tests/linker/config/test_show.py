"""`/config.json`: the keys of the file, values in canonical form. linkerd.md section 9.4."""

import json
from pathlib import Path as FilePath
from typing import Any

import yaml

from linker.config import LinkerConfig, to_json
from namer.config import Marks
from tests.linker.config.common import MINIMAL, loaded, router

EXAMPLE = (FilePath(__file__).parent / "example.yaml").read_text()


def test_the_keys_are_those_of_the_file_and_defaults_are_not_filled_in():
    assert loaded(MINIMAL).to_json() == {"routers": [{"protocol": "http", "servers": [{}]}]}


def test_nulls_are_left_out():
    text = router("label: null", "client: null", "identifier: ~")
    assert loaded(text).to_json() == loaded(MINIMAL).to_json()


def test_values_have_their_canonical_form():
    text = router("dtab: |", "  /a=>/b; # why", "  /c   => 2 * /d&/e;", "label: 8080") + "admin: {ip: '0::1'}\n"
    assert loaded(text).to_json() == {
        "routers": [{"protocol": "http", "servers": [{}], "dtab": "/a=>/b;/c=>2.00*/d & /e", "label": "8080"}],
        "admin": {"ip": "::1"},
    }


def test_a_kind_that_was_not_written_is_not_shown():
    assert loaded(router("client: {failFast: true}")).to_json()["routers"][0]["client"] == {"failFast": True}  # type: ignore[index,call-overload]  # Json


def canonical(value: Any) -> Any:
    """The example as it should be shown: what pyyaml reads, but for the values that have another canonical form."""
    value = json.loads(json.dumps(value))
    first = value["routers"][0]
    first["dtab"] = "/srv=>/#/disco;/http=>/srv | 0.50*/$/inet/127.1/80 & 0.50*/srv/b"
    first["httpAccessLogRollPolicy"] = "weekly(3)"
    return value


def test_every_key_of_the_example_is_shown():
    assert loaded(EXAMPLE).to_json() == canonical(yaml.safe_load(EXAMPLE))


def test_what_is_shown_parses_to_the_same_configuration():
    it = loaded(EXAMPLE)
    again = loaded(json.dumps(it.to_json(), indent="\t"))
    assert again.config == it.config
    assert again.to_json() == it.to_json()


def test_what_was_not_in_a_file_shows_nothing():
    assert to_json(LinkerConfig(routers=()), Marks()) == {}
