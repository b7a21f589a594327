"""admin.security: linkerd.md section 3.2."""

import pytest

from linker.admin.security import Security
from linker.config.admin import SecurityConfig


def test_without_a_block_everything_is_open():
    assert Security.of(None).allows("/admin/shutdown")


@pytest.mark.parametrize(
    ("block", "open_", "closed"),
    [
        (SecurityConfig(uiEnabled=False), "/admin/shutdown", "/config.json"),
        (SecurityConfig(uiEnabled=False), "/client_state.json", "/"),
        (SecurityConfig(controlEnabled=False), "/config.json", "/logging.json"),
        (SecurityConfig(controlEnabled=False), "/admin/ping", "/admin/shutdown"),
        (SecurityConfig(diagnosticsEnabled=False), "/delegator.json", "/admin/ping"),
        (SecurityConfig(diagnosticsEnabled=False), "/admin/metrics.json", "/admin/metrics/prometheus"),
    ],
)
def test_a_switch_closes_its_category_only(block, open_, closed):
    security = Security.of(block)
    assert security.allows(open_)
    assert not security.allows(closed)


def test_the_whitelist_opens_paths_of_a_closed_category_and_must_match_the_whole_path():
    security = Security.of(SecurityConfig(controlEnabled=False, pathWhitelist=("/admin/shut.*", "/logging")))
    assert security.allows("/admin/shutdown")
    assert not security.allows("/logging.json")


def test_the_blacklist_wins_over_everything():
    security = Security.of(SecurityConfig(pathWhitelist=(".*",), pathBlacklist=("/admin/.*",)))
    assert not security.allows("/admin/ping")
    assert security.allows("/config.json")
