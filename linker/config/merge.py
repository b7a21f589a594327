"""Static client and service configuration: every entry whose prefix matches applies, in file order, a later one
overriding key by key. linkerd.md sections 3.6.1 and 3.7.

Strategy: in the entries None means "not said here", so that merging is dropping the Nones; defaults come last.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def said(entry: Any, names: frozenset[str]) -> dict[str, Any]:
    """What an entry says of the parameters `names`."""
    return {name: value for name in names if (value := getattr(entry, name)) is not None}


def names_of(params: type[Any]) -> frozenset[str]:
    """The parameters: the fields of the class that has them with their defaults."""
    return frozenset(field.name for field in fields(params))
