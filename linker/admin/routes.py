"""Every path of the admin server, and how a request finds its handler.

A new resource is a module in `handlers/` and a line here. Paths are exact, duplicate slashes collapsed, nothing is
percent-decoded, so that `admin.security` decides about the very path that is looked up.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from linker.admin.context import AdminContext
from linker.admin.handlers import bound_names, client_state, config, delegator, home, namer_state, server_info, shutdown
from linker.admin.handlers.logging import logging
from linker.admin.handlers.metrics import metrics_json, telemeter_page
from linker.admin.handlers.ping import ping
from linker.admin.handlers.tasks import tasks
from linker.admin.message import AdminRequest, AdminResponse, Handler, text
from linker.admin.security import Security
from linker.telemeters import prometheus
from linker.telemeters.prometheus import prometheus_chunks
from namer.namer import Stateful


def routes(context: AdminContext) -> dict[str, Handler]:
    """Path → handler."""
    table: dict[str, Handler] = {
        "/admin/metrics.json": metrics_json(context),
        "/admin/metrics/prometheus": telemeter_page(context, prometheus_chunks, prometheus.CONTENT_TYPE),
        "/admin/ping": ping,
        "/admin/server_info": server_info.handler(),
        "/admin/shutdown": shutdown.handler(context),
        "/admin/tasks": tasks,
        "/bound-names.json": bound_names.handler(context),
        "/client_state.json": client_state.handler(context),
        "/config.json": config.handler(context),
        "/delegator.json": delegator.handler(context),
        "/logging.json": logging,
    }
    for telemeter in context.telemeters:
        table[telemeter.path] = telemeter_page(context, telemeter.chunks, telemeter.content_type)
    for served in context.namers:
        if isinstance(served.source, Stateful):
            prefix_only = served.prefix.drop(1)  # /#/disco is shown at /namer_state/disco.json
            table[f"/namer_state{prefix_only.show()}.json"] = namer_state.handler(served.source)
    index = _index([*table, "/", "/admin", "/admin/index.txt"])
    return {"/": home.handler(context, sorted(table)), "/admin": index, "/admin/index.txt": index, **table}


def _index(paths: list[str]) -> Handler:
    listing = "\n".join(sorted(paths)) + "\n"

    async def index(_: AdminRequest) -> AdminResponse:
        return text(listing)

    return index


def dispatcher(table: dict[str, Handler], security: Security) -> Handler:
    """The handler that finds the handler; 404 for what is unknown and for what `admin.security` closes."""

    async def dispatch(request: AdminRequest) -> AdminResponse:
        handler = table.get(request.path)
        if handler is None or not security.allows(request.path):
            return text(f"no such resource: {request.path}\n", 404)
        if request.method not in ("GET", "HEAD") and _from_another_site(request):
            return text("refused: the request comes from a page of another site\n", 403)
        return await handler(request)

    return dispatch


def _from_another_site(request: AdminRequest) -> bool:
    """Whether a browser sends it for a page that this server did not give: it must not be able to stop the linker."""
    origin = request.header("origin")
    return bool(origin) and urlsplit(origin).netloc != request.header("host")
