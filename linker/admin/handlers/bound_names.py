"""/bound-names.json: what the namers that can list know, sorted. linkerd.md section 9.2, observed.md (Admin)."""

from __future__ import annotations

from linker.admin.context import AdminContext
from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response
from namer.namer import Enumerable


def handler(context: AdminContext) -> Handler:
    """Any method. Without any name the answer is `[""]`, as it always was."""

    async def bound_names(_: AdminRequest) -> AdminResponse:
        namers = [served.source for served in context.namers]
        names = {path.show() for namer in namers if isinstance(namer, Enumerable) for path in namer.bound_names()}
        return json_response(sorted(names) or [""])

    return bound_names
