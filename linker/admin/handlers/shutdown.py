"""/admin/shutdown: POST begins the drain, as SIGTERM does. linkerd.md sections 1 and 9.2."""

from __future__ import annotations

from functools import partial

from linker.admin.context import AdminContext
from linker.admin.duration import parse_duration
from linker.admin.message import AdminRequest, AdminResponse, Handler, not_allowed, text


def handler(context: AdminContext) -> Handler:
    """POST, `grace` such as `5.seconds`; by default admin.shutdownGraceMs. Answered before the drain begins."""

    async def shutdown(request: AdminRequest) -> AdminResponse:
        if request.method != "POST":
            return not_allowed("POST")
        grace = context.grace_seconds
        if "grace" in request.params:
            try:
                grace = parse_duration(request.params["grace"])
            except ValueError as error:
                return text(f"grace: {error}\n", 400)
        answer = text("quitting\n")
        return AdminResponse(200, answer.body, fields=answer.fields, after=partial(context.shutdown, grace))

    return shutdown
