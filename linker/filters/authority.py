"""Address metadata `authority` (consul's `setHost`): the service is asked by that name (linkerd.md section 5.3).

`Host` is the authority for the attempt, and in the answer's `Location` and `Refresh` the authority is the original Host
again, so that the client is not sent past the router. Must be below AccessLog, which shows what the client asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from linker.http.message import Request, Response
from linker.service import Service

_NAMES_AUTHORITY = ((b"location", b"Location: "), (b"refresh", b"Refresh: "))


class Authority:
    """`current`: the authority that the client's address set has now, or None."""

    def __init__(self, current: Callable[[], bytes | None]) -> None:
        self._current = current

    async def __call__(self, request: Request, next: Service, /) -> Response:
        authority = self._current()
        if authority is None:
            return await next(request)
        headers = request.headers
        host = headers.get(b"host")
        headers.put(b"host", b"Host: %b\r\n" % authority)
        try:
            response = await next(request)
        finally:
            # Another attempt may go to a set without an authority.
            if host is None:
                headers.remove(b"host")
            else:
                headers.put(b"host", b"Host: %b\r\n" % host)
        if host:
            _restore(response, authority, host)
        return response


def _restore(response: Response, authority: bytes, host: bytes) -> None:
    headers = response.headers
    for name, start in _NAMES_AUTHORITY:
        value = headers.get(name)
        if value is not None and authority in value:
            headers.put(name, b"%b%b\r\n" % (start, value.replace(authority, host)))
