"""What the demo runs."""

import socket
from pathlib import Path

from linker.config.load import parse
from linker.demo.world import World, free_port


def test_the_preferred_port_is_taken_when_it_is_free_and_another_when_not():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)
    assert free_port(port) == port


def test_the_configuration_is_a_good_one(tmp_path):
    loaded = parse(World(tmp_path, 4140, 9990).config(), "demo.yaml")
    loaded.check_build()
    assert loaded.warnings == ()


def test_a_backend_is_announced_by_a_file_and_withdrawn_twice_without_harm(tmp_path: Path):
    directory = tmp_path / "addresses"
    directory.mkdir()
    world = World(directory, 4140, 9990, {"search": 40001})
    world.announce("search")
    assert [(path.name, path.read_text()) for path in directory.iterdir()] == [("search", "127.0.0.1 40001\n")]
    world.withdraw("search")
    world.withdraw("search")
    assert not list(directory.iterdir())
