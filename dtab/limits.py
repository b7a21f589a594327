"""What a text may cost before anything parses it.

A dtab arrives in a header of any request, so its reader must be cheap to abuse. Parsing costs time by the token (about
6 µs), not by the character: 8 KiB of `~&~&…` would take 60 ms. So three things are counted with `str.count` and one
regular expression, microseconds each: characters, branches, and the nesting of parentheses.
"""

from __future__ import annotations

import re
from typing import Final

from dtab.errors import DtabSyntaxError

REQUEST_LIMIT: Final = 8 * 1024
"""Characters of a text out of a request: what the original allows all headers of one request together by default."""

CONFIGURED_LIMIT: Final = 1024 * 1024
"""Characters of a dtab out of a configuration or a store: some 20,000 entries. Pass it as `limit=`."""

MAX_NESTING: Final = 100
"""Open parentheses. Showing, simplifying and comparing a tree take at most 4 Python frames a level, and must stay well
below the interpreter's 1,000. Hand-written trees nest two or three deep."""

CHARS_PER_BRANCH: Final = 16
"""A text within `limit` has at most `limit / 16` branches (entries, alternatives, union members, groups): 512 in a
request, some 15 ms of parsing. A real entry is 20 characters and more, so real texts meet the character limit first."""

# Characters of an oversized text that the message repeats: enough to recognise it in a log.
_SHOWN = 64

# What must be stepped over to see which parentheses count: labels, which may hold "#", and comments. A text in which
# this sees other comments than the lexer does is no dtab anyway.
_LABELS_COMMENT_OR_PAREN = re.compile(r"/[/\\*0-9A-Za-z_:.#$%-]*|#[^\n]*|[()]")


def check(text: str, limit: int) -> None:
    """Raises DtabSyntaxError for a text over `limit` characters, `limit / CHARS_PER_BRANCH` branches or MAX_NESTING."""
    if len(text) > limit:
        raise _oversized(text, f"at most {limit} characters", f"{len(text)}")
    branches = 1 + sum([text.count(separator) for separator in ";|&("])
    if branches > limit // CHARS_PER_BRANCH + 1:
        raise _oversized(text, f"at most {limit // CHARS_PER_BRANCH} branches", f"{branches}")
    if text.count("(") > MAX_NESTING:
        _check_nesting(text)


def _check_nesting(text: str) -> None:
    depth = 0
    for match in _LABELS_COMMENT_OR_PAREN.finditer(text):
        if match[0] == "(":
            depth += 1
            if depth > MAX_NESTING:
                raise DtabSyntaxError(text, match.start(), f"at most {MAX_NESTING} nested parentheses")
        elif match[0] == ")":
            depth = max(0, depth - 1)


def _oversized(text: str, expected: str, found: str) -> DtabSyntaxError:
    shown = text[:_SHOWN]
    return DtabSyntaxError(shown + "…" if len(text) > _SHOWN else shown, len(shown), expected, found)
