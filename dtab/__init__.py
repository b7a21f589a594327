"""Names as values: paths, name trees and delegation tables, their text forms and their algebra.

Pure: no loop, no I/O, no time. The README is the map.
"""

from dtab.errors import DtabSyntaxError
from dtab.limits import CONFIGURED_LIMIT, REQUEST_LIMIT
from dtab.nametree import Alt, Empty, Fail, Leaf, NameTree, Neg, Union, Weighted
from dtab.path import Path
from dtab.table import ANY, Dentry, Dtab, Prefix

__all__ = [
    "ANY",
    "CONFIGURED_LIMIT",
    "REQUEST_LIMIT",
    "Alt",
    "Dentry",
    "Dtab",
    "DtabSyntaxError",
    "Empty",
    "Fail",
    "Leaf",
    "NameTree",
    "Neg",
    "Path",
    "Prefix",
    "Union",
    "Weighted",
    "warm_up",
]


def warm_up() -> None:
    """Loads and builds the parser now: 60 ms better spent at start-up than in the middle of serving requests."""
    from dtab import parse

    parse.parser()
