"""/admin/metrics.json, /admin/metrics/prometheus and every other page of a telemeter. linkerd.md sections 8.3, 8.4.

A large tree takes tenths of a second to show: pages are made in pieces, and requests run between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import trio

from linker.admin.context import AdminContext
from linker.admin.message import AdminRequest, AdminResponse, Handler
from linker.metrics import Metrics
from linker.telemeters.metrics_json import CONTENT_TYPE, NoSuchSubtree, json_chunks


def metrics_json(context: AdminContext) -> Handler:
    """Any method: `tree`, `pretty` (true or not) and `q`, a subtree; 404 when that is not there."""

    async def metrics(request: AdminRequest) -> AdminResponse:
        q = request.params.get("q", "")
        try:
            chunks = json_chunks(context.metrics, pretty=request.flag("pretty"), tree=request.flag("tree"), q=q)
        except NoSuchSubtree as error:
            return AdminResponse(404, error.body.encode(), CONTENT_TYPE)
        return await _page(chunks, CONTENT_TYPE)

    return metrics


def telemeter_page(context: AdminContext, chunks: Callable[[Metrics], Iterator[str]], content_type: str) -> Handler:
    """Any method: the page of one telemeter."""

    async def page(_: AdminRequest) -> AdminResponse:
        return await _page(chunks(context.metrics), content_type)

    return page


async def _page(chunks: Iterator[str], content_type: str) -> AdminResponse:
    # 10 MB for 1,000 clients: pieces that are kept until they are joined would need that three times.
    page = BytesIO()
    for piece in chunks:
        page.write(piece.encode())
        await trio.lowlevel.checkpoint()
    return AdminResponse(200, page.getvalue(), content_type)
