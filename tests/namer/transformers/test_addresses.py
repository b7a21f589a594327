"""Transformers of addresses: port, localhost, specificHost. dtab.md section 13, linkerd.md section 3.20."""

from __future__ import annotations

import anyio
import pytest

from dtab import Leaf, Neg, Path, Union, Weighted
from namer.activity import Ok, Var
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, Address, AddrFailed
from namer.config import ConfigErrors, bind_kind
from namer.name import Bound, leaves
from namer.parts import NamingParts
from namer.transformers import TRANSFORMERS
from namer.transformers.localhost import LocalhostConfig, interface_ips
from namer.transformers.specific_host import SpecificHostConfig
from tests.namer.fakes import IdleRuntime
from tests.namer.observing import Seen, a_runtime

WEB, PAGE = Path.read("/#/io.l5d.fs/web"), Path.read("/page")
ONE, TWO = Address("10.1.0.1", 80, 2.0), Address("10.1.0.2", 81)
HERE, THERE6 = Address("127.0.0.1", 80), Address("2001:db8::1", 80)


def transformer(text: str):
    return bind_kind(TRANSFORMERS, text, "c.yaml").mk(NamingParts(IdleRuntime()))


def leaf(addr: Addr) -> Leaf[Bound]:
    return Leaf(Bound(WEB, PAGE, Var(addr)))


def transformed(transformer, addr: Addr) -> Bound:
    state = transformer.transform(leaf(addr)).state
    assert isinstance(state, Ok)
    return state.value.value


def addr_after(transformer, addr: Addr) -> Addr:
    return Seen(transformed(transformer, addr).addr).last


@pytest.mark.parametrize(
    ("text", "prefix", "name"),
    [
        ("kind: io.l5d.port\nport: 4140", "/%/io.l5d.port/4140", "DelegatingNameTreeTransformer$"),
        ("kind: io.l5d.port\nport: 4140\nprefix: /mine", "/%/mine", "DelegatingNameTreeTransformer$"),
        ("kind: io.l5d.localhost", "/%/io.l5d.localhost", "SubnetLocalTransformer"),
        ("kind: io.l5d.localhost\nprefix: /my/own", "/%/my/own", "SubnetLocalTransformer"),
        ("kind: io.l5d.specificHost\nhost: 10.1.0.2", "/%/io.l5d.specificHost", "SubnetLocalTransformer"),
    ],
)
def test_the_id_is_prefixed_and_the_residual_stays(text, prefix, name):
    made = transformer(text)
    bound = transformed(made, AddrBound((ONE,)))
    assert (bound.id, bound.residual) == (Path.read(prefix) + WEB, PAGE)
    assert (made.prefix, made.delegate_name) == (Path.read(prefix), name)


def test_port_replaces_every_port_and_keeps_weights():
    port = transformer("kind: io.l5d.port\nport: 4140")
    changed = AddrBound((Address("10.1.0.1", 4140, 2.0), Address("10.1.0.2", 4140)))
    assert addr_after(port, AddrBound((ONE, TWO))) == changed


def test_addresses_that_become_equal_are_one():
    port = transformer("kind: io.l5d.port\nport: 4140")
    both = AddrBound((Address("10.1.0.1", 80), Address("10.1.0.1", 81)))
    assert addr_after(port, both) == AddrBound((Address("10.1.0.1", 4140),))


def test_specific_host_keeps_one_host():
    host = transformer("kind: io.l5d.specificHost\nhost: 10.1.0.2")
    assert addr_after(host, AddrBound((ONE, TWO, HERE))) == AddrBound((TWO,))


def test_specific_host_compares_addresses_not_texts():
    host = transformer("kind: io.l5d.specificHost\nhost: '2001:DB8:0::1'")
    assert addr_after(host, AddrBound((ONE, THERE6))) == AddrBound((THERE6,))


def test_localhost_keeps_the_addresses_of_this_machine():
    local = transformer("kind: io.l5d.localhost")
    assert addr_after(local, AddrBound((ONE, TWO, HERE))) == AddrBound((HERE,))


def test_localhost_asks_for_the_interfaces_at_every_change():
    ips = {"10.1.0.1"}
    local = LocalhostConfig().mk(NamingParts(IdleRuntime()), lambda: frozenset(ips))
    addr: Var[Addr] = Var(AddrBound((ONE, THERE6)))
    after = Seen(local.change(addr))
    assert after.last == AddrBound((ONE,))
    ips.add("10.1.0.2")
    addr.set(AddrBound((ONE, TWO)))
    assert after.last == AddrBound((ONE, TWO))


def test_the_interfaces_of_this_machine_have_the_loopback_address():
    assert "127.0.0.1" in interface_ips()
    assert "10.1.0.1" not in interface_ips()


@pytest.mark.parametrize("text", ["kind: io.l5d.localhost", "kind: io.l5d.specificHost\nhost: 10.1.9.9"])
@pytest.mark.parametrize("addr", [AddrBound((ONE, TWO)), AddrBound(()), ADDR_NEG])
def test_a_filter_that_leaves_nobody_makes_the_address_negative_and_keeps_the_leaf(text, addr):
    assert addr_after(transformer(text), addr) == ADDR_NEG


@pytest.mark.parametrize("text", ["kind: io.l5d.localhost", "kind: io.l5d.port\nport: 1"])
@pytest.mark.parametrize("addr", [ADDR_PENDING, AddrFailed("down")])
def test_other_states_pass(text, addr):
    assert addr_after(transformer(text), addr) == addr


def test_metadata_and_provenance_of_the_set_stay():
    addr = AddrBound((ONE, TWO), (("authority", "web"),))
    for text in ("kind: io.l5d.port\nport: 1", "kind: io.l5d.specificHost\nhost: 10.1.0.2"):
        after = addr_after(transformer(text), addr)
        assert after.meta == addr.meta
        assert after.provenance is addr.provenance


def test_every_leaf_of_a_union_is_transformed_and_verdicts_stay():
    port = transformer("kind: io.l5d.port\nport: 4140")
    tree = Union((Weighted(1.0, leaf(ADDR_NEG)), Weighted(2.0, Neg()), Weighted(3.0, leaf(ADDR_NEG))))
    after = port.transform(tree).state.value
    assert [branch.weight for branch in after.weighted] == [1.0, 2.0, 3.0]
    assert [bound.id for bound in leaves(after)] == [Path.read("/%/io.l5d.port/4140") + WEB] * 2
    assert after.weighted[1].tree == Neg()


@pytest.mark.anyio
async def test_a_specific_host_by_name_is_resolved_once_when_observed():
    asked = []

    async def resolve(host):
        asked.append(host)
        await anyio.lowlevel.checkpoint()
        return "10.1.0.2"

    async with a_runtime() as runtime:
        host = SpecificHostConfig(host="web.example").mk(NamingParts(runtime), resolve)
        addr: Var[Addr] = Var(AddrBound((ONE, TWO)))
        after = Seen(host.change(addr))
        assert after.values == [ADDR_PENDING]
        await after.until(lambda value: value == AddrBound((TWO,)))
        addr.set(AddrBound((ONE,)))
        assert after.last == ADDR_NEG
        after.close()
        assert Seen(host.change(addr)).last == ADDR_NEG
        assert asked == ["web.example"]


@pytest.mark.anyio
async def test_a_specific_host_that_cannot_be_resolved_is_failed_and_tried_again(monkeypatch):
    monkeypatch.setattr("namer.transformers.specific_host.RETRY", 0.001)
    answers = [OSError("no resolver"), None, "10.1.0.2"]

    async def resolve(host):
        await anyio.sleep(0.001)
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async with a_runtime() as runtime:
        host = SpecificHostConfig(host="web.example").mk(NamingParts(runtime), resolve)
        after = Seen(host.change(Var(AddrBound((ONE, TWO)))))
        await after.until(lambda value: value == AddrBound((TWO,)))
        cause = "the host web.example of io.l5d.specificHost cannot be resolved"
        assert after.values == [ADDR_PENDING, AddrFailed(cause), AddrBound((TWO,))]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("kind: io.l5d.port", "the 'port' property is required for the io.l5d.port transformer"),
        ("kind: io.l5d.port\nport: 0", "port: 0 is out of range: expected 1..65535"),
        ("kind: io.l5d.port\nport: '4140'", "port: expected an integer"),
        ("kind: io.l5d.specificHost", "the 'host' property is required for the io.l5d.specificHost transformer"),
        ("kind: io.l5d.specificHost\nhost: ''", "must not be empty"),
        ("kind: io.l5d.k8s.localnode", "not implemented yet"),
        ("kind: io.l5d.localhosts", "did you mean 'io.l5d.localhost'"),
    ],
)
def test_a_wrong_configuration_points(text, error):
    with pytest.raises(ConfigErrors) as caught:
        bind_kind(TRANSFORMERS, text, "c.yaml")
    assert error in str(caught.value)
