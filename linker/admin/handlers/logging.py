"""/logging.json: the levels of the loggers, read and set. linkerd.md section 9.2."""

from __future__ import annotations

from linker import logs
from linker.admin.message import AdminRequest, AdminResponse, json_response, not_allowed, text


async def logging(request: AdminRequest) -> AdminResponse:
    """GET lists; POST sets `level` of `logger`. An unknown logger or level changes nothing and is a 200, as ever."""
    if request.method in ("GET", "HEAD"):
        return json_response([{"logger": name, "level": level} for name, level in logs.levels()])
    if request.method != "POST":
        return not_allowed("GET", "POST")
    missing = [name for name in ("logger", "level") if not request.params.get(name)]
    if missing:
        return text(f"missing parameter: {', '.join(missing)}\n", 400)
    logs.set_level(request.params["logger"], request.params["level"])
    return text("")
