"""admin.security: which paths the admin server answers. linkerd.md section 3.2.

A path is refused (404, as if it were not there) when the blacklist matches it; else it is open when its category is
enabled or the whitelist matches it. Every expression must match the whole path.
"""

from __future__ import annotations

import re

from linker.config.admin import SecurityConfig
from namer.records import record

_UI = re.compile(
    r"/|/files/.*|/admin/files/.*|/config\.json|/metrics\.json|/admin/metrics\.json|/admin/metrics"
    r"|/delegator|/delegator\.json|/logging|/help"
)
_CONTROL = re.compile(r"/admin/shutdown|/logging\.json")


@record
class Security:
    """The decision."""

    ui: bool = True
    control: bool = True
    diagnostics: bool = True
    whitelist: tuple[re.Pattern[str], ...] = ()
    blacklist: tuple[re.Pattern[str], ...] = ()

    @staticmethod
    def of(settings: SecurityConfig | None) -> Security:
        """The decision for a block of the configuration; without one, everything is open."""
        if settings is None:
            return Security()
        return Security(
            settings.uiEnabled,
            settings.controlEnabled,
            settings.diagnosticsEnabled,
            tuple(re.compile(each) for each in settings.pathWhitelist),
            tuple(re.compile(each) for each in settings.pathBlacklist),
        )

    def allows(self, path: str) -> bool:
        """Whether `path` (as routed: slashes collapsed, no query) is answered."""
        if any(each.fullmatch(path) for each in self.blacklist):
            return False
        return self._enabled(path) or any(each.fullmatch(path) for each in self.whitelist)

    def _enabled(self, path: str) -> bool:
        if _UI.fullmatch(path):
            return self.ui
        return self.control if _CONTROL.fullmatch(path) else self.diagnostics
