"""/admin/server_info: which program this is and since when it runs."""

from __future__ import annotations

import sys
from time import gmtime, strftime, time

import linker
from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response

_STARTED = time()


def handler() -> Handler:
    """Any method. `uptime` is in milliseconds."""
    info = {
        "name": "linker",
        "version": linker.__version__,
        "build": linker.__version__,
        "build_revision": linker.__version__,
        "python": sys.version.split()[0],
        "start_time": strftime("%a %b %d %H:%M:%S UTC %Y", gmtime(_STARTED)),
    }

    async def server_info(request: AdminRequest) -> AdminResponse:
        return json_response({**info, "uptime": round((time() - _STARTED) * 1000)}, pretty=True)

    return server_info
