"""The configurations that linkerd 1.7.5 was seen to refuse (observed.md), and where ours points."""

import pytest

from linker.config import parse
from namer.config import ConfigErrors

GOOD = """\
admin: {ip: 127.0.0.1, port: 9990}
usage: {enabled: false}
namers:
- kind: io.l5d.fs
  rootDir: .
routers:
- protocol: http
  dtab: |
    /svc => /#/io.l5d.fs
  servers:
  - port: 4140
    ip: 127.0.0.1
"""


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "protocol: http",
            "protocol: http\n  nosuch: 1",
            "f:8:3: routers[0]: unknown key 'nosuch'; known: announcers, ",
        ),
        ("4140", "99999999", "f:11:11: routers[0].servers[0].port: 99999999 is not a port: expected 0..65535"),
        (GOOD[GOOD.index("routers") :], "", "f:1:1: routers is required. At least one router must be specified"),
        (GOOD, "", "f:1:1: routers is required. At least one router must be specified in the configuration."),
        ("http", "htpp", "f:7:13: routers[0]: unknown protocol 'htpp'; did you mean 'http'?"),
        (
            "  servers",
            "  identifier:\n    kind: io.l5d.nosuch\n  servers",
            "f:11:11: routers[0].identifier: unknown kind 'io.l5d.nosuch'; ",
        ),
        (
            "  - port",
            "  - port: 4140\n    ip: 127.0.0.1\n  - port",
            "f:13:11: routers[0].servers[1].port: Server conflict on port 4140: routers[0].servers[0] listens on ",
        ),
        (GOOD, "routers: [", "f:2:1: not YAML: "),
        (GOOD, "routers: [\n", "f:2:1: not YAML: "),
        ("  rootDir: .\n", "", "f:4:3: namers[0]: the 'rootDir' property is required for the io.l5d.fs namer"),
        (
            "  servers",
            "  bindingTimeoutMs: abc\n  servers",
            "f:10:21: routers[0].bindingTimeoutMs: expected an integer, got the text 'abc'",
        ),
    ],
)
def test_what_linkerd_refused_is_refused_with_its_place(old: str, new: str, error: str):
    with pytest.raises(ConfigErrors) as caught:
        parse(GOOD.replace(old, new, 1), "f").check_build()
    (told,) = str(caught.value).splitlines()
    assert told.startswith(error)


def test_the_configuration_that_they_are_made_from_is_fine():
    it = parse(GOOD, "f")
    it.check_build()
    assert it.warnings == ()
