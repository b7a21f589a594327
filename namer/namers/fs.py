"""`io.l5d.fs`: names are files, and their lines are the endpoints. linkerd.md section 3.18.1, dtab.md section 12.

A path descends through directories until it meets a file: with `<rootDir>/eu/cart`, `/#/io.l5d.fs/eu/cart/x` is bound
to the id `/#/io.l5d.fs/eu/cart`, residual `/x`. No such entry, or a directory at the end: Neg. A file makes a leaf at
once, whose address is Pending until the file has been read.

The address of a file (`fs_format.py` has the syntax), from the first observer to the last:

    read        | nothing good since it was last absent | last good set known
    ------------+---------------------------------------+-----------------------------------------
    absent      | Neg                                   | Neg, and the good set is forgotten
    good        | Bound                                 | Bound
    malformed   | Failed                                | the good set stays; logged, told in the state
    unreadable  | Failed                                | the same
    larger than 500 kB: as malformed

So a bad edit hurts nobody, and a file deleted and made again with bad contents does not bring back what was there
before. Host names are resolved when a file is read; until then the previous set stays. A host that does not exist is
left out and logged once; it is asked for again, ever more seldom. One that cannot be asked for now keeps its address.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import partial
from typing import ClassVar
from weakref import WeakValueDictionary

import anyio

from dtab import Leaf, NameTree, Neg, Path
from namer.activity import Activity, Close, Failed, Ok, State, Var
from namer.addr import ADDR_NEG, ADDR_PENDING, Addr, AddrBound, Address, AddrFailed, Provenance
from namer.config import Directory, required
from namer.filewatch import Entry, FileText, Listing, PathWatcher
from namer.name import Bound, PathOrBound
from namer.namers.base import NAMERS, NamerConfig
from namer.namers.fs_format import Endpoint, MalformedAddress, parse_addresses
from namer.records import config_class
from namer.resolve import Resolve, resolve
from namer.runtime import Runtime
from namer.transformers import TransformerParts

FIRST_RETRY = 1.0  # seconds until an unknown host is asked for again, doubled each time …
LONGEST_RETRY = 60.0  # … up to this: whoever corrects DNS does not wait for the file to be touched

_log = logging.getLogger(__name__)


class FsNamer:
    """The namer of one directory. prefix: its whole prefix, with which ids begin."""

    def __init__(self, watcher: PathWatcher, root: str, prefix: Path, resolve: Resolve = resolve) -> None:
        self.root = os.path.abspath(root)
        self.prefix = prefix
        self.troubles: dict[str, str] = {}  # path of a file → what is wrong with it
        self._watcher = watcher
        self._resolve = resolve
        self._addrs: WeakValueDictionary[str, Var[Addr]] = WeakValueDictionary()

    def lookup(self, path: Path) -> Activity[NameTree[PathOrBound]]:
        """See `Namer.lookup`."""
        return self._descend(self.root, path, 0)

    @property
    def names(self) -> Activity[list[Path]]:
        """What `bound_names` tells, over time."""
        return self._watcher.directory(self.root).map(self._names)

    def bound_names(self) -> list[Path]:
        """The entries of the root directory, sorted, directories too."""
        return self._names(self._watcher.read_directory(self.root))

    def state_json(self) -> dict[str, object]:
        """linkerd's form: the texts of the files in the root. `events` says what is wrong with which file."""
        files = [name for name, kind in self._watcher.read_directory(self.root).items() if kind is Entry.FILE]
        texts = {name: self._watcher.read_file(os.path.join(self.root, name)) for name in sorted(files)}
        state: dict[str, object] = {"running": self._watcher.running}
        for key, at in (("lastStartedAt", self._watcher.started), ("lastUpdatedAt", self._watcher.updated)):
            if at is not None:
                state[key] = time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime(at))
        state["value"] = {name: file.text for name, file in texts.items() if file is not None}
        troubles = self._watcher.troubles | self.troubles
        return {"events": {os.path.relpath(path, self.root): text for path, text in troubles.items()}, "state": state}

    def _names(self, listing: Listing) -> list[Path]:
        # What begins with two dots is the bookkeeping of Kubernetes volumes.
        return sorted(self.prefix + Path.of(os.fsencode(name)) for name in listing if not name.startswith(".."))

    def _descend(self, directory: str, path: Path, used: int) -> Activity[NameTree[PathOrBound]]:
        if used == len(path):
            return Activity.ok(Neg())
        # Only names that the listing has are ever opened: no `..`, no slash, whatever the label holds.
        name = os.fsdecode(path[used])
        below = os.path.join(directory, name)

        def found(entry: Entry | None) -> Activity[NameTree[PathOrBound]]:
            match entry:
                case Entry.DIRECTORY:
                    return self._descend(below, path, used + 1)
                case Entry.FILE:
                    bound = Bound(self.prefix + path.take(used + 1), path.drop(used + 1), self._addr(below))
                    return Activity.ok(Leaf(bound))
                case None:
                    return Activity.ok(Neg())

        # `map` passes on only what concerns this name, so that other entries coming and going cost no more.
        return self._watcher.directory(directory).map(lambda listing: listing.get(name)).flat_map(found)

    def _addr(self, path: str) -> Var[Addr]:
        """One var a file, as long as anybody holds it: it is parsed and resolved once for all."""
        var = self._addrs.get(path)
        if var is None:
            file = _AddressFile(self._watcher.runtime, path, self._watcher.file(path), self._resolve, self.troubles)
            var = self._addrs[path] = Var.lazy(ADDR_PENDING, file.start)
        return var


class _AddressFile:
    """One file's address while it is observed: the state machine of the module's head."""

    def __init__(
        self,
        runtime: Runtime,
        path: str,
        file: Activity[FileText | None],
        resolve: Resolve,
        troubles: dict[str, str],
    ) -> None:
        self._runtime = runtime
        self._path = path
        self._file = file
        self._resolve = resolve
        self._troubles = troubles
        self._good = False
        self._known: dict[str, str] = {}  # host → its last address
        self._unknown: set[str] = set()  # hosts that have been complained of

    def start(self, set_: Callable[[Addr], None]) -> Close:
        """The `start` of the lazy var."""
        self._good = False
        resolving: Close | None = None

        def told(state: State[FileText | None]) -> None:
            nonlocal resolving
            if resolving is not None:
                resolving()
                resolving = None
            endpoints = self._endpoints(state, set_)
            if endpoints is None or not isinstance(state, Ok) or state.value is None:
                return
            publish = partial(self._publish, state.value.version, set_)
            if all(endpoint.ip is not None for endpoint in endpoints):
                publish(endpoints)
            else:
                resolving = self._runtime.spawn(
                    f"resolve hosts of {self._path}", partial(self._resolve_all, endpoints, publish)
                )

        end = self._file.observe(told)

        def close() -> None:
            end()
            if resolving is not None:
                resolving()
            self._troubles.pop(self._path, None)

        return close

    def _endpoints(self, state: State[FileText | None], set_: Callable[[Addr], None]) -> list[Endpoint] | None:
        """The lines of a good file; any other state is announced here."""
        match state:
            case Ok(None):
                self._good = False
                self._troubles.pop(self._path, None)
                set_(ADDR_NEG)
            case Ok(FileText(text)):
                try:
                    return parse_addresses(text)
                except MalformedAddress as error:
                    _log.warning("%s:%d: %s", self._path, error.number, error)
                    self._fail(str(error), set_)
            case Failed(error):  # the watcher has logged it, and keeps what was good
                self._fail(str(error), set_)
            case _:
                set_(ADDR_PENDING)
        return None

    def _fail(self, cause: str, set_: Callable[[Addr], None]) -> None:
        self._troubles[self._path] = cause
        if not self._good:
            set_(AddrFailed(cause))

    def _publish(self, version: str, set_: Callable[[Addr], None], endpoints: list[Endpoint]) -> None:
        self._good = True
        self._troubles.pop(self._path, None)
        known = [(each, each.ip or self._known.get(each.host)) for each in endpoints]
        addresses = {Address(ip, each.port, each.weight) for each, ip in known if ip is not None}
        set_(AddrBound(tuple(sorted(addresses)), provenance=Provenance(self._path, version, self._runtime.now())))

    async def _resolve_all(self, endpoints: list[Endpoint], publish: Callable[[list[Endpoint]], None]) -> None:
        """Ask for all names at once, publish, and go on asking for those that do not answer."""
        asked = {endpoint.host for endpoint in endpoints if endpoint.ip is None}
        pause = FIRST_RETRY
        while True:
            async with anyio.create_task_group() as group:
                failed: set[str] = set()
                for host in asked:
                    group.start_soon(self._resolve_one, host, failed)
            publish(endpoints)
            if not failed:
                return
            await anyio.sleep(pause)
            asked, pause = failed, min(2 * pause, LONGEST_RETRY)

    async def _resolve_one(self, host: str, failed: set[str]) -> None:
        try:
            ip = await self._resolve(host)
        except OSError as error:
            self._complain(host, f"cannot be resolved now: {error.strerror or error}")
            failed.add(host)
            return
        if ip is None:
            self._complain(host, "does not exist")
            self._known.pop(host, None)
            failed.add(host)
            return
        self._known[host] = ip
        self._unknown.discard(host)

    def _complain(self, host: str, what: str) -> None:
        if host not in self._unknown:
            self._unknown.add(host)
            _log.warning("%s: the host %s %s", self._path, host, what)


@NAMERS.register("io.l5d.fs")
@config_class
class FsConfig(NamerConfig):
    """rootDir: the directory with the files; must exist when the configuration is read, may come and go later."""

    kind: ClassVar[str] = "io.l5d.fs"

    rootDir: Directory = required("the 'rootDir' property is required for the io.l5d.fs namer")  # noqa: N815  # the key

    def mk(self, parts: TransformerParts) -> FsNamer:
        """See `NamerConfig.mk`."""
        return FsNamer(PathWatcher(parts.runtime), self.rootDir, self.served)
