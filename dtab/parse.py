"""Text to values: the grammar of `grammar.lark`, and the original's words for what is wrong with a text.

Strategy: lark's LALR parser reduces straight to values (no parse tree). Its errors say where the text stops making
sense and which tokens could have followed; `_explain` turns that into what the original's parser, which looks at one
character at a time, says at the same place.

Importing lark and building the tables take about 60 ms and 8 MB, so both wait until the first text that needs them;
a process that will serve requests calls `dtab.warm_up` while it starts.

The five `read_…` functions are what the values' own `read` methods call: the same arguments, the same errors.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken

from dtab.errors import END_OF_INPUT, DtabSyntaxError
from dtab.limits import check
from dtab.nametree import DEFAULT_WEIGHT, Alt, Empty, Fail, Leaf, NameTree, Neg, Union, Weighted
from dtab.path import Path, path_from_token
from dtab.table import Dentry, Dtab, Prefix, prefix_from_token


def read_path(text: str, limit: int) -> Path:
    return cast(Path, _parse("path", text, limit))


def read_prefix(text: str, limit: int) -> Prefix:
    return cast(Prefix, _parse("prefix", text, limit))


def read_tree(text: str, limit: int) -> NameTree[Path]:
    return cast("NameTree[Path]", _parse("tree", text, limit))


def read_dentry(text: str, limit: int) -> Dentry:
    return cast(Dentry, _parse("dentry", text, limit))


def read_dtab(text: str, limit: int) -> Dtab:
    return cast(Dtab, _parse("dtab", text, limit))


@cache
def parser() -> Lark:
    """The one parser of the process."""
    return Lark.open_from_package(
        "dtab",
        "grammar.lark",
        parser="lalr",
        lexer="contextual",
        start=["path", "prefix", "tree", "dentry", "dtab"],
        transformer=_Values(),
    )


def _parse(start: str, text: str, limit: int) -> object:
    check(text, limit)
    try:
        return parser().parse(text, start=start)
    except (UnexpectedToken, UnexpectedCharacters) as error:
        # The token and table dumps of lark's own message would only distract from ours.
        raise _explain(text, error) from None


class _Values(Transformer[Token, Any]):
    """One method per token and rule of the grammar that makes a value. Rule methods get the list of their children."""

    PATH = staticmethod(path_from_token)
    PREFIX = staticmethod(prefix_from_token)
    NUMBER = float  # a huge number is infinite, as in the original

    def path(self, children: list[Path]) -> Path:
        return children[0]

    def prefix(self, children: list[Prefix]) -> Prefix:
        return children[0]

    def dtab(self, dentries: list[Dentry]) -> Dtab:
        return Dtab(dentries)

    def dentry(self, children: list[Any]) -> Dentry:
        prefix, _arrow, dst = children
        return Dentry(prefix, dst)

    def tree(self, branches: list[NameTree[Path]]) -> NameTree[Path]:
        return branches[0] if len(branches) == 1 else Alt(tuple(branches))

    def union(self, branches: list[NameTree[Path] | Weighted[Path]]) -> NameTree[Path]:
        if len(branches) == 1:  # a branch on its own loses its weight (dtab.md section 2)
            only = branches[0]
            return only.tree if isinstance(only, Weighted) else only
        return Union(tuple([b if isinstance(b, Weighted) else Weighted(DEFAULT_WEIGHT, b) for b in branches]))

    def weighted(self, children: list[Any]) -> Weighted[Path]:
        weight, tree = children
        return Weighted(weight, tree)

    def leaf(self, children: list[Path]) -> NameTree[Path]:
        return Leaf(children[0])

    def neg(self, _: list[Token]) -> NameTree[Path]:
        return _NEG

    def empty(self, _: list[Token]) -> NameTree[Path]:
        return _EMPTY

    def fail(self, _: list[Token]) -> NameTree[Path]:
        return _FAIL


# Values without parts: one of each is enough.
_NEG, _EMPTY, _FAIL = Neg(), Empty(), Fail()

# What the original says it expected, by a token the grammar could have gone on with: the first that applies.
_EXPECTED = {
    "LPAR": "simple",  # before PATH: where a tree may start
    "PATH": "'/'",
    "PREFIX": "'/'",
    "ARROW": "'='",
    "STAR": "'*'",
    "RPAR": "')'",
}  # and end of input when none does: the document is complete
_HEX = frozenset("0123456789abcdefABCDEF")


def _explain(text: str, error: UnexpectedToken | UnexpectedCharacters) -> DtabSyntaxError:
    position = len(text)
    if isinstance(error, UnexpectedCharacters) or error.token.type != "$END":
        position = cast(int, error.pos_in_stream)
    # Only where the lexer itself gave up is the token before known; elsewhere nothing can have been cut short.
    previous = error.token_history[-1] if error.token_history else None
    if previous is not None and previous.end_pos == position < len(text):
        torn = _explain_torn(text, position, previous)
        if torn is not None:
            return torn
    # Not `error.expected`: LALR merges the states inside and outside of parentheses, this tells them apart.
    accepts: set[str] = error.interactive_parser.accepts()  # type: ignore[no-untyped-call]  # lark leaves it untyped
    if text.startswith(".", position) and "NUMBER" in accepts:  # a dot without a digit behind it
        if text.startswith(".", position + 1):
            return DtabSyntaxError(text, position + 1, "number char")
        return DtabSyntaxError(text, position + 1, "weight", "'.'")
    if text.startswith("=", position) and "ARROW" in accepts:
        return DtabSyntaxError(text, position + 1, "'>'")
    expected = next((words for token, words in _EXPECTED.items() if token in accepts), END_OF_INPUT)
    return DtabSyntaxError(text, position, expected)


def _explain_torn(text: str, position: int, previous: Token) -> DtabSyntaxError | None:
    """The error when the lexer cut a token short at `position`: the original was still reading that token there."""
    if previous.type == "NUMBER" and text[position] == ".":
        return DtabSyntaxError(text, position, "number char")
    if previous.type not in ("PATH", "PREFIX"):
        return None
    if text[position] == "\\" and not previous.endswith("*"):
        return _explain_escape(text, position)
    if text[position] == "/" and previous != "/":
        if text.startswith("\\", position + 1):
            return _explain_escape(text, position + 1)
        return DtabSyntaxError(text, position + 1, "label char")
    return None


def _explain_escape(text: str, backslash: int) -> DtabSyntaxError:
    if not text.startswith("x", backslash + 1):
        return DtabSyntaxError(text, backslash + 1, "'x'")
    first = backslash + 2
    return DtabSyntaxError(text, first + (text[first : first + 1] in _HEX), "hex char")
