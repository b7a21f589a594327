"""Addresses and bound names as values."""

from dtab import Alt, Empty, Fail, Leaf, Neg, Path, Union, Weighted
from namer.activity import PENDING, Failed, Ok, Var
from namer.addr import ADDR_NEG, Addr, AddrBound, Address, Provenance
from namer.name import Bound, leaves, same_tree


def test_an_address_shows_its_port_after_a_bracketed_v6_literal() -> None:
    assert str(Address("10.0.0.1", 80)) == "10.0.0.1:80"
    assert str(Address("::1", 80)) == "[::1]:80"


def test_a_set_that_was_only_confirmed_is_the_same_set() -> None:
    addresses = (Address("10.0.0.1", 80),)
    one, two = (AddrBound(addresses, provenance=Provenance("consul", str(i), i)) for i in range(2))
    assert one == two and hash(one) == hash(two)
    heard: list[Addr] = []
    var: Var[Addr] = Var(one)
    var.observe(heard.append)
    var.set(two)
    assert heard == [one]


def test_weight_and_metadata_make_another_address() -> None:
    assert Address("10.0.0.1", 80) != Address("10.0.0.1", 80, 2.0)
    assert Address("10.0.0.1", 80) != Address("10.0.0.1", 80, meta=(("nodeName", "n"),))


def _bound(id_: str, residual: str = "/", addr: Addr = ADDR_NEG) -> Bound:
    return Bound(Path.read(id_), Path.read(residual), Var(addr))


def test_bound_names_are_equal_when_their_ids_are() -> None:
    assert _bound("/a", "/x") == _bound("/a", "/y", AddrBound(()))
    assert len({_bound("/a", "/x"), _bound("/a", "/y"), _bound("/b")}) == 2


def test_leaves_come_from_left_to_right() -> None:
    tree = Alt((Leaf("a"), Union((Weighted(1.0, Leaf("b")), Weighted(2.0, Alt((Neg(), Leaf("c")))))), Fail(), Empty()))
    assert list(leaves(tree)) == ["a", "b", "c"]


def test_trees_route_alike_when_ids_and_residuals_are_equal() -> None:
    a, b = Ok(Leaf(_bound("/a", "/x"))), Ok(Leaf(_bound("/a", "/y")))
    assert a == b and not same_tree(a, b) and same_tree(a, a)
    assert same_tree(PENDING, PENDING) and not same_tree(PENDING, a)
    assert same_tree(Failed(OSError("x")), Failed(OSError("x"))) and not same_tree(a, Ok(Neg()))
