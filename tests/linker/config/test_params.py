"""`params_for`: which client and service parameters hold for a name. linkerd.md sections 3.6 and 3.7."""

import pytest

from dtab import Path
from linker.accrual import DEFAULT_ACCRUAL
from linker.config import BudgetConfig, ClientParams, ServiceParams, SessionConfig
from linker.config.client import UNBOUNDED
from namer.pathmatcher import PathTooShort
from tests.linker.config.common import config, router

WEB = Path.read("/#/io.l5d.fs/web")
API = Path.read("/#/io.l5d.fs/api")
STATIC = ("client:", "  kind: io.l5d.static", "  configs:")


def client_params(path: Path, *lines: str) -> ClientParams:
    return config(router(*lines)).routers[0].client.params_for(path)


def service_params(path: Path, *lines: str) -> ServiceParams:
    return config(router(*lines)).routers[0].service.params_for(path)


def test_without_a_client_block_everything_has_its_default():
    params = client_params(WEB)
    assert params == ClientParams()
    assert (params.tls, params.failFast, params.requestAttemptTimeoutMs) == (None, False, None)
    assert params.failureAccrual == DEFAULT_ACCRUAL
    assert params.requeueBudget == BudgetConfig(minRetriesPerSec=10, percentCanRetry=0.2, ttlSecs=10)
    pool = params.hostConnectionPool
    assert (pool.minSize, pool.maxSize, pool.idleTimeMs, pool.maxWaiters) == (0, UNBOUNDED, None, UNBOUNDED)
    assert type(params.loadBalancer).__name__.lower().startswith("p2c")


def test_without_a_service_block_everything_has_its_default():
    params = service_params(Path.read("/svc/web"))
    assert params == ServiceParams()
    assert params.totalTimeoutMs is None
    assert params.retries.budget == BudgetConfig()
    assert params.retries.backoff.ms == 0


@pytest.mark.parametrize("kind", ["", "kind: io.l5d.global, "])
def test_global_parameters_hold_for_every_name(kind: str):
    assert client_params(WEB, f"client: {{{kind}failFast: true}}").failFast
    assert service_params(WEB, f"service: {{{kind}totalTimeoutMs: 7}}").totalTimeoutMs == 7


def test_only_matching_entries_apply_and_no_match_means_defaults():
    lines = (*STATIC, "  - {prefix: /#/io.l5d.fs/web, failFast: true}")
    assert client_params(WEB, *lines).failFast
    assert client_params(API, *lines) == ClientParams()


def test_later_entries_override_key_by_key():
    lines = (
        *STATIC,
        "  - {prefix: /, requestAttemptTimeoutMs: 1, failFast: true, clientSession: {idleTimeMs: 5}}",
        "  - {prefix: '/#/io.l5d.fs/{x}', requestAttemptTimeoutMs: 2}",
        "  - {prefix: /#/io.l5d.fs/web, clientSession: {lifeTimeMs: 6}, failFast: null}",
    )
    assert client_params(WEB, *lines) == ClientParams(
        requestAttemptTimeoutMs=2, failFast=True, clientSession=SessionConfig(lifeTimeMs=6)
    )
    assert client_params(API, *lines).clientSession == SessionConfig(idleTimeMs=5)


def test_an_explicit_default_overrides_what_an_earlier_entry_said():
    lines = (*STATIC, "  - {prefix: /, failFast: true}", "  - {prefix: /#/io.l5d.fs/web, failFast: false}")
    assert not client_params(WEB, *lines).failFast
    assert client_params(API, *lines).failFast


def test_variables_of_the_prefix_are_put_into_the_common_name():
    lines = (*STATIC, '  - {prefix: "/#/{kind}/{name}", tls: {commonName: "{name}.{kind}.{other}"}}')
    tls = client_params(WEB, *lines).tls
    assert tls is not None
    assert tls.commonName == "web.io.l5d.fs.{other}"


def test_tls_can_be_switched_off_for_some_names():
    lines = (*STATIC, "  - {prefix: /, tls: {commonName: x}}", "  - {prefix: /#/io.l5d.fs/web, tls: {enabled: false}}")
    off, on = client_params(WEB, *lines).tls, client_params(API, *lines).tls
    assert off is not None
    assert not off.enabled
    assert on is not None
    assert on.commonName == "x"


def test_services_are_matched_by_the_identified_name():
    lines = (
        "service:",
        "  kind: io.l5d.static",
        "  configs:",
        "  - {prefix: /svc, totalTimeoutMs: 1, responseClassifier: {kind: io.l5d.http.allSuccessful}}",
        "  - {prefix: /svc/web, totalTimeoutMs: 2}",
    )
    web, api = service_params(Path.read("/svc/web"), *lines), service_params(Path.read("/svc/api"), *lines)
    assert (web.totalTimeoutMs, api.totalTimeoutMs) == (2, 1)
    assert web.responseClassifier == api.responseClassifier != ServiceParams().responseClassifier


def test_a_name_that_ends_before_a_star_is_an_error_as_in_the_original():
    with pytest.raises(PathTooShort):
        client_params(WEB, *STATIC, "  - {prefix: /#/io.l5d.fs/web/*}")
