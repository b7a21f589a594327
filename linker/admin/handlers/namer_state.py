"""/namer_state/<prefix>.json: what a namer knows and when it last asked. linkerd.md section 9.6, observed.md."""

from __future__ import annotations

from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response
from namer.namer import Stateful


def handler(namer: Stateful) -> Handler:
    """Any method; the state of one namer."""

    async def namer_state(request: AdminRequest) -> AdminResponse:
        return json_response(namer.state_json(), pretty=request.flag("pretty"))

    return namer_state
