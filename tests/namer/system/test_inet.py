"""`/$/inet` and its like: what the name says, and what a resolver says over time."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable

import pytest

from dtab import Leaf, Neg, Path
from namer.activity import Ok
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, Address, AddrFailed
from namer.name import Bound
from namer.namer import UnknownNamer
from namer.system import inet as module
from namer.system.inet import Hosts, Inet, getaddrinfo
from tests.namer.fakes import IdleRuntime
from tests.namer.observing import Seen, a_runtime

GONE = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
LATER = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def bound(path: str, inet: Inet | None = None) -> Bound:
    parsed = Path.read(path)
    inet = inet or Inet(IdleRuntime())
    named: dict[str, Callable[..., object]] = {
        "inet": inet.inet,
        "fixedinet": inet.fixedinet,
        "io.buoyant.rinet": inet.rinet,
    }
    state = named[parsed.texts[1]](parsed).state  # type: ignore[attr-defined]
    assert isinstance(state, Ok) and isinstance(state.value, Leaf) and isinstance(state.value.value, Bound)
    return state.value.value


@pytest.mark.parametrize(
    ("path", "id_", "residual", "addr"),
    [
        ("/$/inet/10.1.2.3/443/v1", "/$/inet/10.1.2.3/443", "/v1", "10.1.2.3:443"),
        (r"/$/inet/10.1.2.3/\x2b443", "/$/inet/10.1.2.3/\\x2b\\x34\\x34\\x33", "/", "10.1.2.3:443"),
        ("/$/inet/80", "/$/inet/80", "/", "127.0.0.1:80"),
        ("/$/inet/80/v1", "/$/inet/80", "/v1", "127.0.0.1:80"),
        ("/$/inet/80/90", "/$/inet/80/90", "/", "0.0.0.80:90"),
        ("/$/inet/127.1/4100", "/$/inet/127.1/4100", "/", "127.0.0.1:4100"),
        ("/$/inet/127.0.1/80", "/$/inet/127.0.1/80", "/", "127.0.0.1:80"),
        ("/$/inet/10.258/80", "/$/inet/10.258/80", "/", "10.0.1.2:80"),
        ("/$/inet/2130706433/80", "/$/inet/2130706433/80", "/", "127.0.0.1:80"),
        ("/$/inet/localhost/80", "/$/inet/localhost/80", "/", "127.0.0.1:80"),
        ("/$/fixedinet/10.1.2.3/80/x", "/$/fixedinet/10.1.2.3/80", "/x", "10.1.2.3:80"),
        ("/$/fixedinet/80", "/$/fixedinet/80", "/", "127.0.0.1:80"),
        ("/$/io.buoyant.rinet/443/10.1.2.3/v1", "/$/io.buoyant.rinet/443/10.1.2.3", "/v1", "10.1.2.3:443"),
    ],
)
def test_literals_are_bound_at_once_and_without_a_task(path: str, id_: str, residual: str, addr: str) -> None:
    runtime = IdleRuntime()
    name = bound(path, Inet(runtime))
    assert (name.id.show(), name.residual.show()) == (id_, residual)
    seen = Seen(name.addr)
    assert isinstance(seen.last, AddrBound) and [str(each) for each in seen.last.addresses] == [addr]
    assert runtime.spawned == []


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/$/inet/10.1.2.3/70000", "port out of range: 70000"),
        ("/$/inet/10.1.2.3/-1", "port out of range: -1"),
        ("/$/inet/-1", "port out of range: -1"),
        ("/$/io.buoyant.rinet/http/10.1.2.3", "port out of range: http"),
        ("/$/inet/::1/80", "a host name or IPv4 address expected, got '::1'"),
        ("/$/inet/1.2.3.256/80", "1.2.3.256: not an IPv4 address"),
        ("/$/inet/1.2.3.4.5/80", "1.2.3.4.5: not an IPv4 address"),
        ("/$/inet/256.1/80", "256.1: not an IPv4 address"),
        ("/$/inet/4294967296/80", "4294967296: not an IPv4 address"),
        ("/$/inet/010.0.0.1/80", "010.0.0.1: an IPv4 address without leading zeros expected"),
    ],
)
def test_a_bad_port_or_literal_is_a_leaf_with_a_failed_address(path: str, cause: str) -> None:
    assert Seen(bound(path).addr).values == [AddrFailed(cause)]


def test_names_without_a_port() -> None:
    inet = Inet(IdleRuntime())
    for path in ("/$/inet", "/$/inet/foo", "/$/inet/foo/http", "/$/fixedinet/foo"):
        with pytest.raises(UnknownNamer):
            (inet.fixedinet if "fixed" in path else inet.inet)(Path.read(path))
    assert inet.rinet(Path.read("/$/io.buoyant.rinet/80")).state == Ok(Neg())


def test_a_bound_id_looked_up_again_gives_the_same_id() -> None:
    for path in ("/$/inet/10.1.2.3/443/v1", "/$/inet/80/v1", "/$/io.buoyant.rinet/443/10.1.2.3/v1"):
        assert bound(bound(path).id.show()) == bound(path)


def test_the_address_of_a_host_name_is_pending_and_has_one_task_while_observed() -> None:
    runtime = IdleRuntime()
    inet = Inet(runtime)
    one, two = bound("/$/inet/web/80", inet), bound("/$/inet/web/81/x", inet)
    assert runtime.spawned == []
    seen = [Seen(one.addr), Seen(two.addr), Seen(bound("/$/inet/web/80", inet).addr)]
    assert all(each.values == [ADDR_PENDING] for each in seen) and runtime.spawned == ["dns web"]
    for each in seen:
        each.close()
    assert runtime.closed == 1


def test_a_host_that_nobody_holds_any_more_is_forgotten() -> None:
    hosts = Hosts(IdleRuntime(), getaddrinfo, fixed=False)
    var = hosts.host("web")
    assert hosts.host("web") is var
    Seen(var).close()
    gc.disable()  # no cycle keeps it alive
    try:
        del var
        assert len(hosts._shared) == 0
    finally:
        gc.enable()


class Script:
    """A resolver that answers from a list, and then with its last answer for ever."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def at(*ips: str) -> Addr:
    return AddrBound(tuple(Address(ip, 80) for ip in ips))


@pytest.mark.anyio
async def test_addresses_follow_the_resolver_and_outlive_its_errors() -> None:
    script = Script(LATER, ["10.0.0.2", "10.0.0.1", "10.0.0.2"], LATER, OSError("x"), ["10.0.0.3"], GONE, ["10.0.0.4"])
    async with a_runtime() as runtime:
        seen = Seen(bound("/$/inet/web/80", Inet(runtime, script, interval=0.0)).addr)
        await seen.until(lambda addr: addr == at("10.0.0.4"))
        seen.close()
    assert seen.values == [
        ADDR_PENDING,
        AddrFailed("web: Temporary failure in name resolution"),
        at("10.0.0.1", "10.0.0.2"),
        at("10.0.0.3"),
        ADDR_NEG,
        at("10.0.0.4"),
    ]
    assert isinstance(seen.last, AddrBound) and seen.last.provenance.source == "dns web"
    assert seen.last.provenance.confirmed > 0


@pytest.mark.anyio
async def test_what_a_host_was_last_is_known_when_it_is_observed_again() -> None:
    async with a_runtime() as runtime:
        addr = bound("/$/inet/web/80", Inet(runtime, Script(["10.0.0.1"], LATER), interval=0.0)).addr
        first = Seen(addr)
        await first.until(lambda addr: addr == at("10.0.0.1"))
        first.close()
        assert Seen(addr).last == at("10.0.0.1")


@pytest.mark.anyio
async def test_what_can_be_no_host_name_is_neg_or_failed() -> None:
    async with a_runtime() as runtime:
        inet = Inet(runtime)
        long = Seen(bound(f"/$/inet/{'a' * 64}.b/80", inet).addr)
        nul = Seen(bound(r"/$/inet/a\x00b/80", inet).addr)
        await long.until(lambda addr: addr == ADDR_NEG)
        await nul.until(lambda addr: isinstance(addr, AddrFailed | type(ADDR_NEG)))


@pytest.mark.anyio
async def test_fixedinet_asks_until_it_has_an_answer_and_never_again() -> None:
    script = Script(LATER, ["10.0.0.1"], ["10.0.0.2"])
    async with a_runtime() as runtime:
        inet = Inet(runtime, script, interval=0.0)
        seen = Seen(bound("/$/fixedinet/web/80", inet).addr)
        await seen.until(lambda addr: addr == at("10.0.0.1"))
        seen.close()
        assert Seen(bound("/$/fixedinet/web/80", inet).addr).values == [at("10.0.0.1")]
        assert script.asked == ["web", "web"]


@pytest.mark.anyio
async def test_fixedinet_keeps_a_bounded_number_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FIXED", 2)
    script = Script(["10.0.0.1"])
    async with a_runtime() as runtime:
        inet = Inet(runtime, script, interval=0.0)
        for host in ("a", "b", "c", "a"):
            seen = Seen(bound(f"/$/fixedinet/{host}/80", inet).addr)
            await seen.until(lambda addr: addr == at("10.0.0.1"))
            seen.close()
    assert script.asked == ["a", "b", "c", "a"]


@pytest.mark.anyio
async def test_the_platforms_resolver_is_asked() -> None:
    assert "127.0.0.1" in await getaddrinfo("localhost")
