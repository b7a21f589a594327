"""When an access log is rolled: the text of `httpAccessLogRollPolicy` as a value. linkerd.md section 3.13."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from namer.config import FromText

_WEEKLY = re.compile(r"weekly\(([1-7])\)")
_SIZE = re.compile(r"(\d{1,18})\.([a-z]+)", re.ASCII)
_UNITS = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte", "exabyte")


@dataclass(frozen=True, slots=True)
class RollPolicy:
    """every: "size" rolls when the file would exceed `bytes`; "weekly" on `day`, 1 = Sunday … 7 = Saturday.

    text: as it was written, lower case.
    """

    every: Literal["never", "hourly", "daily", "weekly", "size"]
    day: int = 0
    bytes: int = 0
    text: str = "never"

    def __str__(self) -> str:
        return self.text


NEVER = RollPolicy("never")


def parse_roll_policy(text: str) -> RollPolicy:
    """`never`, `hourly`, `daily`, `weekly(n)` or a size like `3.megabytes`, in any case. Raises `ValueError`."""
    word = text.strip().lower()
    if word == "never":
        return NEVER
    if word == "hourly":
        return RollPolicy("hourly", text=word)
    if word == "daily":
        return RollPolicy("daily", text=word)
    if weekly := _WEEKLY.fullmatch(word):
        return RollPolicy("weekly", day=int(weekly.group(1)), text=word)
    if (size := _SIZE.fullmatch(word)) and size.group(2).removesuffix("s") in _UNITS and int(size.group(1)) > 0:
        factor: int = 1024 ** _UNITS.index(size.group(2).removesuffix("s"))
        return RollPolicy("size", bytes=int(size.group(1)) * factor, text=word)
    raise ValueError(f"expected never, hourly, daily, weekly(1..7) or a size like 3.megabytes, got {text!r}")


RollPolicyText = Annotated[RollPolicy, FromText(parse_roll_policy)]
