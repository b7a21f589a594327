"""/client_state.json: every live client and its addresses, flat over all routers. linkerd.md section 9.5."""

from __future__ import annotations

from linker.admin.context import AdminContext
from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response


def handler(context: AdminContext) -> Handler:
    """Any method. The same client id in two routers is shown once: the later router's."""

    async def client_state(request: AdminRequest) -> AdminResponse:
        clients: dict[str, object] = {}
        for router in context.routers:
            clients.update(router.client_state())
        return json_response(clients, pretty=request.flag("pretty"), charset="UTF-8")

    return client_state
