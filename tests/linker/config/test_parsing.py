"""Every rule of linkerd.md section 2 and every parse-stage row of 3.23, over the whole schema."""

from pathlib import Path as FilePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.config import parse
from namer.config import ConfigErrors
from tests.linker.config.common import MINIMAL, config, parse_errors, router

FS = "namers:\n- kind: io.l5d.fs\n  rootDir: .\n"


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("", ["f:1:1: routers is required. At least one router must be specified in the configuration."]),
        (
            "admin: {port: 9990}\n",
            ["f:1:1: routers is required. At least one router must be specified in the configuration."],
        ),
        (
            MINIMAL + "baseDtab: /a\n",
            ["f:4:1: unknown key 'baseDtab'; known: admin, namers, routers, telemetry, usage"],
        ),
        (MINIMAL + "router: 1\n", ["f:4:1: unknown key 'router'; did you mean 'routers'?"]),
        ("routers: {}", ["f:1:10: routers: expected a list, got a mapping"]),
        ("routers: [http]", ["f:1:11: routers[0]: expected a mapping with 'protocol', got the text 'http'"]),
        ("routers:\n- servers: [{}]", ["f:2:3: routers[0]: protocol is required; known: http"]),
        ("routers:\n- protocol: htpp", ["f:2:13: routers[0]: unknown protocol 'htpp'; did you mean 'http'?"]),
        ("routers:\n- protocol: h2", ["f:2:13: routers[0]: h2: not implemented yet"]),
        ("routers:\n- protocol: thriftmux", ["f:2:13: routers[0]: thriftmux: not implemented yet"]),
        ("routers:\n- protocol: http", ["f:2:3: routers[0].servers: router 'http' has no servers"]),
        ("routers:\n- {protocol: http, servers: []}", ["f:2:29: routers[0].servers: router 'http' has no servers"]),
        ("routers:\n- {protocol: http, label: x}", ["f:2:3: routers[0].servers: router 'x' has no servers"]),
        (MINIMAL + "admin: {port: '9990'}", ["f:4:15: admin.port: expected an integer, got the text '9990'"]),
        (MINIMAL + "admin: {ip: localhost}", ["f:4:13: admin.ip: 'localhost' is not an IP string literal."]),
        (
            MINIMAL + "admin: {security: {pathWhitelist: ['/a', '(']}}",
            [
                "f:4:42: admin.security.pathWhitelist[1]: not a regular expression:"
                " missing ), unterminated subpattern at position 0"
            ],
        ),
        (
            MINIMAL + "admin: {tls: {}}",
            ["f:4:14: admin.tls: certPath is required", "f:4:14: admin.tls: keyPath is required"],
        ),
        (MINIMAL + "usage: {enabled: maybe}", ["f:4:18: usage.enabled: expected true or false, got the text 'maybe'"]),
        (MINIMAL + "namers:\n- kind: io.l5d.consul", ["f:5:9: namers[0]: io.l5d.consul: not implemented yet"]),
        (
            MINIMAL + "namers:\n- kind: io.l5d.f",
            ["f:5:9: namers[0]: unknown kind 'io.l5d.f'; did you mean 'io.l5d.fs'?"],
        ),
        (
            MINIMAL + "namers:\n- kind: io.l5d.fs",
            ["f:5:3: namers[0]: the 'rootDir' property is required for the io.l5d.fs namer"],
        ),
        (MINIMAL + FS.replace(" .", " /no/such"), ["f:6:12: namers[0].rootDir: /no/such is not a directory"]),
        (
            MINIMAL + FS + "  prefix: disco",
            ["f:7:11: namers[0].prefix: '/' expected but 'd' found at '[d]isco'"],
        ),
        (MINIMAL + "telemetry:\n- kind: io.l5d.statsd", ["f:5:9: telemetry[0]: io.l5d.statsd: not implemented yet"]),
        (router("identifier:", "  kind: io.l5d.pth"), ["f:5:11: routers[0].identifier: unknown kind 'io.l5d.pth'; "]),
        (router("identifier: {kind: io.l5d.static}"), ["f:4:15: routers[0].identifier: path is required"]),
        (router("identifier: []"), ["f:4:15: routers[0].identifier: at least one identifier is required"]),
        (
            router("identifier: [{kind: io.l5d.path, segments: 0}]"),
            ["f:4:46: routers[0].identifier[0].segments: 0 is too small: expected at least 1"],
        ),
        (router("dtab: /svc"), ["f:4:13: routers[0].dtab: '=' expected but end of input found at '/svc[]'"]),
        (
            router("dtab: |", "  /a => /b ;", "  /c => @ ;"),
            ["f:6:11: routers[0].dtab: simple expected but '@' found at '/c => [@] ;'"],
        ),
        (router("dstPrefix: svc"), ["f:4:14: routers[0].dstPrefix: '/' expected but 's' found at '[s]vc'"]),
        (
            router("bindingTimeoutMs: abc"),
            ["f:4:21: routers[0].bindingTimeoutMs: expected an integer, got the text 'abc'"],
        ),
        (
            router('bindingTimeoutMs: "200"'),
            ["f:4:21: routers[0].bindingTimeoutMs: expected an integer, got the text '200'"],
        ),
        (
            router("bindingTimeoutMs: -1"),
            ["f:4:21: routers[0].bindingTimeoutMs: -1 milliseconds is too small: expected at least 1"],
        ),
        (
            router("bindingCache: {paths: 0}"),
            ["f:4:25: routers[0].bindingCache.paths: 0 is too small: expected at least 1"],
        ),
        (
            router("interpreter: {kind: io.l5d.mesh}"),
            ["f:4:23: routers[0].interpreter: io.l5d.mesh: not implemented yet"],
        ),
        (router("interpreter: {}"), ["f:4:16: routers[0].interpreter: kind is required; known: "]),
        (router("label: a", "label: b"), ["f:5:3: routers[0]: Duplicate field 'label'; it is on line 4 already"]),
        (router("compressionLevel: 10"), ["f:4:21: routers[0].compressionLevel: 10 is out of range: expected -1..9"]),
        (
            router("httpAccessLogRotateCount: -2"),
            ["f:4:29: routers[0].httpAccessLogRotateCount: -2 is too small: expected at least -1"],
        ),
        (router("httpAccessLogRollPolicy: yearly"), ["f:4:28: routers[0].httpAccessLogRollPolicy: "]),
        (
            router("announcers: [{kind: io.l5d.serversets}]"),
            ["f:4:16: routers[0].announcers[0]: zkAddrs is required"],
        ),
        (
            router("announcers: [{kind: io.l5d.serversets, zkAddrs: []}]"),
            ["f:4:51: routers[0].announcers[0].zkAddrs: at least one server is required"],
        ),
        (
            router("tracePropagator: {kind: io.l5d.zipkn}"),
            ["f:4:27: routers[0].tracePropagator: unknown kind 'io.l5d.zipkn'; did you mean 'io.l5d.zipkin'?"],
        ),
    ],
)
def test_what_the_parser_refuses_it_names_with_line_column_and_key(text: str, errors: list[str]):
    told = parse_errors(text)
    assert len(told) == len(errors)
    assert all(
        one.startswith(error) if error.endswith(" ") else one == error for one, error in zip(told, errors, strict=True)
    )


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("baseDtab", "renamed: use dtab"),
        ("responseClassifier", "moved: use service.responseClassifier"),
        ("retries", "moved: use service.retries"),
        ("timeoutMs", "moved: use service.totalTimeoutMs or client.requestAttemptTimeoutMs"),
        ("httpUriInDst", "moved: use httpUriInDst of identifier io.l5d.methodAndHost"),
        ("maxChunkKB", "removed in linkerd 1.6.0"),
        ("maxRequestKB", "removed in linkerd 1.7.0"),
        ("maxResponseKB", "removed in linkerd 1.7.0"),
        ("httpRequestAuthorizers", "moved: use client.requestAuthorizers"),
        ("loggers", "moved: use client.requestAuthorizers"),
        ("addForwardedHeader", "moved: use servers[].addForwardedHeader"),
        ("engine", "removed in linkerd 1.3.0"),
    ],
)
def test_keys_of_older_versions_are_refused_with_what_replaced_them(key: str, hint: str):
    (error,) = parse_errors(router(f"{key}: 1"))
    assert error.startswith(f"f:4:3: routers[0]: unknown key {key!r}: {hint}")


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (
            "client: {kind: io.l5d.dynamic}",
            "4:18: routers[0].client: unknown kind 'io.l5d.dynamic'; did you mean 'io.l5d.static'?",
        ),
        ("client: {kind: io.l5d.static}", "4:11: routers[0].client: configs is required"),
        ("client: {kind: io.l5d.static, configs: [{}]}", "4:43: routers[0].client.configs[0]: prefix is required"),
        (
            "client: {kind: io.l5d.static, failFast: true, configs: []}",
            "4:33: routers[0].client: unknown key 'failFast'; ",
        ),
        ("client: {configs: []}", "4:12: routers[0].client: unknown key 'configs'; "),
        ("client: {loadBalancer: {kind: p3c}}", "4:33: routers[0].client.loadBalancer: unknown kind 'p3c'; "),
        ("client: {loadBalancer: {maxEffort: 1}}", "4:26: routers[0].client.loadBalancer: kind is required; "),
        (
            "client: {loadBalancer: {kind: heap, maxEffort: 1}}",
            "4:39: routers[0].client.loadBalancer: unknown key 'maxEffort'; ",
        ),
        (
            "client: {failureAccrual: {kind: io.l5d.consecutiveFailures}}",
            "4:28: routers[0].client.failureAccrual: failures ",
        ),
        (
            "client: {failureAccrual: {kind: io.l5d.successRate, requests: 5}}",
            "4:28: routers[0].client.failureAccrual: ",
        ),
        (
            "client: {hostConnectionPool: {minSize: 5, maxSize: 2}}",
            "4:32: routers[0].client.hostConnectionPool: minSize 5 is larger than maxSize 2",
        ),
        (
            "client: {socketOptions: {noDelay: 1}}",
            "4:37: routers[0].client.socketOptions.noDelay: expected true or false, ",
        ),
        (
            "client: {requeueBudget: {percentCanRetry: x}}",
            "4:45: routers[0].client.requeueBudget.percentCanRetry: expected ",
        ),
        (
            "client: {tls: {disableValidation: true, clientAuth: {certPath: a, keyPath: b}}}",
            "4:55: routers[0].client.tls.clientAuth: disableValidation: true is incompatible with clientAuth",
        ),
        (
            "client: {tls: {commonName: a, trustCerts: [b], trustCertsBundle: c}}",
            "4:45: routers[0].client.tls.trustCerts: trustCerts and trustCertsBundle exclude each other; ",
        ),
        ("client: {tls: {kind: x}}", "4:18: routers[0].client.tls: unknown key 'kind': "),
        ("client: {tls: {strict: true}}", "4:18: routers[0].client.tls: unknown key 'strict': "),
        (
            "client: {tls: {caCertPath: x}}",
            "4:18: routers[0].client.tls: unknown key 'caCertPath': renamed: use trustCertsBundle",
        ),
        ("client: {thriftProtocol: x}", "4:12: routers[0].client: unknown key 'thriftProtocol'; "),
        ("service: {retries: {backoff: {kind: jittered, minMs: 1}}}", "4:32: routers[0].service.retries.backoff: "),
        ("service: {retries: {backoff: {ms: 1}}}", "4:32: routers[0].service.retries.backoff: kind is required; "),
        (
            "service: {responseClassifier: {kind: io.l5d.nonRetryable5XX}}",
            "4:40: routers[0].service.responseClassifier: unknown kind 'io.l5d.nonRetryable5XX'; did you mean ",
        ),
        (
            "service: {totalTimeoutMs: 1s}",
            "4:29: routers[0].service.totalTimeoutMs: expected an integer, got the text '1s'",
        ),
        (
            "service: {timeoutMs: 1}",
            "4:13: routers[0].service: unknown key 'timeoutMs'; did you mean 'totalTimeoutMs'?",
        ),
    ],
)
def test_blocks_within_a_router_are_checked_as_deep_as_they_go(block: str, error: str):
    (told,) = parse_errors(router(block))
    assert told.startswith(f"f:{error}")


@pytest.mark.parametrize(
    ("server", "error"),
    [
        ("port: 99999999", "f:3:11: routers[0].servers[0].port: 99999999 is not a port: expected 0..65535"),
        ("ip: example.org", "f:3:9: routers[0].servers[0].ip: 'example.org' is not an IP string literal."),
        ("tls: {certPath: a}", "f:3:10: routers[0].servers[0].tls: keyPath is required"),
        ("tls: {enabled: true, certPath: a, keyPath: b}", "f:3:11: routers[0].servers[0].tls: unknown key 'enabled': "),
        ("announce: [a]", "f:3:16: routers[0].servers[0].announce[0]: '/' expected but 'a' found at '[a]'"),
        ("maxConcurrentRequests: 0", "f:3:28: routers[0].servers[0].maxConcurrentRequests: 0 is too small: "),
        (
            "addForwardedHeader: {by: {kind: static}}",
            "f:3:30: routers[0].servers[0].addForwardedHeader.by: label is required",
        ),
        (
            "addForwardedHeader: {from: {kind: ip}}",
            "f:3:26: routers[0].servers[0].addForwardedHeader: unknown key 'from'; ",
        ),
        ("addForwardedHeader: true", "f:3:25: routers[0].servers[0].addForwardedHeader: expected a mapping, got true"),
        (
            "serverSession: {idleTimeMs: x}",
            "f:3:33: routers[0].servers[0].serverSession.idleTimeMs: expected an integer, ",
        ),
    ],
)
def test_servers_are_checked(server: str, error: str):
    (told,) = parse_errors(f"routers:\n- servers:\n  - {server}\n  protocol: http\n")
    assert told.startswith(error)


def test_all_errors_of_a_file_are_told_at_once():
    text = "admin: {port: -1}\nrouters:\n- protocol: http\n  dtab: /a\n  servers: [{port: x}]\nnosuch: 1\n"
    assert [told.split(" ")[0] for told in parse_errors(text)] == ["f:1:15:", "f:4:11:", "f:5:20:", "f:6:1:"]


def test_the_smallest_configuration_parses():
    assert len(config(MINIMAL).routers) == 1
    assert config('{"routers": [{"protocol": "http",\t"servers": [{}]}]}') == config(MINIMAL)


EXAMPLE = (FilePath(__file__).parent / "example.yaml").read_text()


@given(st.integers(0, len(EXAMPLE)), st.integers(0, 30), st.text(max_size=5))
def test_a_damaged_configuration_is_one_or_is_refused_with_a_place(at: int, cut: int, new: str):
    text = EXAMPLE[:at] + new + EXAMPLE[at + cut :]
    errors = []
    try:
        it = parse(text, "f")
        it.to_json()
        it.check_build()
    except ConfigErrors as refused:
        errors = refused.errors
    assert all(error.message for error in errors)
