"""Durations as linkerd writes them: `5.seconds`, `1.minute`, `1.minute+30.seconds`."""

from __future__ import annotations

import re

_UNITS = {
    "nanosecond": 1e-9,
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
}
_TERM = re.compile(rf"\+?([0-9]+)\.({'|'.join(_UNITS)})s?", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds. ValueError when it is no duration, or a negative one."""
    at, seconds = 0, 0.0
    while at < len(text) or not at:
        term = _TERM.match(text, at)
        if term is None or (at and text[at] != "+"):
            raise ValueError(f"not a duration: {text!r}; expected a number and a unit, such as 5.seconds")
        seconds += int(term[1]) * _UNITS[term[2]]
        at = term.end()
    return seconds
