"""io.l5d.http.retryableIdempotent5XX: as retryableRead5XX, and PUT and DELETE."""

from __future__ import annotations

from dataclasses import dataclass

from linker.classifiers.classifier import CLASSIFIERS, IDEMPOTENT, Classify, retrying


@CLASSIFIERS.register("io.l5d.http.retryableIdempotent5XX")
@dataclass(frozen=True, kw_only=True)
class RetryableIdempotent5xxConfig:
    """No options."""

    def mk(self) -> Classify:
        """See `ClassifierConfig.mk`."""
        return retrying(IDEMPOTENT)
