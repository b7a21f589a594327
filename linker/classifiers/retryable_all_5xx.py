"""io.l5d.http.retryableAll5XX: as retryableIdempotent5XX, and POST and PATCH."""

from __future__ import annotations

from dataclasses import dataclass

from linker.classifiers.classifier import ALL, CLASSIFIERS, Classify, retrying


@CLASSIFIERS.register("io.l5d.http.retryableAll5XX")
@dataclass(frozen=True, kw_only=True)
class RetryableAll5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(ALL)
