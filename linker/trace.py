"""Trace ids as they travel in `l5d-ctx-trace`: 32 bytes in base64, big-endian span, parent, trace, flags; 40 with the
high half of a 128-bit trace id (linkerd.md section 5.4).

Strategy: an id *is* those 32 or 40 bytes. Every request needs one, few look into it, so making and sending it must cost
no object: a root is three times its span id, a child is a new span id before two slices of its parent.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

SAMPLING_KNOWN = 1 << 1
SAMPLED = 1 << 2
"""Bits of the flags (com.twitter.finagle.tracing.Flags): decided at all, and decided for sampling."""

NO_FLAGS = bytes(8)
SAMPLE_STEPS = 10_000
"""Resolution of a sample rate: hundredths of a percent."""


def root(span: bytes) -> bytes:
    """The id of a trace that begins with the 8-byte `span`."""
    return span + span + span + NO_FLAGS


def child(parent: bytes, span: bytes) -> bytes:
    """The id of a span below `parent`, in the same trace with the same flags."""
    return span + parent[:8] + parent[16:]


def read(value: bytes) -> bytes | None:
    """The id in a header's value; None when it is none."""
    try:
        trace = a2b_base64(value, strict_mode=True)
    except Error:
        return None
    return trace if len(trace) in (32, 40) else None


def show(trace: bytes) -> bytes:
    """The header's value."""
    return b2a_base64(trace, newline=False)


def trace_id(trace: bytes) -> bytes:
    """The 8 bytes that name the trace: what `l5d-reqid` shows in hex."""
    return trace[16:24]


def sampled(trace: bytes) -> bool | None:
    """Whether spans of this trace are recorded; None: nobody has decided."""
    flags = int.from_bytes(trace[24:32], "big")
    return bool(flags & SAMPLED) if flags & SAMPLING_KNOWN else None


def with_sampling(trace: bytes, yes: bool) -> bytes:
    """The same id, decided."""
    flags = int.from_bytes(trace[24:32], "big") & ~SAMPLED | SAMPLING_KNOWN | (SAMPLED if yes else 0)
    return trace[:24] + flags.to_bytes(8, "big") + trace[32:]


def read_rate(value: bytes) -> float | None:
    """An `l5d-sample` value, clamped to 0..1; None when it is no number."""
    try:
        rate = float(value)
    except ValueError:
        return None
    return min(max(rate, 0.0), 1.0) if rate == rate else None


def picks(rate: float, trace: bytes) -> bool:
    """Whether a trace is among the `rate` (0..1) that is sampled: the same for every router that is asked."""
    return int.from_bytes(trace[16:24], "big") % SAMPLE_STEPS < rate * SAMPLE_STEPS
