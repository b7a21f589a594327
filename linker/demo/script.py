"""The demo's commands, and what must hold when they are played: one list for people and for `linker demo --check`.

Each step asks the linker as its command would and raises `Failed` when the answer is not the one it promises.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import trio

from linker.demo.client import Answer, Client
from linker.demo.world import UNLISTED, World

SHARE_REQUESTS = 400
SHARE_BOUNDS = (10, 80)
"""Of 400 requests at 9 to 1, 40 go to v2 with a deviation of 6: five of those either way, and far from half."""
FOLLOW_S = 2.0
"""How long a changed address file may take to be obeyed; it takes some milliseconds."""


class Failed(Exception):
    """A step did not hold; the text says what was expected and what came."""


@dataclass(frozen=True)
class Step:
    """title: what it shows; command: how to do it by hand, see `command`; play: what came of it, or Failed."""

    title: str
    command: str
    play: Callable[[World, Client], Awaitable[str]]


def expect(held: bool, wanted: str, got: object) -> None:
    """Raise Failed unless `held`."""
    if not held:
        raise Failed(f"expected {wanted}, got {got}")


async def ask(client: Client, host: str, dtab: str = "") -> Answer:
    """A request for `host`, with an override if there is one."""
    return await client.get("/", {"Host": host, **({"l5d-dtab": dtab} if dtab else {})})


async def answered_by(client: Client, host: str, who: str, dtab: str = "") -> str:
    """Fails unless the answer is 200 and exactly `who`."""
    answer = await ask(client, host, dtab)
    said = answer.body.rstrip("\n")
    expect((answer.status, said) == (200, who), f"200 {who}", f"{answer.status} {said}")
    return said


async def plain(world: World, client: Client) -> str:
    return await answered_by(client, "users", "users-v1")


async def staging(world: World, client: Client) -> str:
    said = await answered_by(client, "users", "users-v2", STAGING)
    after = await answered_by(client, "users", "users-v1")
    return f"{said}; the next request without it: {after}"


async def downstream(world: World, client: Client) -> str:
    await answered_by(client, "front", "front, users say: users-v1")
    return await answered_by(client, "front", "front, users say: users-v2", STAGING)


async def canary(world: World, client: Client) -> str:
    said = Counter([(await ask(client, "canary")).body.rstrip("\n") for _ in range(SHARE_REQUESTS)])
    low, high = SHARE_BOUNDS
    expect(said.keys() == {"users-v1", "users-v2"}, "answers of both versions", dict(said))
    expect(low <= said["users-v2"] <= high, f"{low} to {high} of {SHARE_REQUESTS} from users-v2", dict(said))
    return f"{said['users-v1']} users-v1, {said['users-v2']} users-v2"


async def fallback(world: World, client: Client) -> str:
    return await answered_by(client, "search", "search")


async def discovery(world: World, client: Client) -> str:
    start = trio.current_time()
    world.announce(UNLISTED)
    await _until_answered_by(client, "search", UNLISTED)
    took = trio.current_time() - start
    world.withdraw(UNLISTED)
    await _until_answered_by(client, "search", "search")
    return f"{UNLISTED} after {1000 * took:.0f} ms, search again when the file is gone"


async def _until_answered_by(client: Client, host: str, who: str) -> None:
    with trio.move_on_after(FOLLOW_S):
        while True:
            if (await ask(client, host)).body.rstrip("\n") == who:
                return
            await trio.sleep(0.005)
    raise Failed(f"expected {who} within {FOLLOW_S:g} s, got {(await ask(client, host)).body.strip()}")


async def unknown(world: World, client: Client) -> str:
    answer = await ask(client, "nosuch")
    expect(answer.status == 502, "502", answer.status)
    told = "/svc/nosuch" in answer.body and "l5d-err" in answer.fields
    expect(told, "l5d-err and the name that was tried", answer.body)
    return f"502, {answer.body.splitlines()[0]}"


async def delegation(world: World, client: Client) -> str:
    async with Client(world.admin_port) as admin:
        users = await _bound(admin, "/svc/users")
        staged = await _bound(admin, "/svc/users", STAGING)
        search = await _bound(admin, "/svc/search")
    expect(users == ["/#/io.l5d.fs/users-v1"], "/svc/users at users-v1 alone", users)
    expect(staged[:1] == ["/#/io.l5d.fs/users-v2"], "with the override, users-v2 first", staged)
    expect(set(search) == {"/#/io.l5d.fs/search"}, "/svc/search at search alone", search)
    return f"/svc/users is {users[0]}, with the override {staged[0]}"


async def _bound(admin: Client, path: str, dtab: str = "") -> list[str]:
    answer = await admin.get(f"/delegator.json?base=true&path={quote(path)}&dtab={quote(dtab)}")
    expect(answer.status == 200, "200 from /delegator.json", f"{answer.status} {answer.body}")
    return list(_leaves(json.loads(answer.body)))


def _leaves(node: Any) -> Iterator[str]:
    """The bound ids of a delegation tree, in order."""
    if isinstance(node, dict):
        if node.get("type") == "leaf":
            yield node["bound"]["id"]
        for child in node.values():
            yield from _leaves(child)
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child)


async def metrics(world: World, client: Client) -> str:
    async with Client(world.admin_port) as admin:
        answer = await admin.get("/admin/metrics.json")
    counted = json.loads(answer.body)
    said = []
    for name in ("users-v1", "users-v2"):
        seen = sum(count for (_, backend), count in world.counts.items() if backend == name)
        shown = counted.get(f"rt/demo/client/#/io.l5d.fs/{name}/requests")
        expect(shown == seen > 0, f"{seen} requests counted for {name}, as it saw itself", shown)
        said.append(f"{name} {shown}")
    return ", ".join(said)


STAGING = "/svc/users => /host/users-v2"

STEPS = (
    Step("a plain request", "curl -H 'Host: users' localhost:{port}", plain),
    Step("one request to staging", f"curl -H 'Host: users' -H 'l5d-dtab: {STAGING}' localhost:{{port}}", staging),
    Step(
        "the same, two services further on",
        f"curl -H 'Host: front' -H 'l5d-dtab: {STAGING}' localhost:{{port}}",
        downstream,
    ),
    Step(
        "a canary by weight, 9 to 1",
        "for i in $(seq 100); do curl -s -H 'Host: canary' localhost:{port}; done | sort | uniq -c",
        canary,
    ),
    Step("a fallback: search-beta is nowhere", "curl -H 'Host: search' localhost:{port}", fallback),
    Step(
        "search-beta appears, and goes",
        "echo 127.0.0.1 {beta_port} > {directory}/search-beta; curl -H 'Host: search' localhost:{port}",
        discovery,
    ),
    Step("a name that nobody has", "curl -i -H 'Host: nosuch' localhost:{port}", unknown),
    Step(
        "why a name goes where it goes",
        "curl 'localhost:{admin_port}/delegator.json?path=/svc/search&base=true&text=true'",
        delegation,
    ),
    Step("what was counted", "curl 'localhost:{admin_port}/admin/metrics.json?q=rt/demo/client'", metrics),
)


def command(step: Step, world: World) -> str:
    """The step's command for this demo's ports."""
    return step.command.format(
        port=world.port, admin_port=world.admin_port, beta_port=world.ports[UNLISTED], directory=world.directory
    )
