"""io.l5d.http.nonRetryable5XX: a response of 500 or more and every exception is a failure; the default."""

from __future__ import annotations

from linker.classifiers.classifier import CLASSIFIERS, Classify, retrying
from namer.records import config_class


@CLASSIFIERS.register("io.l5d.http.nonRetryable5XX")
@config_class
class NonRetryable5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(frozenset())
