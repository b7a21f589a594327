"""What tests of whole processes share: processes on loopback, a recording backend, a raw client.

    from tests.support import Backend, get, linker, talk

    with Backend("B0") as b0, linker(CONFIG, files={"web": f"127.0.0.1 {b0.port}\\n"}) as proc:
        answer = talk(proc.port, get("/status/404", host="web"))
        assert answer.status == 404 and b0.take()[0].target == "/status/404"

process.py starts and stops, peers.py knows other servers' configurations, backend.py answers and records, client.py
asks, wire.py reads HTTP/1 from a blocking socket for both.
"""

from tests.support.backend import Backend, Seen
from tests.support.client import Answer, get, talk
from tests.support.peers import nginx
from tests.support.process import Process, free_port, linker, spawn

__all__ = ["Answer", "Backend", "Process", "Seen", "free_port", "get", "linker", "nginx", "spawn", "talk"]
