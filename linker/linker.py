"""The whole process: build everything, serve, and on a signal drain and end. linkerd.md section 1.

Build order: namers, interpreters and routers, admin server, then the routers' ports. Close order: routers (stop
listening, drain within the grace, close clients), then telemeters, then the admin server.
"""

from __future__ import annotations

import gc
import logging
import signal
from dataclasses import dataclass

import anyio
import trio

import dtab
from linker.admin import AdminContext, serve_admin
from linker.config.load import LoadedConfig
from linker.config.top import LinkerConfig
from linker.metrics import SNAPSHOT_INTERVAL, Metrics
from linker.reactor import Reactor
from linker.router import Router
from namer.parts import NamingParts
from namer.runtime import Runtime, TaskRuntime

log = logging.getLogger("linker")


@dataclass
class Linker:
    """What runs. `stopping` is set once; its value is the seconds of grace."""

    config: LinkerConfig
    metrics: Metrics
    reactor: Reactor
    naming: NamingParts
    routers: list[Router]
    stop: anyio.Event
    grace: float

    def shutdown(self, grace: float) -> None:
        """Begin to stop."""
        self.grace = grace
        self.stop.set()


def build(config: LinkerConfig, runtime: Runtime) -> Linker:
    """Everything but ports and tasks."""
    metrics, reactor = Metrics(), Reactor()
    naming = NamingParts(runtime, config.namers)
    routers = [
        Router(router, router.interpreter.mk(naming), metrics, reactor)  # type: ignore[arg-type]  # http alone is registered
        for router in config.routers
    ]
    return Linker(config, metrics, reactor, naming, routers, anyio.Event(), config.admin.shutdownGraceMs / 1000)


async def run(loaded: LoadedConfig) -> int:
    """Serve until a signal or `/admin/shutdown`; the exit status."""
    status = 0
    async with anyio.create_task_group() as group:
        try:
            linker = build(loaded.config, TaskRuntime(group))
            group.start_soon(linker.reactor.run, name="reactor")
            await _serve(linker, loaded)
        except* OSError as errors:  # a port that cannot be opened; out of nurseries they come in groups
            for error in errors.exceptions:
                log.error("%s", error.strerror if isinstance(error, OSError) else error)
            status = 1
        finally:
            group.cancel_scope.cancel()
    return status


async def _serve(linker: Linker, loaded: LoadedConfig) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(_signals, linker)  # before any port is open: who can connect can also be drained
        admin = await serve_admin(nursery, linker.config.admin, _admin_context(linker, loaded))
        nursery.start_soon(_snapshots, linker.metrics)
        for router in linker.routers:
            if router.access_log is not None:
                nursery.start_soon(router.access_log.run)
            router.serve()
            nursery.start_soon(_sweeps, router)
        log.info("initialized")
        # What is there now stays: the collector need not look at it, now or again. Less than 1 MB of it is garbage.
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, 5, 5)
        gc.enable()
        # Where the configuration had no dtab, the first to need the parser is a request.
        await trio.to_thread.run_sync(dtab.warm_up)
        await linker.stop.wait()
        await _drain(linker)
        admin.close()
        nursery.cancel_scope.cancel()


def _admin_context(linker: Linker, loaded: LoadedConfig) -> AdminContext:
    return AdminContext(
        metrics=linker.metrics,
        config_json=loaded.to_json,
        shutdown=linker.shutdown,
        routers=linker.routers,
        namers=linker.naming.namers,
        grace_seconds=linker.grace,
        telemeters=[config.mk() for config in linker.config.telemetry],
    )


async def _signals(linker: Linker, task_status: trio.TaskStatus[None]) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        task_status.started()
        async for number in received:
            if linker.stop.is_set():
                log.warning("Received %s again: ending now", signal.Signals(number).name)
                linker.reactor.close()
                return
            log.info("Received %s. Shutting down ...", signal.Signals(number).name)
            linker.stop.set()


async def _drain(linker: Linker) -> None:
    """Let what is under way finish, no longer than the grace."""
    reactor = linker.reactor
    for router in linker.routers:
        for server in router.servers:
            server.stop()
    with trio.move_on_after(linker.grace) as scope:
        for router in linker.routers:
            for server in router.servers:
                await server.emptied.wait()
    if scope.cancelled_caught:
        left = sum(len(server.connections) for router in linker.routers for server in router.servers)
        log.warning("%d connections were still busy after %g s", left, linker.grace)
    for router in linker.routers:
        router.close()
    reactor.close()


YOUNG_OBJECTS = 20_000
"""New container objects before the collector looks for cycles. Requests in flight are some 50 each and are freed
without it; Python's 700 would have it look at them over and over."""


async def _snapshots(metrics: Metrics) -> None:
    while True:
        await trio.sleep(SNAPSHOT_INTERVAL)
        for _ in metrics.snapshot_in_steps():
            await trio.lowlevel.checkpoint()  # with many names this takes 10 ms and more: requests run in between


async def _sweeps(router: Router) -> None:
    while True:
        await trio.sleep(router.tiers.ttl)
        router.tiers.sweep()
