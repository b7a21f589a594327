"""What a parsed configuration must satisfy before a linker is built from it. linkerd.md section 3.23, stage "build".

`-validate` stops before these, as in the original. Strategy: each rule is a generator of errors over the whole
configuration; all rules run, so that all errors are shown at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from linker.config.http import HttpRouterConfig
from linker.config.plugins import DefaultPropagator
from linker.config.retries import BudgetConfig
from linker.config.tls import ClientTls
from linker.config.top import NO_ROUTERS, LinkerConfig
from namer.config import ConfigError, Marks
from namer.plugin import NOT_IMPLEMENTED

Errors = Iterator[ConfigError]


def check_build(config: LinkerConfig, marks: Marks) -> list[ConfigError]:
    """Every reason not to build a linker from `config`, in file order. Empty: go on."""
    return sorted(error for rule in _RULES for error in rule(config, marks))


def _some_router(config: LinkerConfig, marks: Marks) -> Errors:
    if not config.routers:
        yield marks.error(config, NO_ROUTERS, "routers")


def _labels(config: LinkerConfig, marks: Marks) -> Errors:
    seen: dict[str, str] = {}
    for i, router in enumerate(config.routers):
        if router.name in seen:
            message = f"Multiple routers with the label {router.name}: {seen[router.name]} has it too"
            yield marks.error(router, message, "label")
        seen.setdefault(router.name, f"routers[{i}]")


def _ports(config: LinkerConfig, marks: Marks) -> Errors:
    """By exact (ip, port), over all routers, the admin server not counted: linkerd.md section 3.5.1."""
    seen: dict[tuple[str, int], str] = {}
    for i, router in enumerate(config.routers):
        for j, server in enumerate(router.servers):
            here, key = f"routers[{i}].servers[{j}]", (server.ip, server.port)
            if key in seen:
                shown = f"[{server.ip}]" if ":" in server.ip else server.ip
                message = f"Server conflict on port {server.port}: {seen[key]} listens on {shown}:{server.port} too"
                yield marks.error(server, message, "port")
            seen.setdefault(key, here)


def _experimental(config: LinkerConfig, marks: Marks) -> Errors:
    for placed in marks:
        if placed.experimental and not placed.enabled:
            where = " on each router" if placed.tag == "protocol" else ""
            message = (
                f"The {placed.kind} {placed.what} is experimental and must be explicitly enabled"
                f" by setting the `experimental' parameter to `true'{where}"
            )
            yield marks.error(placed.config, message)


def _streaming(config: LinkerConfig, marks: Marks) -> Errors:
    for router in config.routers:
        if isinstance(router, HttpRouterConfig) and not router.streamingEnabled:
            if router.streamAfterContentLengthKB is not None:
                message = "conflicting streaming options: streamAfterContentLengthKB with streamingEnabled: false"
                yield marks.error(router, message, "streamAfterContentLengthKB")


def _budgets(config: LinkerConfig, marks: Marks) -> Errors:
    for placed in marks:
        budget = placed.config
        if not isinstance(budget, BudgetConfig):
            continue
        if not 1 <= budget.ttlSecs <= 60:
            yield marks.error(budget, f"requirement failed: ttlSecs must be 1 to 60, got {budget.ttlSecs}", "ttlSecs")
        if budget.minRetriesPerSec < 0:
            message = f"requirement failed: minRetriesPerSec must not be negative, got {budget.minRetriesPerSec}"
            yield marks.error(budget, message, "minRetriesPerSec")
        if not 0 <= budget.percentCanRetry <= 1000:
            message = f"requirement failed: percentCanRetry is a ratio of 0 to 1000, got {budget.percentCanRetry}"
            yield marks.error(budget, message, "percentCanRetry")


def _obeyed_later(config: LinkerConfig, marks: Marks) -> Errors:
    """Keys that are read and checked but that nothing obeys yet, unless what they say is what happens anyway."""
    for placed in marks:
        for field in dataclasses.fields(placed.config):  # type: ignore[arg-type]  # the binder makes dataclasses alone
            if not field.metadata.get("later") or field.name not in placed.keys:
                continue
            value = getattr(placed.config, field.name)
            if not _is_default(value):
                yield marks.error(placed.config, f"{field.name}: {NOT_IMPLEMENTED}", field.name)


def _is_default(value: Any) -> bool:
    if isinstance(value, ClientTls):
        return not value.enabled
    return value == () or value is False or isinstance(value, DefaultPropagator)


_RULES: tuple[Callable[[LinkerConfig, Marks], Errors], ...] = (
    _some_router,
    _labels,
    _ports,
    _experimental,
    _streaming,
    _budgets,
    _obeyed_later,
)
