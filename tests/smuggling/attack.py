"""The client side: send a payload, then requests of innocent clients; and the verdict on all that was seen.

A payload passes, which is bad, when - a hidden request reached the backend as a request of its own, - the backend got a
message that two readers may take differently (`strict.py` names why), - a client got an answer to another's request,
more answers than it asked for, an ambiguous one, or a cut one that looks whole, - an innocent client got no answer.
"""

import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.smuggling.payload import Payload, number
from tests.smuggling.recorder import PAUSE_S
from tests.smuggling.strict import Message, read_response

QUIET_S = 0.25  # a connection that says nothing for so long has said all
LINGER_S = 2 * PAUSE_S  # a look for more bytes than were asked for
ALL = 1_000_000  # answers wanted where their number is not known
WHOLE_S = 8.0  # for an innocent client on a busy machine
_TOKEN = re.compile(rb"(outer|hidden|next|bad|own|stolen|early|victim)-(\d{4})")


@dataclass
class Talk:
    """One client connection: the answers in order, and whether bytes were left that are no answer."""

    answers: list[Message] = field(default_factory=list)
    rest: bytes = b""
    closed: bool = False


def attack(payload: Payload, n: int, port: int) -> list[str]:
    """Send payload number `n` and look after it; why it passed, as far as clients can see."""
    reasons = _judge(payload, n, _attacker(payload, n, port))
    return reasons + _victim(n, port)


def culprit(reason: str, n: int) -> int:
    """Whose fault a reason is: bytes of another payload's making, seen by a client of payload `n`, are that one's."""
    named = re.search(r"(?:own|stolen|hidden)-(\d{4})", reason)
    return int(named[1]) if named else n


def seen_by_backend(requests: Sequence[Message], leftovers: Sequence[bytes], ours: bool) -> dict[int, list[str]]:
    """By payload number (-1: nobody's), what the backend's record says against it. `ours`: judge linker's fields."""
    reasons: dict[int, list[str]] = {}
    for message in requests:
        start = b" ".join(message.start)
        tokens = _TOKEN.findall(message.raw)
        n = int(tokens[-1][1]) if tokens else -1
        said = [f"backend got: {fault}" for fault in message.faults]
        if b"/hidden-" in start:
            said.append("the hidden request reached the backend")
        said += _forged(message) if ours else []
        if said:
            reasons.setdefault(n, []).extend(said)
    for data in leftovers:
        tokens = _TOKEN.findall(data)
        if re.search(rb"\n\r?\n", data) and tokens:  # a whole head: its body never came, or it is not a head
            continue
        if re.search(rb"(?<!\r)\n|\r(?!\n|$)", data):
            reasons.setdefault(int(tokens[-1][1]) if tokens else -1, []).append(f"backend was left with {data[:60]!r}")
    return reasons


def _forged(message: Message) -> list[str]:
    said = [f"forged {n.decode()} passed" for n, v in message.fields if n.startswith(b"l5d-") and b"forged" in v]
    if message.all(b"l5d-dtab"):
        said.append("l5d-dtab passed")
    if not message.faults and not (message.all(b"l5d-dst-service") and message.all(b"l5d-dst-client")):
        said.append("l5d-dst-service or l5d-dst-client was removed")
    return said


def _attacker(payload: Payload, n: int, port: int) -> Talk:
    methods = [payload.method]
    with socket.create_connection(("127.0.0.1", port), WHOLE_S) as sock:
        for i, part in enumerate(payload.parts):
            if not _send(sock, number(part, n)):
                break
            time.sleep(PAUSE_S if i + 1 < len(payload.parts) else 0)
        talk = Talk()
        if payload.echoes:
            _receive(sock, talk, methods, len(payload.echoes), WHOLE_S)
        elif payload.answer:
            _receive(sock, talk, methods, 1)
        _receive(sock, talk, methods, ALL, LINGER_S if talk.answers else QUIET_S)
        if (
            payload.answer
            and not talk.closed
            and _send(sock, number(b"GET /next-#### HTTP/1.1\r\nHost: web\r\n\r\n", n))
        ):
            _receive(sock, talk, methods, 1)
            _receive(sock, talk, methods, ALL, LINGER_S)
    return talk


def _victim(n: int, port: int) -> list[str]:
    """An innocent client right after: it must get its own answer, whole."""
    talk = Talk()
    try:
        with socket.create_connection(("127.0.0.1", port), WHOLE_S) as sock:
            sock.sendall(b"GET /victim-%04d HTTP/1.1\r\nHost: web\r\n\r\n" % n)
            _receive(sock, talk, ["GET"], 1, WHOLE_S)
    except OSError as e:
        return [f"an innocent client got {type(e).__name__}"]
    if not talk.answers:
        return [f"an innocent client got no answer but {talk.rest[:60]!r}"]
    answer = talk.answers[0]
    said = [f"an innocent client got {fault}" for fault in answer.faults]
    if answer.body != b"echo /victim-%04d" % n:
        said.append(f"an innocent client got {answer.status} {answer.body[:60]!r}")
    return said


def _judge(payload: Payload, n: int, talk: Talk) -> list[str]:
    said = [f"client got: {fault}" for answer in talk.answers for fault in answer.faults]
    final = [a for a in talk.answers if a.status >= 200]
    for answer in final:
        if any(kind == b"hidden" or int(i) != n for kind, i in _TOKEN.findall(answer.body)):
            said.append(f"client got the answer {answer.body[:40]!r}")
    if payload.echoes and [a.body for a in final] != _echoes(payload, n):
        said.append(f"not answered: got {[(a.status, a.body[:40]) for a in final]} {talk.rest[:60]!r}")
    if payload.answer:
        said += _judge_answers(payload, n, talk, final)
    return said


def _echoes(payload: Payload, n: int) -> list[bytes]:
    return [b"" if payload.method == "HEAD" else b"echo " + number(target, n) for target in payload.echoes]


def _judge_answers(payload: Payload, n: int, talk: Talk, final: list[Message]) -> list[str]:
    """The two requests of a response payload: the odd one, then /next-#### on the same connection if it stayed open."""
    said = []
    if len(final) > 1 and final[1].body != b"echo /next-%04d" % n and final[1].status < 400:
        said.append(f"the next request got {final[1].status} {final[1].body[:60]!r}")
    if len(final) > 2 or (talk.rest and final and not payload.partial):
        said.append(f"client got bytes beyond the answers: {(talk.rest or final[-1].raw)[:60]!r}")
    if payload.partial and final and final[0].status == 200 and not final[0].faults:
        said.append(f"a cut answer looked whole: {final[0].body[:40]!r}")
    if any(a.status == 101 for a in talk.answers):
        said.append("101 passed on unasked")
    return said


def _send(sock: socket.socket, data: bytes) -> bool:
    try:
        sock.sendall(data)
    except OSError:
        return False  # refused and closed already: what it answered is still to be read
    return True


def _receive(sock: socket.socket, talk: Talk, methods: list[str], wanted: int, quiet_s: float = QUIET_S) -> None:
    """Add answers until `wanted` final ones are there, the connection closes, or it is quiet."""
    sock.settimeout(quiet_s)
    have = len([a for a in talk.answers if a.status >= 200])
    while True:
        while talk.rest and (answer := _next(talk, methods)):
            talk.answers.append(answer)
            talk.rest = talk.rest[answer.end :] if not answer.faults else b""
        if talk.closed or len([a for a in talk.answers if a.status >= 200]) - have >= wanted:
            return
        try:
            data = sock.recv(65536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        talk.closed = not data
        talk.rest += data


def _next(talk: Talk, methods: list[str]) -> Message | None:
    done = len([a for a in talk.answers if a.status >= 200])
    return read_response(talk.rest, methods[done] if done < len(methods) else "GET", talk.closed)
