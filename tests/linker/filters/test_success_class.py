"""l5d-success-class. linkerd.md section 3.12."""

from __future__ import annotations

import pytest

from linker.classifiers.classifier import READS, retrying
from linker.filters.success_class import SuccessClass
from tests.linker.filters.fakes import lines, request, response, through


@pytest.mark.parametrize(("status", "class_"), [(200, "1.0"), (404, "1.0"), (500, "0.0")])
def test_the_verdict_replaces_what_the_service_said(status: int, class_: str) -> None:
    answer = through(SuccessClass(retrying(READS)), request(), response(status, "l5d-success-class: 0.7"))
    assert lines(answer) == [f"l5d-success-class: {class_}"]
