"""io.l5d.http.allSuccessful: every response is a success, whatever its status; an exception is a failure."""

from __future__ import annotations

from linker.classifiers.classifier import CLASSIFIERS, Classify, Outcome, Verdict
from linker.http.message import Request, Response
from namer.records import config_class


@CLASSIFIERS.register("io.l5d.http.allSuccessful")
@config_class
class AllSuccessfulConfig:
    """No options. `l5d-retryable` is without effect: there is no failed response."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return all_successful


def all_successful(request: Request, outcome: Outcome) -> Verdict:
    """See the module."""
    return Verdict.SUCCESS if isinstance(outcome, Response) else Verdict.NON_RETRYABLE
