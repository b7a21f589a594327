"""io.l5d.http.retryableAll5XX: as retryableIdempotent5XX, and POST and PATCH."""

from __future__ import annotations

from linker.classifiers.classifier import ALL, CLASSIFIERS, Classify, retrying
from namer.records import config_class


@CLASSIFIERS.register("io.l5d.http.retryableAll5XX")
@config_class
class RetryableAll5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(ALL)
