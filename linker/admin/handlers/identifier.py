"""admin.httpIdentifierPort: what each http router would call the request that is sent here. linkerd.md section 9.7."""

from __future__ import annotations

from linker.admin.context import AdminContext, RouterView
from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response
from linker.errors import ProxyError
from linker.http.message import Headers, Request


def handler(context: AdminContext) -> Handler:
    """Any method and path: `{"<label>": {"path": …, "dtab": …}}` or `{"<label>": {"error": …}}`, no empty members."""

    async def identifier(request: AdminRequest) -> AdminResponse:
        routers = [each for each in context.routers if each.protocol == "http"]
        return json_response({router.label: await _identified(router, request) for router in routers})

    return identifier


async def _identified(router: RouterView, request: AdminRequest) -> dict[str, str]:
    raw = b"".join(b"%b: %b\r\n" % line for line in request.fields)
    try:
        path, dtab = await router.identify(Request(request.method.encode(), request.target, Headers(raw)))
    except ProxyError as error:
        return {"error": str(error)}
    shown = {"path": path.show(), "dtab": dtab.show()}
    return {key: value for key, value in shown.items() if value}
