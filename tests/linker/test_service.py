"""`stack`: a fused row of filters does what the same filters do one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.errors import ClientGone, NoBrokers, ProxyError
from linker.http.message import Request, Response
from linker.service import Filter, PlainFilter, RepeatingFilter, Service, stack
from tests.linker.filters.fakes import request, response, run

Log = list[str]


@dataclass
class Tells(PlainFilter):
    """Writes down what it is asked; refuses, or answers failures, where told to."""

    name: str
    log: Log = field(repr=False)
    refuses: bool = False
    answers: bool = False

    def enter(self, request: Request) -> None:
        self.log.append(f"{self.name} enter")
        if self.refuses:
            raise NoBrokers(f"{self.name} refuses")

    def leave(self, request: Request, response: Response, ms: float) -> None:
        self.log.append(f"{self.name} leave {response.status}")

    def fail(self, request: Request, error: BaseException, ms: float) -> Response | None:
        self.log.append(f"{self.name} fail {error}")
        return response(502) if self.answers else None


class OnlyLeaves(PlainFilter):
    def __init__(self, name: str, log: Log) -> None:
        self.name, self.log = name, log

    def leave(self, request: Request, response: Response, ms: float) -> None:
        self.log.append(f"{self.name} leave {response.status}")


class Again(RepeatingFilter):
    """Sends a failure once more."""

    def __init__(self, name: str, log: Log) -> None:
        self.name, self.log = name, log

    def wants_again(self, request: Request, outcome: Response | ProxyError) -> bool:
        return isinstance(outcome, ProxyError) or outcome.status >= 500

    async def again(self, request: Request, outcome: Response | ProxyError, next: Service, /) -> Response:
        self.log.append(f"{self.name} again")
        return await next(request)


class Waits:
    """A filter that is no plain one."""

    def __init__(self, name: str, log: Log) -> None:
        self.name, self.log = name, log

    async def __call__(self, request: Request, next: Service, /) -> Response:
        self.log.append(f"{self.name} in")
        answer = await next(request)
        self.log.append(f"{self.name} out")
        return answer


MAKERS: Sequence[Callable[[str, Log], Filter]] = (
    Tells,
    lambda name, log: Tells(name, log, refuses=True),
    lambda name, log: Tells(name, log, answers=True),
    OnlyLeaves,
    Again,
    Waits,
)
OUTCOMES: Sequence[Response | Exception] = (response(200), response(503), NoBrokers("nobody"), ClientGone("gone"))


def bottom(outcomes: Sequence[Response | Exception], log: Log) -> Service:
    left = list(outcomes)

    async def service(request: Request) -> Response:
        log.append("asked")
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return service


def one_by_one(filters: Sequence[Filter], to: Service) -> Service:
    """The same list without fusing: each filter around the next service."""

    def around(each: Filter, below: Service) -> Service:
        async def service(request: Request) -> Response:
            return await each(request, below)

        return service

    for each in reversed(filters):
        to = around(each, to)
    return to


def told(mk: Callable[[Sequence[Filter], Service], Service], kinds: list[int], outcomes: list[int]) -> Log:
    log: Log = []
    filters = [MAKERS[kind](f"{i}", log) for i, kind in enumerate(kinds)]
    try:
        answer = run(mk(filters, bottom([OUTCOMES[each] for each in outcomes], log))(request()))
        log.append(f"= {answer.status}")
    except ProxyError as error:
        log.append(f"! {error}")
    return log


KINDS = st.lists(st.integers(0, len(MAKERS) - 1), max_size=7)
ENDS = st.lists(st.integers(0, len(OUTCOMES) - 1), min_size=1, max_size=4)


@given(kinds=KINDS, outcomes=ENDS)
def test_a_fused_list_does_what_its_filters_do_one_by_one(kinds: list[int], outcomes: list[int]) -> None:
    fused = told(lambda filters, to: stack(*filters, to=to), kinds, outcomes)
    assert fused == told(one_by_one, kinds, outcomes)


def test_the_order_is_the_lists_going_in_and_the_reverse_coming_out() -> None:
    log: Log = []
    run(stack(Tells("a", log), None, Tells("b", log), to=bottom([response(200)], log))(request()))
    assert log == ["a enter", "b enter", "asked", "b leave 200", "a leave 200"]


def test_a_filter_that_refuses_is_not_left_and_those_above_see_it_fail() -> None:
    log: Log = []
    filters = (Tells("a", log, answers=True), Tells("b", log), Tells("c", log, refuses=True), Tells("d", log))
    answer = run(stack(*filters, to=bottom([response(200)], log))(request()))
    assert answer.status == 502
    assert log == ["a enter", "b enter", "c enter", "b fail c refuses", "a fail c refuses"]


def test_a_filter_that_looks_for_fields_is_only_entered_by_requests_that_have_one() -> None:
    log: Log = []

    class Via(Tells):
        fields = frozenset((b"via",))

    service = stack(Via("via", log), to=bottom([response(200)], log))
    run(service(request()))
    run(service(request("Via: 1.1 x")))
    assert log == ["asked", "via leave 200", "via enter", "asked", "via leave 200"]


def test_an_error_that_nobody_answers_goes_on_as_it_is() -> None:
    log: Log = []
    error = ClientGone("left")
    with pytest.raises(ClientGone) as raised:
        run(stack(Tells("a", log), to=bottom([error], log))(request()))
    assert raised.value is error
    assert log == ["a enter", "asked", "a fail left"]
