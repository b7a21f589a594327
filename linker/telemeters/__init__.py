"""Telemeters: where the metrics can be seen. One file a kind; the README has the options.

`TELEMETERS` knows every kind imported here. `metrics_json` is no kind: it is always there.
"""

from linker.telemeters import prometheus
from linker.telemeters.base import TELEMETERS, Telemeter, TelemeterConfig

KINDS = (prometheus,)

__all__ = ["KINDS", "TELEMETERS", "Telemeter", "TelemeterConfig"]
