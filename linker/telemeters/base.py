"""What a telemeter is: a kind that shows the metrics tree somewhere. linkerd.md section 3.22.

Those that are pulled give the admin server a page. A page is rendered in chunks, so that the server can let requests
run between two of them: a tree of 1,000 clients takes tenths of a second.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from linker.metrics import Metrics
from namer.plugin import Registry
from namer.records import config_class

TELEMETERS = Registry(
    "telemeter",
    planned=(
        "io.l5d.influxdb",
        "io.l5d.statsd",
        "io.l5d.tracelog",
        "io.l5d.recentRequests",
        "io.l5d.zipkin",
    ),
    takes_experimental=True,
)

CHUNK = 200
"""Leaves rendered between two chances for others to run: about 1 ms."""


class Telemeter(ABC):
    """A page of the admin server that shows the metrics.

    path: where, beginning with `/`. content_type: of the page.
    """

    path: str
    content_type: str

    @abstractmethod
    def chunks(self, metrics: Metrics) -> Iterator[str]:
        """The page, in pieces of some `CHUNK` leaves each. The tree may change between two pieces."""


@config_class
class TelemeterConfig(ABC):
    """A kind of telemeter."""

    @abstractmethod
    def mk(self) -> Telemeter:
        """Make it; it holds nothing that must be closed."""
