"""io.l5d.http.retryableIdempotent5XX: as retryableRead5XX, and PUT and DELETE."""

from __future__ import annotations

from linker.classifiers.classifier import CLASSIFIERS, IDEMPOTENT, Classify, retrying
from namer.records import config_class


@CLASSIFIERS.register("io.l5d.http.retryableIdempotent5XX")
@config_class
class RetryableIdempotent5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(IDEMPOTENT)
