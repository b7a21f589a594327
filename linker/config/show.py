"""A configuration → the JSON of `/config.json`: the keys that the file has, values in canonical form.

linkerd.md section 9.4.

Strategy: walk the bound objects; the marks know which keys were given, so that defaults are not filled in.
"""

from __future__ import annotations

import enum
import typing
from typing import Any

from dtab import Dtab, Path
from namer.binder import hints, keyed_fields
from namer.config import FromText, Marks

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def to_json(config: object, marks: Marks) -> Json:
    """Any bound object or value as JSON. An object that was not in the file shows nothing."""
    if isinstance(config, Dtab | Path):
        return config.show()
    if isinstance(config, list | tuple):
        return [to_json(item, marks) for item in config]
    if isinstance(config, dict):
        return {str(key): to_json(value, marks) for key, value in config.items()}
    if isinstance(config, enum.Enum):
        return str(config.value)
    if isinstance(config, str | int | float | bool) or config is None:
        return config
    return _object(config, marks)


def _object(config: object, marks: Marks) -> dict[str, Json]:
    placed = marks.get(config)
    if placed is None:
        return {}
    shown: dict[str, Json] = {placed.tag: placed.kind} if placed.tag else {}
    if placed.enabled:
        shown["experimental"] = True
    fields = keyed_fields(type(config))
    types = hints(type(config))
    for key in placed.keys:
        value = getattr(config, fields[key].name)
        text = _text_form(types[fields[key].name])
        shown[key] = to_json(value, marks) if text is None else _as_text(value, text)
    return shown


def _text_form(type_: Any) -> FromText | None:
    """How values of a type are written, if it is one that is made from text (or a list of such)."""
    if typing.get_origin(type_) is typing.Annotated:
        return next((extra for extra in type_.__metadata__ if isinstance(extra, FromText)), None)
    return next((form for arg in typing.get_args(type_) if (form := _text_form(arg))), None)


def _as_text(value: Any, form: FromText) -> Json:
    if isinstance(value, list | tuple):
        return [_as_text(item, form) for item in value]
    return None if value is None else form.show(value)
