"""The table of payloads, and the judgement of what a backend saw."""

from collections import Counter

from tests.smuggling.attack import culprit, seen_by_backend
from tests.smuggling.payload import number
from tests.smuggling.strict import read_request
from tests.smuggling.table import table
from tests.smuggling.wellformed import wellformed


def test_every_payload_has_a_name_of_its_own() -> None:
    counts = Counter((p.family, p.name) for p in table())
    assert len(counts) >= 300
    assert [name for name, n in counts.items() if n > 1] == []


def test_numbering_keeps_lengths() -> None:
    for n, payload in enumerate(table()):
        for part in payload.parts + payload.answer:
            assert len(number(part, n)) == len(part)
            assert b"####" not in number(part, n)


def test_the_well_formed_ones_are_read_strictly() -> None:
    for payload in wellformed():
        message = read_request(number(b"".join(payload.parts), 7).removeprefix(b"\r\n"))
        assert message is not None, payload.name
        assert message.faults == (), payload.name


def test_a_hidden_request_at_the_backend_is_charged_to_its_payload() -> None:
    message = read_request(b"GET /hidden-0042 HTTP/1.1\r\nHost: web\r\n\r\n")
    assert message is not None
    assert seen_by_backend([message], [], ours=False) == {42: ["the hidden request reached the backend"]}


def test_forged_and_removed_fields_of_ours_are_charged() -> None:
    message = read_request(b"GET /outer-0001 HTTP/1.1\r\nHost: web\r\nl5d-dst-client: /forged\r\n\r\n")
    assert message is not None
    (said,) = seen_by_backend([message], [], ours=True).values()
    assert said == ["forged l5d-dst-client passed", "l5d-dst-service or l5d-dst-client was removed"]


def test_a_stolen_answer_is_charged_to_who_sent_it() -> None:
    assert culprit("an innocent client got 200 b'stolen-0005'", 9) == 5
    assert culprit("an innocent client got no answer", 9) == 9
