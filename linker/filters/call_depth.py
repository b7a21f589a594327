"""`maxCallDepth`: a request that went through more proxies than that runs in a circle (linkerd.md section 5.8).

Every entry of every `Via` line counts (observed.md: the original sees the first line only).
"""

from __future__ import annotations

from linker.errors import TooManyCalls
from linker.http.message import Request
from linker.service import PlainFilter

DEFAULT_MAX_CALLS = 1000
"""linkerd's default `maxCallDepth`."""


class CallDepth(PlainFilter):
    """Refuses more than `most` entries with TooManyCalls."""

    fields = frozenset((b"via",))

    def __init__(self, most: int = DEFAULT_MAX_CALLS) -> None:
        self._most = most

    def enter(self, request: Request) -> None:
        """See `PlainFilter.enter`."""
        calls = sum(value.count(b",") + 1 for value in request.headers.get_all(b"via"))
        if calls > self._most:
            raise TooManyCalls(
                f"Maximum number of calls ({self._most}) has been exceeded. Please check for proxy loops."
            )
