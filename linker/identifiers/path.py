"""io.l5d.path: the first segments of the URI's path name the service. `GET /a/b/c` with segments 2 → `/svc/a/b`.

Segments are taken raw, without percent-decoding. `consume` also takes them from the URI that is sent on.
An empty segment among them is a client's mistake and ends the search: 400 (the original: 502 `requirement failed`).
"""

from __future__ import annotations

from dtab import Path
from linker.http.message import Request
from linker.identifiers.identifier import IDENTIFIERS, Known, NotIdentified, label, unknown_dst
from namer.config import PositiveInt
from namer.records import config_class


@IDENTIFIERS.register("io.l5d.path")
@config_class
class PathConfig:
    """segments: how many name the service. consume: take them from the request's URI."""

    segments: PositiveInt = 1
    consume: bool = False

    def mk(self, prefix: Path) -> PathSegments:
        """See `IdentifierConfig.mk`."""
        return PathSegments(prefix, self.segments, self.consume)


class PathSegments:
    """See the module."""

    def __init__(self, prefix: Path, segments: int, consume: bool) -> None:
        self._prefix = prefix
        self._count = segments
        self._consume = consume
        self._too_few = NotIdentified("not enough segments in path")
        self._known = Known()

    def identify(self, request: Request) -> Path | NotIdentified:
        """See `Identifier.identify`."""
        path, mark, query = request.target.partition(b"?")
        parts = path.split(b"/", self._count + 1)
        # parts[0] stands before the first slash: empty in origin form, `*` in `OPTIONS *`.
        labels = parts[1 : self._count + 1]
        if parts[0] or len(labels) < self._count or not any(parts[self._count :]):
            return self._too_few
        key = b"/".join(labels)
        name = self._known.get(key)
        if name is None:
            if b"" in labels:
                raise unknown_dst(request, "empty segment in path")
            name = self._known.remember(key, self._prefix + tuple(map(label, labels)))
        if self._consume:
            rest = parts[self._count + 1] if len(parts) > self._count + 1 else b""
            request.target = b"/" + rest + mark + query
        return name
