"""`io.l5d.fs`: as `default`, with the dtab of a watched file below the router's. linkerd.md section 3.19.

    the file is | new names                  | names bound before
    ------------+----------------------------+-------------------
    absent      | Pending: requests wait     | as they were
    not a dtab  | Failed, file, line, column | as they were
    a dtab      | bound                      | bound again

That names bound before stay is the router's doing (dtab.md section 15.3). The file is watched while a name is observed.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from dtab import CONFIGURED_LIMIT, Dtab, DtabSyntaxError
from namer.activity import Activity
from namer.config import required
from namer.filewatch import FileWatcher
from namer.interpreter import Interpreter, StoredDtabInterpreter
from namer.interpreters import INTERPRETERS
from namer.interpreters.base import InterpreterConfig
from namer.namer import BindingError
from namer.parts import NamingParts
from namer.records import config_class

_log = logging.getLogger(__name__)


@INTERPRETERS.register("io.l5d.fs")
@config_class
class FsInterpreterConfig(InterpreterConfig):
    """dtabFile: a dtab as text; need not exist yet."""

    kind: ClassVar[str] = "io.l5d.fs"

    dtabFile: str = required("the 'dtabFile' property is required for the io.l5d.fs interpreter")  # noqa: N815  # the key

    def mk(self, parts: NamingParts) -> Interpreter:
        """See `InterpreterConfig.mk`."""
        text = FileWatcher(parts.runtime, self.dtabFile).text
        return StoredDtabInterpreter(stored_dtab(text, self.dtabFile), self.local(parts))


def stored_dtab(text: Activity[str | None], name: str) -> Activity[Dtab]:
    """The dtab in a text that changes: Pending while there is none, Failed while it does not parse.

    name: of the text's source, for messages. One activity serves all names, so that a change is parsed once.
    """

    def read(current: str | None) -> Activity[Dtab]:
        if current is None:
            _log.warning("%s: there is no such file; names wait for it", name)
            return Activity.pending()
        try:
            return Activity.ok(Dtab.read(current, limit=CONFIGURED_LIMIT))
        except DtabSyntaxError as error:
            message = _located(error, current, name)
            _log.warning("%s", message)
            return Activity.failed(BindingError(message))

    return text.flat_map(read)


def _located(error: DtabSyntaxError, text: str, name: str) -> str:
    """The parser's message with a line and a column, in the place of the whole text."""
    before = text[: error.position]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{name}:{line}:{column}: {error.expected} expected but {error.found} found"
