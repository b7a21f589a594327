"""/config.json: the configuration as it was understood, absent keys left out. linkerd.md section 9.4."""

from __future__ import annotations

from linker.admin.context import AdminContext
from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response


def handler(context: AdminContext) -> Handler:
    """Any method; `pretty=true` indents and sorts."""

    async def config(request: AdminRequest) -> AdminResponse:
        return json_response(context.config_json(), pretty=request.flag("pretty"), charset="UTF-8")

    return config
