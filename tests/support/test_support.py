"""The helpers themselves: a test that trusts a wrong helper proves nothing."""

import pytest

from tests.support import Backend, free_port, get, spawn, talk
from tests.support.process import fill


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/users", 200, "B0 GET /users"),
        ("/a/web/status/404", 404, "B0 says 404"),
        ("/status/304", 304, ""),
        ("/chunked", 200, "abcdefg"),
        ("/trailers", 200, "abcdefg"),
        ("/close", 200, "until close"),
        ("/http10", 200, "ten"),
        ("/interim/103", 200, "B0 GET /interim/103"),
        ("/big/2000", 200, "x" * 2000),
    ],
)
def test_the_backend_answers_as_the_path_says(target: str, status: int, body: str) -> None:
    with Backend("B0") as backend:
        answer = talk(backend.port, get(target), watch=False)
        assert (answer.status, answer.text, answer.error) == (status, body, "")
        assert [s.target for s in backend.take()] == [target]


def test_the_backend_can_fail_a_counted_number_of_times() -> None:
    with Backend() as backend:
        got = [talk(backend.port, get("/flaky/k/2/nack"), watch=False) for _ in range(3)]
        assert [a.status for a in got] == [503, 503, 200]
        assert [a.get("Retry-After") for a in got] == ["0", "0", ""]


@pytest.mark.parametrize("word", ["reset", "hangup"])
def test_a_lost_connection_is_an_error_of_the_answer(word: str) -> None:
    with Backend() as backend:
        assert talk(backend.port, get(f"/{word}")).error in ("closed", "ConnectionResetError")


def test_a_body_shorter_than_promised_is_cut() -> None:
    with Backend() as backend:
        answer = talk(backend.port, get("/cut"))
        assert answer.cut and answer.closed and answer.body == b"partial"


def test_bodies_and_repeated_fields_are_recorded() -> None:
    with Backend() as backend:
        answer = talk(backend.port, get("/echo", "X-A: 1", "x-a: 2", method="POST", body=b"hello"), watch=False)
        (seen,) = backend.take()
        assert answer.body == seen.body == b"hello"
        assert seen.all("X-A") == ["1", "2"]


def test_a_process_that_refuses_to_start_says_why() -> None:
    command = ["sh", "-c", "echo no such key >&2; exit 3"]
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3.*no such key"), spawn(command, "port: {PORT}"):
        pass


def test_a_process_is_stopped_at_the_end_of_its_block() -> None:
    with spawn(["sleep", "60"], "", files={"web": "127.0.0.1 1\n"}) as process:
        assert (process.directory / "files" / "web").read_text() == "127.0.0.1 1\n"
    assert process.popen.returncode is not None
    assert not process.directory.exists()


def test_placeholders_are_filled_and_yaml_braces_stay(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("x")
    text, ports = fill("admin: {ip: 127.0.0.1, port: {ADMIN}}\na: {PORT_B} {PORT_B}\nroot: {DIR}", directory)
    admin, other = ports["ADMIN"], ports["PORT_B"]
    assert text == f"admin: {{ip: 127.0.0.1, port: {admin}}}\na: {other} {other}\nroot: {directory}/files"


def test_a_free_port_is_free() -> None:
    with Backend(port=free_port()) as backend:
        assert talk(backend.port, get()).status == 200
