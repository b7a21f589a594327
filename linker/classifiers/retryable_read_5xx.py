"""io.l5d.http.retryableRead5XX: failures of GET, HEAD, OPTIONS and TRACE may be retried."""

from __future__ import annotations

from linker.classifiers.classifier import CLASSIFIERS, READS, Classify, retrying
from namer.records import config_class


@CLASSIFIERS.register("io.l5d.http.retryableRead5XX")
@config_class
class RetryableRead5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(READS)
