"""The demo's backends: each says its own name and counts who was asked for, by the name the linker was given.

`front` calls `users` through the linker and passes `l5d-ctx-*` on, as every service behind a linker should: that is how
an override given to the first service reaches the third.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from linker.admin.message import AdminRequest, AdminResponse, Handler, text
from linker.demo.client import Client

Counts = Counter[tuple[str, str]]
"""(logical name such as /svc/users, backend such as users-v1) → requests."""


def backend(name: str, counts: Counts) -> Handler:
    """Answers `<name>`."""

    async def answer(request: AdminRequest) -> AdminResponse:
        counts[request.header("l5d-dst-service"), name] += 1
        return text(f"{name}\n")

    return answer


def front(name: str, counts: Counts, router: Callable[[], int]) -> Handler:
    """Answers `<name>, users say: <what users answered>`. router: the linker's port, asked for at each request."""

    async def answer(request: AdminRequest) -> AdminResponse:
        counts[request.header("l5d-dst-service"), name] += 1
        passed = {key.decode(): value.decode() for key, value in request.fields if key.lower().startswith(b"l5d-ctx-")}
        async with Client(router()) as client:
            users = await client.get("/", {"Host": "users", **passed})
        return text(f"{name}, users say: {users.body}", users.status)

    return answer
