"""Response classifiers: what counts as a failure, and what may be retried. One file a kind."""

from linker.classifiers import (
    all_successful,
    non_retryable_5xx,
    retryable_all_5xx,
    retryable_idempotent_5xx,
    retryable_read_5xx,
)
from linker.classifiers.classifier import CLASSIFIERS, ClassifierConfig, Classify, Outcome, Verdict

__all__ = [
    "CLASSIFIERS",
    "ClassifierConfig",
    "Classify",
    "Outcome",
    "Verdict",
    "all_successful",
    "non_retryable_5xx",
    "retryable_all_5xx",
    "retryable_idempotent_5xx",
    "retryable_read_5xx",
]
