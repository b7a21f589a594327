"""io.l5d.fs on a real directory, under both loops; and its state machine against a model."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

import anyio
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dtab import Leaf, Neg, Path
from namer.activity import PENDING, Activity, Failed, Ok, State
from namer.addr import ADDR_NEG, ADDR_PENDING, AddrBound, Address, AddrFailed
from namer.config import ConfigErrors, bind_kind
from namer.filewatch import FileText, PathWatcher
from namer.namers import NAMERS
from namer.namers.fs import FsNamer, _AddressFile, resolve
from namer.parts import NamingParts
from tests.namer.fakes import IdleRuntime
from tests.namer.observing import Seen, a_runtime, eventually, seen

pytestmark = pytest.mark.anyio

PREFIX = Path.read("/#/io.l5d.fs")
A, B = Address("10.1.0.1", 80), Address("10.1.0.2", 80)


@pytest.fixture
async def runtime():
    async with a_runtime() as runtime:
        yield runtime


@pytest.fixture
def hosts():
    """What the resolver knows; an exception is raised."""
    return {}


@pytest.fixture
def namer(runtime, tmp_path, hosts):
    async def resolve(host):
        await anyio.lowlevel.checkpoint()
        if isinstance(hosts.get(host), Exception):
            raise hosts[host]
        return hosts.get(host)

    return FsNamer(PathWatcher(runtime), str(tmp_path), PREFIX, resolve)


def write(path, text):
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    os.rename(beside, path)


async def the_leaf(namer, path: str):
    """The bound name of a path that has one."""
    names = seen(namer.lookup(Path.read(path)))
    state = await names.until(lambda state: isinstance(state, Ok) and isinstance(state.value, Leaf))
    names.close()
    return state.value.value


async def the_addr(namer, path: str) -> Seen:
    return Seen((await the_leaf(namer, path)).addr)


async def becomes(addr: Seen, *addresses: Address) -> None:
    await addr.until(lambda value: value == AddrBound(addresses))


async def test_a_file_is_a_leaf_and_the_rest_of_the_path_its_residual(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.2 80\n10.1.0.1 80\n")
    bound = await the_leaf(namer, "/web/x/y")
    assert (bound.id, bound.residual) == (PREFIX + Path.read("/web"), Path.read("/x/y"))
    await becomes(Seen(bound.addr), A, B)


async def test_directories_are_descended(namer, tmp_path):
    tree = seen(namer.lookup(Path.read("/eu/web/x")))
    await tree.until_ok(Neg())
    (tmp_path / "eu").mkdir()
    (tmp_path / "eu" / "web").write_text("10.1.0.1 80")
    bound = await the_leaf(namer, "/eu/web/x")
    assert (bound.id, bound.residual) == (PREFIX + Path.read("/eu/web"), Path.read("/x"))
    await becomes(Seen(bound.addr), A)
    (tmp_path / "eu" / "web").unlink()
    (tmp_path / "eu").rmdir()
    await tree.until_ok(Neg())
    (tmp_path / "eu").write_text("10.1.0.2 80")  # now a file of that name
    state = await tree.until(lambda state: state != Ok(Neg()))
    assert (state.value.value.id, state.value.value.residual) == (PREFIX + Path.read("/eu"), Path.read("/web/x"))


@pytest.mark.parametrize("path", ["/", "/nosuch", "/WEB", "/eu", "/eu/nosuch", "/..", "/.", r"/eu\x2fweb", r"/web\x00"])
async def test_other_paths_are_negative(namer, tmp_path, path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    (tmp_path / "eu").mkdir()
    (tmp_path / "eu" / "web").write_text("10.1.0.1 80")
    await seen(namer.lookup(Path.read(path))).until_ok(Neg())


async def test_a_name_need_not_be_text(namer, tmp_path):
    name = b"\xff\xfe web"
    (tmp_path / os.fsdecode(name)).write_text("10.1.0.1 80")
    await becomes(await the_addr(namer, Path.of(name).show()), A)


async def test_the_address_is_pending_until_the_file_has_been_read(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    addr = await the_addr(namer, "/web")
    assert addr.values == [ADDR_PENDING]
    await becomes(addr, A)


async def test_an_empty_file_is_a_leaf_with_nobody(namer, tmp_path):
    (tmp_path / "web").write_text("# nobody\n")
    await becomes(await the_addr(namer, "/web"))


async def test_edits_are_followed_and_say_where_they_come_from(namer, runtime, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    addr = await the_addr(namer, "/web")
    await becomes(addr, A)
    first = addr.last.provenance
    write(tmp_path / "web", "10.1.0.2 80\n")
    await becomes(addr, B)
    assert first.source == addr.last.provenance.source == str(tmp_path / "web")
    assert first.version != addr.last.provenance.version
    assert abs(runtime.now() - addr.last.provenance.confirmed) < 60


async def test_weights_and_duplicates(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80\n10.1.0.1 80 * 2.0\n10.1.0.1 80\n2001:db8:0::1 80\n")
    await becomes(await the_addr(namer, "/web"), A, Address("10.1.0.1", 80, 2.0), Address("2001:db8::1", 80))


async def test_a_malformed_edit_keeps_the_last_good_set(namer, tmp_path, caplog):
    (tmp_path / "web").write_text("10.1.0.1 80")
    addr = await the_addr(namer, "/web")
    await becomes(addr, A)
    write(tmp_path / "web", "10.1.0.1 80\nthis is no address\n")
    await eventually(lambda: bool(namer.troubles))
    assert namer.state_json()["events"] == {"web": "malformed address: this is no address"}
    assert caplog.messages == [f"{tmp_path}/web:2: malformed address: this is no address"]
    assert Seen((await the_leaf(namer, "/web")).addr).last == AddrBound((A,))  # also for whoever comes now
    write(tmp_path / "web", "10.1.0.2 80")
    await becomes(addr, B)
    assert addr.values == [ADDR_PENDING, AddrBound((A,)), AddrBound((B,))]
    assert namer.state_json()["events"] == {}


async def test_a_malformed_file_fails_where_nothing_good_is_known(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.6 0")
    addr = await the_addr(namer, "/web")
    await addr.until(lambda value: value == AddrFailed("malformed address: 10.1.0.6 0"))
    write(tmp_path / "web", "10.1.0.1 80")
    await becomes(addr, A)


async def test_a_file_too_large_is_like_a_malformed_one(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80\n" + "#" * 500_000)
    addr = await the_addr(namer, "/web")
    cause = f"cannot read {tmp_path}/web: more than 500000 bytes"
    await addr.until(lambda value: value == AddrFailed(cause))
    assert namer.state_json()["events"] == {"web": cause}


async def test_a_deleted_file_is_negative_and_takes_its_good_set_along(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    tree = seen(namer.lookup(Path.read("/web")))
    addr = await the_addr(namer, "/web")
    await becomes(addr, A)
    (tmp_path / "web").unlink()
    await addr.until(lambda value: value == ADDR_NEG)
    await tree.until_ok(Neg())
    write(tmp_path / "web", "garbage in here\n")
    await addr.until(lambda value: value == AddrFailed("malformed address: garbage in here"))
    await tree.until(lambda state: isinstance(state.value, Leaf))
    write(tmp_path / "web", "10.1.0.2 80")
    await becomes(addr, B)


async def test_host_names_are_resolved(namer, tmp_path, hosts):
    hosts["one.example"] = "10.1.0.1"
    (tmp_path / "web").write_text("one.example 80\n10.1.0.2 80\n")
    addr = await the_addr(namer, "/web")
    await becomes(addr, A, B)
    assert len(addr.values) == 2


async def test_an_unknown_host_is_left_out_logged_once_and_asked_for_again(namer, tmp_path, hosts, caplog, monkeypatch):
    monkeypatch.setattr("namer.namers.fs.FIRST_RETRY", 0.001)
    monkeypatch.setattr("namer.namers.fs.LONGEST_RETRY", 0.001)
    (tmp_path / "web").write_text("one.example 80\n10.1.0.2 80\n")
    addr = await the_addr(namer, "/web")
    await becomes(addr, B)
    hosts["one.example"] = "10.1.0.1"
    await becomes(addr, A, B)
    assert caplog.messages == [f"{tmp_path}/web: the host one.example does not exist"]


async def test_a_host_that_cannot_be_asked_for_now_keeps_its_address(namer, tmp_path, hosts):
    hosts["one.example"] = "10.1.0.1"
    (tmp_path / "web").write_text("one.example 80\n")
    addr = await the_addr(namer, "/web")
    await becomes(addr, A)
    hosts["one.example"] = OSError("no resolver answers")
    write(tmp_path / "web", "one.example 80\n10.1.0.2 80\n")
    await becomes(addr, A, B)


async def test_the_last_of_many_updates_wins(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 1")
    addr = await the_addr(namer, "/web")
    for port in range(1, 1001):
        write(tmp_path / "web", f"10.1.0.1 {port}\n")
        if port % 20 == 0:
            await anyio.lowlevel.checkpoint()
    await becomes(addr, Address("10.1.0.1", 1000))


async def test_other_entries_do_not_disturb_a_name(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    tree = seen(namer.lookup(Path.read("/web")))
    names = seen(namer.names)
    await names.until_ok([PREFIX + Path.read("/web")])
    told = len(tree.values)
    (tmp_path / "another").write_text("10.1.0.1 80")
    await names.until_ok([PREFIX + Path.read("/another"), PREFIX + Path.read("/web")])
    assert len(tree.values) == told


async def test_the_root_may_vanish_and_come_back(runtime, tmp_path):
    root = tmp_path / "disco"
    root.mkdir()
    (root / "web").write_text("10.1.0.1 80")
    namer = FsNamer(PathWatcher(runtime), str(root), PREFIX)
    tree = seen(namer.lookup(Path.read("/web")))
    addr = await the_addr(namer, "/web")
    await becomes(addr, A)
    os.rename(root, tmp_path / "elsewhere")
    await tree.until_ok(Neg())
    await addr.until(lambda value: value == ADDR_NEG)
    os.rename(tmp_path / "elsewhere", root)
    await becomes(addr, A)
    await tree.until(lambda state: isinstance(state.value, Leaf))


async def test_names_and_state_for_the_admin_pages(namer, tmp_path):
    for name in ("web", "cart"):
        (tmp_path / name).write_text(f"# {name}")
    (tmp_path / "eu").mkdir()
    (tmp_path / "..data").mkdir()
    wanted = [PREFIX + Path.of(name) for name in ("cart", "eu", "web")]
    texts = {"cart": "# cart", "web": "# web"}
    assert namer.bound_names() == wanted  # without anybody observing
    assert namer.state_json() == {"events": {}, "state": {"running": False, "value": texts}}
    await seen(namer.names).until_ok(wanted)
    assert namer.bound_names() == wanted
    state = namer.state_json()["state"]
    assert state["running"] is True
    assert state["value"] == texts
    assert state["lastStartedAt"].endswith(" +0000")
    assert state["lastUpdatedAt"] >= state["lastStartedAt"]


async def test_one_var_serves_all_who_bind_a_file_and_is_dropped_after_them(namer, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    one, other = await the_leaf(namer, "/web/x"), await the_leaf(namer, "/web/y")
    assert one.addr is other.addr
    assert len(namer._addrs) == 1
    del one, other
    gc.collect()
    assert len(namer._addrs) == 0


async def test_it_is_configured_by_kind(runtime, tmp_path):
    (tmp_path / "web").write_text("10.1.0.1 80")
    config = bind_kind(NAMERS, f"kind: io.l5d.fs\nprefix: /disco\nrootDir: {tmp_path}", "c.yaml")
    parts = NamingParts(runtime, [config])
    bound = await the_leaf(parts.names, "/#/disco/web/x")
    assert bound.id == Path.read("/#/disco/web")
    assert NAMERS.kind_of(config) == config.kind


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("kind: io.l5d.fs", "c.yaml:1:1: the 'rootDir' property is required for the io.l5d.fs namer"),
        ("kind: io.l5d.fs\nrootDir: /no/such", "c.yaml:2:10: rootDir: /no/such is not a directory"),
        ("kind: io.l5d.fs\nrootdir: /", "did you mean 'rootDir'"),
        ("kind: io.l5d.fs\nrootDir: /\nprefix: disco", "c.yaml:3:9: prefix: "),
    ],
)
async def test_a_wrong_configuration_points(text, error):
    with pytest.raises(ConfigErrors) as caught:
        bind_kind(NAMERS, text, "c.yaml")
    assert error in str(caught.value)


class AddressFileMachine(RuleBasedStateMachine):
    """What a file's address is, against the table at the head of `namer/namers/fs.py`."""

    def __init__(self) -> None:
        super().__init__()
        self.set: Callable[[State[FileText | None]], None] | None = None
        self.current: State[FileText | None] = PENDING
        self.version = 0
        self.troubles: dict[str, str] = {}
        self.addr: list[object] = []
        self.wanted: object = None  # the model
        self.close: Callable[[], None] | None = None

    def file(self) -> Activity[FileText | None]:
        def start(set_):
            self.set = set_
            set_(self.current)

            def close() -> None:
                self.set = None

            return close

        return Activity.lazy(start)

    def read(self, state: State[FileText | None]) -> None:
        """The model: one row of the table."""
        good = isinstance(self.wanted, AddrBound)
        match state:
            case Ok(None):
                self.wanted = ADDR_NEG
            case Ok(FileText(text)) if "bad" not in text:
                ports = sorted({int(line.split()[1]) for line in text.splitlines()})
                self.wanted = AddrBound(tuple(Address("10.0.0.1", port) for port in ports))
            case Ok(FileText(text)) if not good:
                self.wanted = AddrFailed("malformed address: bad")
            case Failed(error) if not good:
                self.wanted = AddrFailed(str(error))

    def become(self, state: State[FileText | None]) -> None:
        self.current = state
        if self.set is not None:
            self.set(state)
            self.read(state)

    @rule(ports=st.lists(st.integers(1, 3), max_size=3), bad=st.booleans())
    def write(self, ports: list[int], bad: bool) -> None:
        self.version += 1
        text = "".join(f"10.0.0.1 {port}\n" for port in ports) + ("bad\n" if bad else "")
        self.become(Ok(FileText(text, str(self.version))))

    @rule()
    def delete(self) -> None:
        self.become(Ok(None))

    @rule()
    def cannot_be_read(self) -> None:
        self.become(Failed(OSError("unreadable")))

    @precondition(lambda self: self.close is None)
    @rule()
    def observe(self) -> None:
        self.wanted = ADDR_PENDING
        self.read(self.current)
        file = _AddressFile(IdleRuntime(), "/web", self.file(), resolve, self.troubles)
        self.close = file.start(self.addr.append)

    @precondition(lambda self: self.close is not None)
    @rule()
    def leave(self) -> None:
        assert self.close is not None
        self.close()
        self.close = None
        assert self.set is None
        assert self.troubles == {}

    @invariant()
    def it_says_what_the_model_says(self) -> None:
        if self.close is not None:
            assert self.addr[-1] == self.wanted
            malformed = (
                isinstance(self.current, Ok) and self.current.value is not None and "bad" in self.current.value.text
            )
            assert bool(self.troubles) == (malformed or isinstance(self.current, Failed))


AddressFileMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestAddressFile = AddressFileMachine.TestCase
