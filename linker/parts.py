"""What the tiers of one router share: the reactor, its metrics, its texts and limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dtab import Dtab, Path
from linker.errors import NamingError, NoBrokers
from linker.filters.access_log import AccessLog
from linker.filters.diagnostic_tracer import Resolution
from linker.filters.error_responder import ErrorResponder
from linker.http.message import Request
from linker.metrics import Metrics
from linker.reactor import Reactor, Timeout
from linker.unroutable import Unroutable
from namer.records import config_class

Explain = Callable[[Request], Awaitable[Resolution]]


@config_class
class RouterParts:
    """label: of the router. metrics: the scope rt/<label>. dtab: the router's own. access_log, generated_log: the
    filters, if a log is wanted. max_err_header, max_err_body: bytes. steps: how a name resolves, by (path, dentry).
    unroutable: who is told of names that lead nowhere; None: nobody.
    """

    label: str
    reactor: Reactor
    metrics: Metrics
    dtab: Dtab
    binding_timeout_ms: int
    max_err_header: int
    max_err_body: int
    access_log: AccessLog | None
    generated_log: AccessLog | None
    steps: Callable[[Path], Awaitable[list[tuple[str, str]]]]
    unroutable: Unroutable | None = None

    def binding_timeout(self, make_error: Callable[[], Exception]) -> Timeout:
        """A block that may last as long as bindingTimeoutMs."""
        return self.reactor.timeout(self.binding_timeout_ms / 1000, make_error)

    def responder(self, metrics: Metrics | None) -> ErrorResponder:
        """The filter that makes responses of errors; `metrics`: the server's scope, None below the server."""
        return ErrorResponder(max_header=self.max_err_header, max_body=self.max_err_body, metrics=metrics)

    def explain(self, addresses: Callable[[], list[str]]) -> Explain:
        """What diagnostic tracing tells of a client whose addresses are these."""

        async def explain(request: Request) -> Resolution:
            return Resolution(addresses(), await self.steps(request.dst))

        return explain

    async def nowhere(self, request: Request, error: NamingError, state: object) -> NamingError:
        """The error for a name that leads nowhere, after everybody was told; `state`: see `Unroutable.tell`."""
        if self.unroutable is not None:
            await self.unroutable.tell(request, error, state)
        return error

    def no_brokers(self, request: Request) -> NoBrokers:
        """The error of a name that is bound to nobody: dtab.md section 16."""
        return NoBrokers(
            f"Unable to route request!\n\nservice name: {request.dst.show()}\ndtab:\n\n"
            f"base dtab:\n{_entries(self.dtab)}\noverride dtab:\n{_entries(request.dtab)}\n"
        )


def _entries(dtab: Dtab) -> str:
    return "\n".join(f"  {dentry.prefix.show()} => {dentry.dst.show()}" for dentry in dtab)
