"""/admin/ping: `pong` as soon as the admin server is up; no statement about routers."""

from __future__ import annotations

from linker.admin.message import AdminRequest, AdminResponse, text


async def ping(_: AdminRequest) -> AdminResponse:
    """Any method."""
    return text("pong")
