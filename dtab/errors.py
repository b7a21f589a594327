"""The one error of this package: a text that is none of its documents, and the place where it stops being one.

The message is the original's, letter for letter (dtab.md section 1.4), because it surfaces in response bodies.
"""

from __future__ import annotations

END_OF_INPUT = "end of input"


class DtabSyntaxError(ValueError):
    """`text` is not what was to be read.

    text: the whole input. position: index of the offending character; len(text) is the end of the input.
    expected: what could have stood there: a quoted character, `label char`, `hex char`, `number char`, `simple`,
    `weight` or `end of input`. found: the character there in single quotes, or `end of input`.
    """

    def __init__(self, text: str, position: int, expected: str, found: str | None = None) -> None:
        self.text = text
        self.position = position
        self.expected = expected
        self.found = found if found is not None else _found(text, position)
        super().__init__(f"{expected} expected but {self.found} found at '{_display(text, position)}'")

    def __reduce__(self) -> tuple[type[DtabSyntaxError], tuple[str, int, str, str]]:
        # An exception is pickled and copied by its message; this one needs its parts.
        return type(self), (self.text, self.position, self.expected, self.found)


def _found(text: str, position: int) -> str:
    return f"'{text[position]}'" if position < len(text) else END_OF_INPUT


def _display(text: str, position: int) -> str:
    return f"{text[:position]}[{text[position : position + 1]}]{text[position + 1 :]}"
