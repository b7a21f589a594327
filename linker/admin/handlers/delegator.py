"""/delegator.json: why a name goes where it goes. linkerd.md section 9.3, dtab.md section 17.4, observed.md (Admin).

The router's own dtab is not added, as it never was: pass it as `dtab`, or say `base=true` to have it put before `dtab`,
which is then what a request with that l5d-dtab would see. `text=true` draws the tree for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import trio

from dtab import CONFIGURED_LIMIT, REQUEST_LIMIT, Dtab, DtabSyntaxError, Path
from linker.admin.context import AdminContext, RouterView
from linker.admin.message import AdminRequest, AdminResponse, Handler, json_response, not_allowed, text
from namer.delegation import draw, to_json
from namer.interpreter import CannotDelegate
from namer.namer import BindingError

LIMIT_S = 2.0
"""Seconds until a pending namer makes the answer a 503: the original's."""


_CANNOT = "Name Interpreter for {} cannot show delegations"


class _Refused(Exception):
    """The request cannot be answered; `response` says why."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.response = text(message, status)


def handler(context: AdminContext) -> Handler:
    """GET with `path`, `dtab`, `namespace` (or `router`); POST with the same names in a JSON object."""

    async def delegator(request: AdminRequest) -> AdminResponse:
        if request.method not in ("GET", "HEAD", "POST"):
            return not_allowed("GET", "POST")
        try:
            params = _from_json(request) if request.method == "POST" else request.params
            router, path = _router(context, params), _path(params)
            shown = params.get("dtab", "")
            # A long one takes as much as a second: requests run meanwhile.
            dtab = await trio.to_thread.run_sync(_dtab, shown) if len(shown) > REQUEST_LIMIT else _dtab(shown)
        except _Refused as refused:
            return refused.response
        if params.get("base") == "true":
            dtab = router.dtab + dtab
        with trio.move_on_after(LIMIT_S):
            return await _told(router, dtab, path, drawn=request.flag("text"), pretty=request.flag("pretty"))
        return text("Request timed out.", 503)

    return delegator


async def _told(router: RouterView, dtab: Dtab, path: Path, *, drawn: bool, pretty: bool) -> AdminResponse:
    try:
        tree = await router.interpreter.delegate(dtab, path)
        return text(draw(tree) + "\n") if drawn else json_response(to_json(tree), pretty=pretty)
    except CannotDelegate:
        return text(_CANNOT.format(router.label), 501)
    except BindingError as error:
        return text(str(error), 500)


def _from_json(request: AdminRequest) -> Mapping[str, str]:
    """The texts of the JSON object; `dtab` and `path` are both required here, other kinds of values are ignored."""
    if request.header("content-type") != "application/json":
        raise _Refused("Content-Type must be application/json", 415)
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError):  # the latter for brackets in thousands
        given = None
    params = {key: value for key, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}
    if not {"dtab", "path"} <= params.keys():
        raise _Refused(f"Malformed delegation request: {request.body.decode('utf8', 'replace')}", 400)
    return params


def _router(context: AdminContext, params: Mapping[str, str]) -> RouterView:
    """The router by its label; without a label, the only one."""
    label = params.get("namespace") or params.get("router") or ""
    routers = [each for each in context.routers if each.label == label or not label]
    if not label and len(routers) != 1:
        raise _Refused(f"Say which router: namespace={' or '.join(each.label for each in routers)}", 400)
    if not routers:
        raise _Refused(_CANNOT.format(label), 501)
    return routers[0]


def _dtab(shown: str) -> Dtab:
    try:
        return Dtab.read(shown, limit=CONFIGURED_LIMIT)  # an operator's, as long as a router's may be
    except DtabSyntaxError as error:
        raise _Refused(f"Invalid dtab: {error}", 400) from None


def _path(params: Mapping[str, str]) -> Path:
    if "path" not in params:
        raise _Refused("Invalid path: missing parameter 'path'", 400)
    try:
        return Path.read(params["path"])
    except DtabSyntaxError as error:
        raise _Refused(f"Invalid path: {error}", 400) from None
