"""What the demo runs: backends on free ports, a directory of addresses, the configuration of the linker before them."""

from __future__ import annotations

import socket
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import trio

from linker.admin.message import Handler
from linker.admin.server import listen, serve_http
from linker.config.sockets import SocketOptions
from linker.demo.services import Counts, backend, front

PORT = 4140
ADMIN_PORT = 9990
"""linkerd's defaults, taken when they are free."""

DTAB = """\
/host => /#/io.l5d.fs ;
/svc => /host ;
/svc/users => /host/users-v1 ;
/svc/canary => 9 * /host/users-v1 & 1 * /host/users-v2 ;
/svc/search => /host/search-beta | /host/search ;
"""

CONFIG = """\
admin:
  port: {admin_port}
namers:
- kind: io.l5d.fs
  rootDir: {directory}
routers:
- protocol: http
  label: demo
  dtab: |
{dtab}
  servers:
  - port: {port}
"""

BACKENDS = ("users-v1", "users-v2", "search", "search-beta", "front")
UNLISTED = "search-beta"
"""It runs, but no file names it until somebody writes one."""


def free_port(preferred: int) -> int:
    """`preferred` when nobody listens there, else any free port of the loopback interface."""
    for port in (preferred, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as sock:
                bound: int = sock.getsockname()[1]
                return bound
        except OSError:
            continue  # taken: any other will do
    raise OSError("no free port on 127.0.0.1")


@dataclass
class World:
    """One demo. directory: where the address files are; counts: what the backends were asked."""

    directory: Path
    port: int
    admin_port: int
    ports: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counter)

    def config(self) -> str:
        """The linker's configuration."""
        dtab = "".join(f"    {line}\n" for line in DTAB.splitlines()).rstrip("\n")
        return CONFIG.format(admin_port=self.admin_port, port=self.port, directory=self.directory, dtab=dtab)

    def announce(self, name: str) -> None:
        """Write the address file of a backend, whole at once."""
        temporary = self.directory.with_name(f"{self.directory.name}.new")
        temporary.write_text(f"127.0.0.1 {self.ports[name]}\n")
        temporary.replace(self.directory / name)

    def withdraw(self, name: str) -> None:
        """Remove the address file of a backend, if it is there."""
        (self.directory / name).unlink(missing_ok=True)

    async def start_backends(self, nursery: trio.Nursery) -> None:
        """Open a port for each backend, serve it in `nursery`, write its address file."""
        for name in BACKENDS:
            listener = await listen("127.0.0.1", 0, SocketOptions())
            self.ports[name] = listener.socket.getsockname()[1]
            nursery.start_soon(serve_http, [listener], self._handler(name), name=f"demo {name}")
            if name != UNLISTED:
                self.announce(name)

    def _handler(self, name: str) -> Handler:
        if name == "front":
            return front(name, self.counts, lambda: self.port)
        return backend(name, self.counts)


def temporary_directory() -> tempfile.TemporaryDirectory[str]:
    """Where the address files live: removed at the end."""
    return tempfile.TemporaryDirectory(prefix="linker-demo-")
