"""Delegation trees: the examples of dtab.md section 17, what linkerd 1.7.5 answered, and the drawing."""

from __future__ import annotations

import json
from collections.abc import Sequence

import anyio
import pytest

from dtab import Alt, Dtab, Empty, Fail, Leaf, Neg, Path, Union, Weighted
from namer.activity import Activity, Failed, Ok
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, Address, AddrFailed
from namer.delegate import CannotDelegate, collapsed, delegate
from namer.delegation import AltNode, DelegateNode, ErrorNode, LeafNode, NegNode, addr_json, draw, to_json
from namer.name import Bound, BoundTree
from namer.namer import BindingError, NamedNamers, Transformer
from namer.system import SystemNames
from tests.namer.fakes import FakeNamer, IdleRuntime, bound_addr, disco, names
from tests.namer.test_namer import Prefixing

pytestmark = pytest.mark.anyio


def named() -> NamedNamers:
    return names(disco(), system=SystemNames(IdleRuntime()))


async def told(
    dtab: str, path: str, by: NamedNamers | None = None, transformers: Sequence[Transformer] = ()
) -> dict[str, object]:
    """The tree as JSON, text and back, so that the order of fields is the text's."""
    tree = await delegate(by or named(), Dtab.read(dtab), Path.read(path), transformers)
    document: dict[str, object] = json.loads(json.dumps(to_json(tree)))
    return document


async def line(dtab: str, path: str, by: NamedNamers | None = None) -> str:
    tree = await delegate(by or named(), Dtab.read(dtab), Path.read(path))
    return json.dumps(to_json(tree), separators=(",", ":"))


CART = {
    "addr": {"type": "bound", "addrs": [{"ip": "10.0.0.1", "port": 80, "meta": {}}], "meta": {}},
    "id": "/#/disco/cart",
    "path": "/7",
}


async def test_the_worked_example() -> None:
    web = {"prefix": "/web", "dst": "/cart | /$/fail"}
    assert await told("/cart=>/#/disco/cart;/web=>/cart | /$/fail;/web=>/beta", "/web/7") == {
        "type": "alt",
        "path": "/web/7",
        "alt": [
            {"type": "neg", "path": "/beta/7", "dentry": {"prefix": "/web", "dst": "/beta"}},
            {
                "type": "delegate",
                "path": "/cart/7",
                "dentry": web,
                "delegate": {
                    "type": "leaf",
                    "path": "/#/disco/cart/7",
                    "dentry": {"prefix": "/cart", "dst": "/#/disco/cart"},
                    "bound": CART,
                },
            },
            {"type": "fail", "path": "/$/fail/7", "dentry": web},
        ],
    }


async def test_the_recorded_answer_of_linkerd() -> None:
    # GET /delegator.json?path=/svc/web&dtab=/svc%3D%3E/%23/io.l5d.fs, byte for byte.
    assert await line("/svc=>/#/io.l5d.fs", "/svc/web") == (
        '{"type":"delegate","path":"/svc/web","delegate":{"type":"neg","path":"/#/io.l5d.fs/web",'
        '"dentry":{"prefix":"/svc","dst":"/#/io.l5d.fs"}}}'
    )


async def test_the_recorded_answers_of_namerd() -> None:
    addr = bound_addr("10.1.0.1:8080", "10.9.9.2:8081")
    plain = names(FakeNamer(Path.read("/#/plain/dc1"), addrs={"web": addr}))
    bound = {
        "addr": {
            "type": "bound",
            "addrs": [{"ip": "10.1.0.1", "port": 8080, "meta": {}}, {"ip": "10.9.9.2", "port": 8081, "meta": {}}],
            "meta": {},
        },
        "id": "/#/plain/dc1/web",
        "path": "/",
    }
    entry = {"prefix": "/two", "dst": "/#/plain/dc1/nosuch | /#/plain/dc1/web"}
    assert await told("/two=>/#/plain/dc1/nosuch | /#/plain/dc1/web", "/two", plain) == {
        "type": "alt",
        "path": "/two",
        "alt": [
            {"type": "neg", "path": "/#/plain/dc1/nosuch", "dentry": entry},
            {"type": "leaf", "path": "/#/plain/dc1/web", "dentry": entry, "bound": bound},
        ],
    }


async def test_fields_come_in_linkerds_order() -> None:
    assert await line("/web=>0.9*/#/disco/shop & 1*!", "/web") == (
        '{"type":"union","path":"/web","union":[{"weight":0.9,"tree":{"type":"leaf","path":"/#/disco/shop",'
        '"dentry":{"prefix":"/web","dst":"0.90*/#/disco/shop & !"},"bound":{"addr":{"type":"bound",'
        '"addrs":[{"ip":"10.0.0.2","port":80,"meta":{}}],"meta":{}},"id":"/#/disco/shop","path":"/"}}},'
        '{"weight":1.0,"tree":{"type":"fail","path":"!","dentry":{"prefix":"/web","dst":"0.90*/#/disco/shop & !"}}}]}'
    )


async def test_an_empty_step_stays_a_step() -> None:
    dentry = {"prefix": "/web", "dst": "$"}
    empty = {"type": "empty", "path": "/web/1", "dentry": dentry}
    assert await told("/web=>$", "/web/1") == {"type": "delegate", "path": "/web/1", "delegate": empty}


async def test_a_failing_namer_is_an_exception() -> None:
    assert await told("/web=>/#/disco/broken", "/web") == {
        "type": "delegate",
        "path": "/web",
        "delegate": {
            "type": "exception",
            "path": "/#/disco/broken",
            "dentry": {"prefix": "/web", "dst": "/#/disco/broken"},
            "message": "disco is down",
        },
    }


async def test_an_error_without_text_is_told_by_its_type() -> None:
    namer = FakeNamer()
    namer.drive("x", Failed(KeyError()))
    assert (await told("", "/#/disco/x", names(namer)))["message"] == "KeyError"


async def test_a_lone_neg_entry_shows_neg_though_bind_would_ask_the_namer() -> None:
    document = await told("/#/disco/cart=>~", "/#/disco/cart")
    assert document["delegate"] == {
        "type": "neg",
        "path": "~",
        "dentry": {"prefix": "/#/disco/cart", "dst": "~"},
    }


async def test_a_rewriting_namer_leaves_no_node_of_its_own() -> None:
    dtab = "/hp=>/#/disco;/svc=>/$/io.buoyant.hostportPfx/hp"
    document = await told(dtab, "/svc/cart:http")
    entry = {"prefix": "/svc", "dst": "/$/io.buoyant.hostportPfx/hp"}
    inner = document["delegate"]
    assert isinstance(inner, dict) and (inner["path"], inner["dentry"]) == ("/hp/cart/http", entry)
    assert inner["delegate"]["bound"]["path"] == "/http"


async def test_an_unknown_system_name_and_an_illegal_argument_are_exceptions() -> None:
    assert (await told("", "/$/nosuch/x"))["message"] == "Unknown namer: nosuch for path: /$/nosuch/x"
    assert (await told("", "/$/io.buoyant.http.domainToPath/.a"))["type"] == "exception"


async def test_a_status_name_shows_the_nodes_path_as_its_id() -> None:
    document = await told("/s=>/$/io.buoyant.http.status/503", "/s/x")
    inner = document["delegate"]
    assert isinstance(inner, dict) and inner["bound"] == {
        "addr": {"type": "bound", "addrs": [], "meta": {}},
        "id": "/$/io.buoyant.http.status/503/x",
        "path": "/503/x",
    }


async def test_a_loop_in_a_branch_is_an_exception_with_the_path_of_the_alternatives() -> None:
    document = await told("/a=>/a;/s=>/a | /#/disco/cart", "/s/7")
    alternatives = document["alt"]
    assert isinstance(alternatives, list) and alternatives[1]["bound"] == CART
    assert alternatives[0] == {
        "type": "exception",
        "path": "/s/7",
        "dentry": {"prefix": "/s", "dst": "/a | /#/disco/cart"},
        "message": "Max recursion level reached.",
    }


async def test_a_loop_outside_of_alternatives_fails_the_whole_tree() -> None:
    with pytest.raises(BindingError, match="^Max recursion level reached\\.$"):
        await told("/a=>/a", "/a")
    assert await told(";".join(f"/{i}=>/{i + 1}" for i in range(99)) + ";/99=>!", "/0")
    with pytest.raises(BindingError):
        await told(";".join(f"/{i}=>/{i + 1}" for i in range(100)) + ";/100=>!", "/0")


async def test_a_dtab_that_fans_out_ends() -> None:
    text = json.dumps(await told("/a=>/a | /a", "/a"))
    assert "fan out without end" in text


async def test_levels_of_parentheses_at_every_step_end_before_the_stack_does() -> None:
    deep = "~ | (" * 30 + "/s" + ")" * 30
    text = json.dumps(await told(f"/s=>{deep}", "/s"))
    assert "Max recursion level reached." in text


async def test_entries_of_one_path_are_spliced_into_one_list_of_alternatives() -> None:
    document = await told("/s=>~ | /#/disco/gone;/s=>/#/disco/cart | !", "/s/7")
    assert isinstance(document["alt"], list)
    assert [(each["type"], each["path"]) for each in document["alt"]] == [
        ("leaf", "/#/disco/cart/7"),
        ("fail", "!"),
        ("neg", "~"),
        ("neg", "/#/disco/gone/7"),
    ]


def test_collapsing_single_branches_and_none() -> None:
    path, child = Path.of("a"), ErrorNode(Path.of("a"), Dtab.read("/a=>/b")[0], "x")
    assert collapsed(AltNode(path, None, ())) == NegNode(path, None)
    assert collapsed(AltNode(path, None, (child,))) == ErrorNode(path, None, "x")
    other = ErrorNode(Path.of("b"), None, "x")
    assert collapsed(AltNode(path, None, (other,))) == DelegateNode(path, None, other)


async def test_trees_of_namers_are_told_like_those_of_entries() -> None:
    namer = disco()
    tree = Alt((Neg(), Union((Weighted(2.0, Empty()), Weighted(1.0, Leaf(Path.read("/#/disco/cart")))))))
    namer.drive("mix", Ok(tree))
    document = await told("", "/#/disco/mix", names(namer))
    assert [each["type"] for each in document["alt"]] == ["neg", "union"]  # type: ignore[attr-defined]


async def test_the_answer_waits_for_names_and_for_addresses_side_by_side() -> None:
    namer, addr = FakeNamer(), bound_addr("10.0.0.1:80")
    addr.set(ADDR_PENDING)
    namer.addrs["late"] = addr
    slow = namer.drive("slow")
    documents: list[dict[str, object]] = []

    async def tell() -> None:
        documents.append(await told("/s=>/#/disco/slow | /#/disco/late", "/s", names(namer)))

    async with anyio.create_task_group() as group:
        group.start_soon(tell)
        await anyio.wait_all_tasks_blocked()
        assert slow.observers == 1 and addr.observed and not documents
        slow.become(Ok(Neg()))
        addr.set(ADDR_NEG)
    assert [each["type"] for each in documents[0]["alt"]] == ["neg", "leaf"]  # type: ignore[attr-defined]
    assert slow.observers == 0 and not addr.observed


async def test_whoever_stops_waiting_leaves_nothing_observed() -> None:
    namer = FakeNamer()
    slow = namer.drive("slow")
    with anyio.move_on_after(0.01) as scope:
        await told("/s=>/#/disco/slow | /#/disco/slow", "/s", names(namer))
    assert scope.cancelled_caught and slow.observers == 0


# === transformers ===


async def test_a_transformation_stands_in_the_place_of_every_leaf() -> None:
    t = Prefixing(Path.read("/%/t"))
    assert await told("/s=>/#/disco/cart", "/s/7", transformers=[t]) == {
        "type": "delegate",
        "path": "/s/7",
        "delegate": {
            "type": "transformation",
            "path": "/#/disco/cart/7",
            "name": "Prefixing",
            "bound": CART,
            "tree": {
                "type": "leaf",
                "path": "/%/t/#/disco/cart",
                "dentry": {"prefix": "/s", "dst": "/#/disco/cart"},
                "bound": CART | {"id": "/%/t/#/disco/cart"},
            },
        },
    }
    document = await told("/s=>/#/disco/cart | 2*/#/disco/cart & 1*~", "/s/7", transformers=[t, t])
    assert json.dumps(document).count('"transformation"') == 4


class Verdict:
    """Makes of every leaf what it is told to."""

    prefix = Path.read("/%/v")

    def __init__(self, answer: Activity[BoundTree], delegate_name: str | None = "Verdict") -> None:
        self.answer = answer
        self.delegate_name = delegate_name

    def transform(self, tree: BoundTree) -> Activity[BoundTree]:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Activity.ok(Neg()), "neg"),
        (Activity.ok(Fail()), "fail"),
        (Activity.ok(Empty()), "empty"),
        (Activity.ok(Union((Weighted(1.0, Neg()), Weighted(2.0, Empty())))), "union"),
        (Activity.failed(OSError("x")), "exception"),
    ],
)
async def test_a_transformer_may_answer_any_tree(answer: Activity[BoundTree], kind: str) -> None:
    document = await told("", "/#/disco/cart", transformers=[Verdict(answer)])
    tree = document["tree"]
    assert isinstance(tree, dict) and tree["type"] == kind


async def test_a_transformer_that_replaces_names_cannot_be_explained() -> None:
    with pytest.raises(CannotDelegate):
        await told("", "/#/disco/cart", transformers=[Verdict(Activity.ok(Neg()), None)])


# === addresses and drawing ===


@pytest.mark.parametrize(
    ("addr", "document"),
    [
        (ADDR_NEG, {"type": "neg"}),
        (ADDR_PENDING, {"type": "pending"}),
        (AddrFailed("x"), {"type": "failed", "cause": "x"}),
        (
            AddrBound(
                (
                    Address("10.0.0.1", 80),
                    Address("10.0.0.2", 80, 2.5, (("nodeName", "n"),)),
                    Address("10.0.0.3", 80, 1.0, (("endpoint_addr_weight", ""),)),
                ),
                (("authority", "a"), ("namer_nametree_weight", 0.5)),
            ),
            {
                "type": "bound",
                "addrs": [
                    {"ip": "10.0.0.1", "port": 80, "meta": {}},
                    {"ip": "10.0.0.2", "port": 80, "meta": {"nodeName": "n", "endpoint_addr_weight": 2.5}},
                    {"ip": "10.0.0.3", "port": 80, "meta": {"endpoint_addr_weight": 1.0}},
                ],
                "meta": {"authority": "a", "namer_nametree_weight": 0.5},
            },
        ),
    ],
)
def test_an_address_as_json(addr: Addr, document: dict[str, object]) -> None:
    assert addr_json(addr) == document


async def test_the_drawing() -> None:
    dtab = Dtab.read("/cart=>/#/disco/cart;/web=>/cart | /$/fail;/web=>0.25*/beta & 0.75*$")
    tree = await delegate(named(), dtab, Path.read("/web/7"))
    assert draw(tree).splitlines() == [
        "/web/7",
        "  | /web/7 (/web => 0.25*/beta & 0.75*$)",
        "      0.25 * /beta/7 (/web => 0.25*/beta & 0.75*$): no such name",
        "      0.75 * /web/7 (/web => 0.25*/beta & 0.75*$): empty, as written",
        "  | /cart/7 (/web => /cart | /$/fail)",
        "      /#/disco/cart/7 (/cart => /#/disco/cart) → /#/disco/cart, residual /7, at 10.0.0.1:80",
        "  | /$/fail/7 (/web => /cart | /$/fail): fails, as written",
    ]


async def test_the_drawing_of_errors_addresses_and_transformations() -> None:
    addrs: dict[str, Addr] = {
        "many": AddrBound(tuple(Address(f"10.0.0.{i}", 80) for i in range(8))),
        "nobody": AddrBound(()),
        "neg": ADDR_NEG,
        "failed": AddrFailed("no file"),
    }
    namer = FakeNamer()
    for label, addr in addrs.items():
        namer.addrs[label] = bound_addr()
        namer.addrs[label].set(addr)
    namer.drive("down", Failed(OSError("down")))
    dtab = Dtab.read("/s=>~;" + ";".join(f"/s=>/#/disco/{label}" for label in ("down", *addrs)))
    tree = await delegate(names(namer), dtab, Path.of("s"), [Prefixing(Path.read("/%/t"))])
    text = draw(tree)
    assert (
        "/#/disco/many, at 10.0.0.0:80, 10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80, 10.0.0.4:80 and 3 more, then Prefixing"
        in text
    )
    for part in ("nobody there", "no such address", "address failed: no file", ": down", "| ~ (/s => ~): no such name"):
        assert part in text


async def test_a_pending_address_is_drawn_as_such() -> None:
    bound = Bound(Path.of("x"), Path(), bound_addr())
    assert draw(LeafNode(Path.of("x"), None, bound, ADDR_PENDING)) == "/x → /x, address pending"
