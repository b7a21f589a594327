"""/ : one page that says what runs here, where to look, and explains a name. It loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import linker
from linker.admin.context import AdminContext, RouterView
from linker.admin.message import AdminRequest, AdminResponse, Handler, html

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "textarea,input{font:14px/1.5 ui-monospace,monospace}textarea,input[name=path]{width:100%;box-sizing:border-box}"
)


def handler(context: AdminContext, paths: Sequence[str]) -> Handler:
    """Any method. `paths`: what to link to."""

    async def home(_: AdminRequest) -> AdminResponse:
        routers = "".join(_router(each) for each in context.routers)
        links = "".join(f'<li><a href="{escape(path)}">{escape(path)}</a></li>' for path in paths)
        return html(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>linker</title><style>{_STYLE}</style>'
            f"</head><body><h1>linker {linker.__version__}</h1>{routers}"
            f"<h2>Resources</h2><ul>{links}</ul></body></html>\n"
        )

    return home


def _router(router: RouterView) -> str:
    """Its dtab, and a form that asks /delegator.json where a name would go."""
    label = escape(router.label)
    dtab = escape(";\n".join(dentry.show() for dentry in router.dtab))
    return (
        f"<h2>Router {label} ({escape(router.protocol)})</h2>"
        f'<form action="/delegator.json"><input type="hidden" name="namespace" value="{label}">'
        f'<input type="hidden" name="text" value="true">'
        f'<p><label>Dtab<textarea name="dtab" rows="{max(3, len(router.dtab) + 1)}">{dtab}</textarea></label></p>'
        f'<p><label>Name<input name="path" value="/svc/" required></label></p>'
        f"<p><button>Where does it go?</button></p></form>"
    )
