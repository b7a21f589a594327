"""Hand-made surroundings for filters: no sockets, no loop, no clock but one that is told the time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from dtab import Path
from linker.errors import ProxyError
from linker.http.message import BodyStream, Headers, Request, Response
from linker.metrics import Counter, Metrics
from linker.service import Filter
from namer.activity import Var
from namer.addr import ADDR_NEG, Addr
from namer.name import Bound

T = TypeVar("T")


def run(coro: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait."""
    try:
        coro.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic
    raise AssertionError("it waits for something")


def headers(*lines: str) -> Headers:
    """As the codec gives them, but with every line indexed."""
    return Headers("".join(f"{line}\r\n" for line in lines).encode("latin1"))


def request(*lines: str, method: bytes = b"GET", target: bytes = b"/", **more: Any) -> Request:
    """A request with these header lines."""
    return Request(method, target, headers(*lines), **more)


def response(status: int = 200, *lines: str, body: Any = b"", **more: Any) -> Response:
    """A response of a service with these header lines."""
    return Response(status, headers(*lines), body, from_service=True, **more)


def lines(of: Request | Response) -> list[str]:
    """The header lines as they would be sent."""
    return of.headers.render().decode("latin1").split("\r\n")[:-1]


def bound(id_: str = "/#/io.l5d.fs/web", residual: str = "/") -> Bound:
    """A bound name nobody answers for."""
    addr: Var[Addr] = Var(ADDR_NEG)
    return Bound(Path.read(id_), Path.read(residual), addr)


class Answers:
    """A service that gives one outcome after the other, the last one for ever, and keeps what it was asked.

    An outcome is a response, an exception to raise, or a function of the request that gives one of them.
    """

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes) or [response()]
        self.seen: list[list[str]] = []

    async def __call__(self, request: Request) -> Response:
        self.seen.append(lines(request))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if callable(outcome):
            outcome = outcome(request)
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, Response)
        return outcome


def through(filter_: Filter, request: Request, *outcomes: Any) -> Response:
    """What comes back when `request` goes through one filter to a service with these outcomes."""
    return run(filter_(request, Answers(*outcomes)))


def failure(filter_: Filter, request: Request, *outcomes: Any) -> ProxyError:
    """The error that comes back."""
    try:
        answer = through(filter_, request, *outcomes)
    except ProxyError as error:
        return error
    raise AssertionError(f"no error but {answer}")


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float, outcome: Any) -> Callable[[Request], Any]:
        """An outcome that takes its time."""

        def give(request: Request) -> Any:
            self.now += seconds
            return outcome

        return give


class Timeouts:
    """The reactor's `timeout`: notes what was asked for; a service makes it expire by raising `expire()`."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._make: list[Callable[[], Exception]] = []

    def __call__(self, seconds: float, make_error: Callable[[], Exception]) -> AbstractContextManager[None]:
        self.asked.append(seconds)
        self._make.append(make_error)
        return nullcontext()

    def expire(self) -> Exception:
        """The error of the innermost timeout."""
        return self._make[-1]()


class Stream:
    """A body that arrives in these buffers."""

    def __init__(self, *buffers: bytes, length: int | None = None, trailers: bytes = b"") -> None:
        self.length = length
        self.trailers = trailers
        self.closed = False
        self.ready = True
        self._buffers = list(buffers)

    async def read(self) -> bytes:
        """See `BodyStream.read`."""
        return self._buffers.pop(0) if self._buffers else b""

    def close(self) -> None:
        """See `BodyStream.close`."""
        self.closed = True


def read_all(body: BodyStream) -> list[bytes]:
    """Every buffer, up to the end."""
    buffers = []
    while data := run(body.read()):
        buffers.append(data)
    return buffers


def counted(metrics: Metrics, *, but: Iterable[str] = ()) -> dict[str, int]:
    """Every counter that is not 0, by its full name."""
    found = {}
    for path, name, leaf in metrics.walk():
        full = "/".join((*path, name))
        if isinstance(leaf, Counter) and leaf.value and full not in but:
            found[full] = leaf.value
    return found
