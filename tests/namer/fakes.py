"""Hand-driven activities, namers and runtimes: nothing moves unless the test says so, and observations are counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dtab import Leaf, NameTree, Neg, Path
from namer.activity import PENDING, Activity, Close, Failed, Ok, Pending, State, Var
from namer.addr import Addr, AddrBound, Address
from namer.name import Bound, PathOrBound
from namer.namer import NamedNamers, ServedNamer

T = TypeVar("T")

DISCO = Path.of("#", "disco")


class Driven(Generic[T]):
    """A lazy activity set by the test; `observers` is how many starts are open, `starts` how many there were."""

    def __init__(self, state: State[T] = PENDING) -> None:
        self.current = state
        self.observers = 0
        self.starts = 0
        self._set: Callable[[State[T]], None] | None = None
        self.activity: Activity[T] = Activity.lazy(self._start)

    def _start(self, set_: Callable[[State[T]], None]) -> Close:
        assert self.observers == 0, "a lazy activity is started once"
        self.observers += 1
        self.starts += 1
        self._set = set_
        set_(self.current)

        def close() -> None:
            assert self.observers == 1, "closed twice"
            self.observers -= 1
            self._set = None

        return close

    def become(self, state: State[T]) -> None:
        self.current = state
        if self._set is not None:
            self._set(state)


class Seen(Generic[T]):
    """Observes an activity and keeps every state."""

    def __init__(self, activity: Activity[T]) -> None:
        self.states: list[State[T]] = []
        self.close = activity.observe(self.states.append)

    @property
    def last(self) -> State[T]:
        return self.states[-1]


def bound_addr(*endpoints: str) -> Var[Addr]:
    """An address var of `ip:port` texts."""
    pairs = [endpoint.rsplit(":", 1) for endpoint in endpoints]
    return Var[Addr](AddrBound(tuple(Address(ip, int(port)) for ip, port in pairs)))


@dataclass
class FakeNamer:
    """First label → a tree; or a driven state. Unknown labels are Neg. Leaves are bound with the rest as residual."""

    prefix: Path = DISCO
    driven: dict[str, Driven[NameTree[PathOrBound]]] = field(default_factory=dict)
    addrs: dict[str, Var[Addr]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        self.asked.append(path.show())
        label = path.texts[0] if path else ""
        if label in self.driven:
            residual = path.drop(1)
            return self.driven[label].activity.map(
                lambda tree: tree.map(lambda leaf: leaf + residual if isinstance(leaf, Path) else leaf)
            )
        if label in self.addrs:
            return Activity.ok(Leaf(Bound(self.prefix + path.take(1), path.drop(1), self.addrs[label])))
        return Activity.ok(Neg())

    def drive(self, label: str, state: State[NameTree[PathOrBound]] = PENDING) -> Driven[NameTree[PathOrBound]]:
        self.driven[label] = Driven(state)
        return self.driven[label]


class NoNames:
    """A system namer that knows nothing."""

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        return Activity.ok(Neg())


def disco() -> FakeNamer:
    """The namer of the worked examples of dtab.md section 7."""
    namer = FakeNamer(
        addrs={
            "cart": bound_addr("10.0.0.1:80"),
            "shop": bound_addr("10.0.0.2:80"),
            "shop-v2": bound_addr("10.0.0.3:80"),
        }
    )
    namer.drive("slow", Pending())
    namer.drive("broken", Failed(OSError("disco is down")))
    return namer


def names(*served: FakeNamer, system: object = None) -> NamedNamers:
    return NamedNamers([ServedNamer(each.prefix, each) for each in served], system or NoNames())  # type: ignore[arg-type]


@dataclass
class IdleRuntime:
    """Counts tasks and never runs one."""

    spawned: list[str] = field(default_factory=list)
    closed: int = 0
    time: float = 1000.0

    def spawn(self, name: str, fn: Callable[[], Awaitable[None]]) -> Close:
        self.spawned.append(name)

        def close() -> None:
            self.closed += 1

        return close

    def now(self) -> float:
        return self.time


def ok(tree: NameTree[PathOrBound]) -> State[NameTree[PathOrBound]]:
    return Ok(tree)
