"""Where the router thinks it is going. linkerd.md section 5.4."""

from __future__ import annotations

from dtab import Path
from linker.filters.dst_headers import DstBound, DstService
from tests.linker.filters.fakes import bound, lines, request, through


def test_the_logical_name_is_told() -> None:
    asked = request()
    through(DstService(Path.of("svc", "a/b")), asked)
    assert lines(asked) == [r"l5d-dst-service: /svc/\x61\x2f\x62"]


def test_the_bound_id_is_told_and_a_residual_only_if_there_is_one() -> None:
    asked = request()
    through(DstBound(bound("/#/io.l5d.fs/web", "/tail")), asked)
    assert lines(asked) == ["l5d-dst-client: /#/io.l5d.fs/web", "l5d-dst-residual: /tail"]


def test_an_attempt_elsewhere_leaves_nothing_of_the_one_before() -> None:
    asked = request()
    through(DstBound(bound("/#/a", "/tail")), asked)
    through(DstBound(bound("/#/b")), asked)
    assert lines(asked) == ["l5d-dst-client: /#/b"]
