"""io.l5d.http.retryableRead5XX: failures of GET, HEAD, OPTIONS and TRACE may be retried."""

from __future__ import annotations

from dataclasses import dataclass

from linker.classifiers.classifier import CLASSIFIERS, READS, Classify, retrying


@CLASSIFIERS.register("io.l5d.http.retryableRead5XX")
@dataclass(frozen=True, kw_only=True)
class RetryableRead5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(READS)
