"""The build stage of linkerd.md section 3.23: what parses and is refused before anything starts."""

import pytest

from linker.config import LinkerConfig, check_build
from linker.config.router import PROTOCOLS
from namer.config import Marks
from namer.records import config_class
from tests.linker.config.common import MINIMAL, build_errors, loaded, router

TLS = "tls: {certPath: a, keyPath: b}"


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("routers: []\n", ["f:1:10: routers: At least one router must be specified in the configuration."]),
        (
            MINIMAL + "- protocol: http\n  servers: [{port: 1}]\n",
            ["f:4:3: routers[1].label: Multiple routers with the label http: routers[0] has it too"],
        ),
        (
            MINIMAL + "- protocol: http\n  label: http\n  servers: [{port: 1}]\n",
            ["f:5:10: routers[1].label: Multiple routers with the label http: routers[0] has it too"],
        ),
        (
            "routers:\n- protocol: http\n  servers:\n  - port: 1\n  - {port: 1}\n",
            [
                "f:5:12: routers[0].servers[1].port: Server conflict on port 1:"
                " routers[0].servers[0] listens on 127.0.0.1:1 too"
            ],
        ),
        (
            MINIMAL + "- protocol: http\n  label: b\n  servers:\n  - ip: 127.0.0.1\n",
            [
                "f:7:5: routers[1].servers[0].port: Server conflict on port 4140:"
                " routers[0].servers[0] listens on 127.0.0.1:4140 too"
            ],
        ),
        (
            'routers:\n- protocol: http\n  servers: [{ip: "::1"}, {ip: "0::1"}]\n',
            [
                "f:3:26: routers[0].servers[1].port: Server conflict on port 4140:"
                " routers[0].servers[0] listens on [::1]:4140 too"
            ],
        ),
        (
            "routers:\n- protocol: http\n  servers: [{port: 0}, {port: 0}]\n",
            [
                "f:3:31: routers[0].servers[1].port: Server conflict on port 0:"
                " routers[0].servers[0] listens on 127.0.0.1:0 too"
            ],
        ),
        (
            router("streamingEnabled: false", "streamAfterContentLengthKB: 5"),
            [
                "f:5:31: routers[0].streamAfterContentLengthKB:"
                " conflicting streaming options: streamAfterContentLengthKB with streamingEnabled: false"
            ],
        ),
        (
            router("service: {retries: {budget: {ttlSecs: 61}}}"),
            ["f:4:41: routers[0].service.retries.budget.ttlSecs: requirement failed: ttlSecs must be 1 to 60, got 61"],
        ),
        (
            router("client: {requeueBudget: {ttlSecs: 0}}"),
            ["f:4:37: routers[0].client.requeueBudget.ttlSecs: requirement failed: ttlSecs must be 1 to 60, got 0"],
        ),
        (
            router("client: {requeueBudget: {minRetriesPerSec: -1, percentCanRetry: 1001}}"),
            [
                "f:4:46: routers[0].client.requeueBudget.minRetriesPerSec:"
                " requirement failed: minRetriesPerSec must not be negative, got -1",
                "f:4:67: routers[0].client.requeueBudget.percentCanRetry:"
                " requirement failed: percentCanRetry is a ratio of 0 to 1000, got 1001.0",
            ],
        ),
        (MINIMAL.replace("{}", "{" + TLS + "}"), ["f:3:19: routers[0].servers[0].tls: tls: not implemented yet"]),
        (MINIMAL + "admin: {" + TLS + "}", ["f:4:14: admin.tls: tls: not implemented yet"]),
        (router("client: {tls: {commonName: a}}"), ["f:4:17: routers[0].client.tls: tls: not implemented yet"]),
        (
            router("client:", "  kind: io.l5d.static", "  configs: [{prefix: /, tls: {disableValidation: true}}]"),
            ["f:6:32: routers[0].client.configs[0].tls: tls: not implemented yet"],
        ),
        (
            MINIMAL.replace("{}", "{announce: [/#/a/b]}"),
            ["f:3:24: routers[0].servers[0].announce: announce: not implemented yet"],
        ),
        (
            router("announcers: [{kind: io.l5d.serversets, zkAddrs: [{host: a}]}]"),
            ["f:4:15: routers[0].announcers: announcers: not implemented yet"],
        ),
        (
            router("tracePropagator: {kind: io.l5d.zipkin}"),
            ["f:4:20: routers[0].tracePropagator: tracePropagator: not implemented yet"],
        ),
        (
            router("client: {forwardClientCert: true}"),
            ["f:4:31: routers[0].client.forwardClientCert: forwardClientCert: not implemented yet"],
        ),
        (
            router("client: {requestAuthorizers: [{kind: io.l5d.k8s.istio}]}"),
            ["f:4:32: routers[0].client.requestAuthorizers: requestAuthorizers: not implemented yet"],
        ),
    ],
)
def test_what_cannot_be_built_is_refused_with_line_column_and_key(text: str, errors: list[str]):
    assert build_errors(text) == errors


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL,
        router("client: {tls: {enabled: false}}"),
        router("announcers: []"),
        router("client: {forwardClientCert: false}"),
        router("tracePropagator: {kind: io.l5d.default}"),
        router("client: {requestAuthorizers: []}"),
        MINIMAL.replace("{}", "{announce: [], tls: null}"),
        router("streamingEnabled: false"),
        router("streamAfterContentLengthKB: 0"),
        router("service: {retries: {budget: {minRetriesPerSec: 0, percentCanRetry: 0, ttlSecs: 1}}}"),
        MINIMAL.replace("{}", "{ip: 127.0.0.1}, {ip: 0.0.0.0}"),
        MINIMAL + "admin: {port: 4140}",
        MINIMAL + "- protocol: http\n  label: b\n  servers: [{port: 1}]\n",
    ],
)
def test_what_can_be_built_passes(text: str):
    loaded(text).check_build()


def test_all_reasons_are_told_at_once_in_file_order():
    text = (
        router("label: a", "service: {retries: {budget: {ttlSecs: 0}}}")
        + "- protocol: http\n  label: a\n  servers: [{}]\n"
    )
    assert [error.split(" ")[0] for error in build_errors(text)] == ["f:5:41:", "f:7:10:", "f:8:13:"]


def test_a_configuration_made_without_a_file_is_checked_too():
    (error,) = check_build(LinkerConfig(routers=()), Marks())
    assert error.show("f") == "f:1:1: routers: At least one router must be specified in the configuration."


def test_experimental_protocols_and_kinds_must_be_enabled(monkeypatch: pytest.MonkeyPatch):
    @config_class
    class Odd(PROTOCOLS.kinds["http"]):  # type: ignore[name-defined, misc]  # a class found at run time
        pass

    monkeypatch.setattr(PROTOCOLS, "_kinds", dict(PROTOCOLS.kinds))
    monkeypatch.setattr(PROTOCOLS, "_experimental", set())
    PROTOCOLS.register("odd", experimental=True)(Odd)
    text = "routers:\n- protocol: odd\n  servers: [{}]\n"
    assert build_errors(text) == [
        "f:2:3: routers[0]: The odd protocol is experimental and must be explicitly enabled"
        " by setting the `experimental' parameter to `true' on each router"
    ]
    assert len(build_errors(text + "  experimental: false\n")) == 1
    loaded(text + "  experimental: true\n").check_build()
