"""The name a service wants to be asked by. linkerd.md section 5.3."""

from __future__ import annotations

import pytest

from linker.errors import UpstreamClosed
from linker.filters.authority import Authority
from tests.linker.filters.fakes import Answers, failure, lines, request, response, run


def test_without_an_authority_nothing_changes() -> None:
    service = Answers(response(302, "Location: http://web.service.consul/x"))
    answer = run(Authority(lambda: None)(request("Host: web"), service))
    assert service.seen == [["Host: web"]]
    assert lines(answer) == ["Location: http://web.service.consul/x"]


def test_the_service_is_asked_by_its_authority_and_the_client_does_not_see_it() -> None:
    asked = request("Host: web:8080", "X: 1")
    service = Answers(
        response(302, "Location: http://web.service.consul/x", "Refresh: 5; url=//web.service.consul/y", "X: web.s")
    )
    answer = run(Authority(lambda: b"web.service.consul")(asked, service))
    assert service.seen == [["X: 1", "Host: web.service.consul"]]
    assert sorted(lines(answer)) == ["Location: http://web:8080/x", "Refresh: 5; url=//web:8080/y", "X: web.s"]
    assert asked.headers.get(b"host") == b"web:8080"


@pytest.mark.parametrize("host", [[], ["Host: web"]])
def test_the_next_attempt_begins_with_what_the_client_sent(host: list[str]) -> None:
    asked = request(*host)
    failure(Authority(lambda: b"a.b"), asked, UpstreamClosed("x"))
    assert lines(asked) == host
