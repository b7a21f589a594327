"""Scalars of a configuration file → `str`, `int`, `float`, `bool`, `Path`, `Dtab`.

Strict where linkerd crashed later (observed.md: numeric strings), lenient where it was: an unquoted number or boolean
is taken as text where text is wanted (`label: 8080`), an integer where a double is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dtab import CONFIGURED_LIMIT, Dtab, DtabSyntaxError, Path
from namer.nodes import ListNode, MapNode, Mark, Node, ScalarNode, is_null

# Possessive, so that a megabyte of digits with a letter behind takes one pass and not a million.
_INT = re.compile(r"[-+]?(?:0|[1-9](?:_?[0-9])*+)")
_FLOAT = re.compile(r"[-+]?(?:[0-9](?:_?[0-9])*+(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_LONGEST_NUMBER = 40  # characters; more cannot fit 64 bits or a double's digits, and huge powers cost time
_INT64 = 1 << 63


def expected(what: str, node: Node) -> str:
    """The message for a node of the wrong type."""
    return f"expected {what}, got {describe(node)}"


def describe(node: Node) -> str:
    """What stands there, for messages."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if is_null(node):
        return "nothing"
    if node.plain and (node.text in _BOOLS or _FLOAT.fullmatch(node.text)):
        return brief(node.text)
    return f"the text {brief(node.text)!r}"


def brief(text: str) -> str:
    """As much of a text as a message repeats."""
    return text if len(text) <= 80 else text[:77] + "..."


def _str(node: ScalarNode) -> str:
    if is_null(node):
        raise ValueError(expected("text", node))
    return node.text


def _int(node: ScalarNode) -> int:
    if node.plain and _INT.fullmatch(node.text):
        value = int(node.text) if len(node.text) <= _LONGEST_NUMBER else _INT64
        if not -_INT64 <= value < _INT64:
            raise ValueError(f"{node.text[:_LONGEST_NUMBER]} does not fit 64 bits")
        return value
    raise ValueError(expected("an integer", node))


def _float(node: ScalarNode) -> float:
    if node.plain and len(node.text) <= _LONGEST_NUMBER and _FLOAT.fullmatch(node.text):
        value = float(node.text)
        if value not in (float("inf"), float("-inf")):
            return value
    raise ValueError(expected("a number", node))


def _bool(node: ScalarNode) -> bool:
    if node.plain and node.text in _BOOLS:
        return _BOOLS[node.text]
    raise ValueError(expected("true or false", node))


def _path(node: ScalarNode) -> Path:
    return Path.read(_str(node))


def _dtab(node: ScalarNode) -> Dtab:
    return Dtab.read(_str(node), limit=CONFIGURED_LIMIT)


SCALARS: dict[type[Any], tuple[str, Callable[[ScalarNode], Any]]] = {
    str: ("text", _str),
    int: ("an integer", _int),
    float: ("a number", _float),
    bool: ("true or false", _bool),
    Path: ("a path", _path),
    Dtab: ("a dtab", _dtab),
}
"""type → what it is called and its reader, which raises `ValueError` with the message."""


def read_scalar(type_: type[Any], node: Node) -> Any:
    """The value of a node for one of the types of `SCALARS`. Raises `ValueError` with the message."""
    what, read = SCALARS[type_]
    if not isinstance(node, ScalarNode):
        raise ValueError(expected(what, node))
    return read(node)


def pointed(node: Node, error: DtabSyntaxError) -> tuple[Mark, str]:
    """Where in the file a path or dtab is wrong, and the parser's message (dtab.md section 1.4), of a text of many
    lines with the wrong line alone."""
    text = error.text
    position = min(error.position, len(text.rstrip()))
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", start)
    line, at = text[start : end if end >= 0 else len(text)], position - start
    message = f"{error.expected} expected but {error.found} found at '{line[:at]}[{line[at : at + 1]}]{line[at + 1 :]}'"
    return (node.mark_at(position) if isinstance(node, ScalarNode) else node.mark), message
