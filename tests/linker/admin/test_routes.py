"""The admin server's resources, asked through the dispatcher. linkerd.md section 9, dtab.md section 17.4."""

import json
import logging
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
import trio

import linker
from dtab import Dtab, Path
from linker.admin.context import AdminContext
from linker.admin.handlers import identifier
from linker.admin.message import AdminRequest
from linker.admin.routes import dispatcher, routes
from linker.admin.security import Security
from linker.errors import UnknownDst
from linker.metrics import Metrics
from namer.delegation import ErrorNode
from namer.interpreter import CannotDelegate
from namer.namer import MaxDepth, ServedNamer

pytestmark = pytest.mark.trio


class Explains:
    """Answers with an exception node that repeats the dtab it was given."""

    async def delegate(self, dtab, path):
        return ErrorNode(path, None, dtab.show())


class CannotExplain:
    async def delegate(self, dtab, path):
        raise CannotDelegate("a const transformer")


class Loops:
    async def delegate(self, dtab, path):
        raise MaxDepth(100)


class NeverAnswers:
    async def delegate(self, dtab, path):
        await trio.sleep_forever()


@dataclass
class Router:
    label: str = "http"
    protocol: str = "http"
    dtab: Dtab = field(default_factory=lambda: Dtab.read("/svc => /#/io.l5d.fs"))
    interpreter: object = field(default_factory=Explains)
    clients: dict = field(default_factory=dict)

    async def identify(self, request):
        host = request.headers.get(b"host")
        if host is None:
            raise UnknownDst("Host header is absent")
        return Path.of("svc", host), self.dtab

    def client_state(self):
        return self.clients


class Files:
    def __init__(self, *names):
        self.names = names

    def lookup(self, path):
        raise AssertionError("the admin server looks nothing up")

    def bound_names(self):
        return [Path.read(f"/#/disco/{name}") for name in self.names]

    def state_json(self):
        return {"events": {}, "state": {"running": True}}


class Plain:
    """A namer that keeps no state and cannot list."""

    def lookup(self, path):
        raise AssertionError("the admin server looks nothing up")


def context(**changes) -> AdminContext:
    ports = {
        "metrics": Metrics(),
        "config_json": lambda: {"routers": [{"protocol": "http"}]},
        "shutdown": lambda grace: None,
        "routers": [Router()],
    }
    return AdminContext(**{**ports, **changes})


async def ask(target: str, method: str = "GET", body: bytes = b"", *, security=None, of=None, **headers: str):
    path, _, query = target.partition("?")
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    handle = dispatcher(routes(of or context()), security or Security())
    return await handle(AdminRequest(method, path, query, fields, body))


async def test_ping_is_pong_without_a_newline():
    answer = await ask("/admin/ping")
    assert (answer.status, answer.body, answer.content_type) == (200, b"pong", "text/plain;charset=UTF-8")
    assert ("Content-Language", "en") in answer.fields


@pytest.mark.parametrize("path", ["/admin", "/admin/index.txt"])
async def test_the_index_lists_every_path_sorted(path):
    listed = (await ask(path)).body.decode().splitlines()
    assert listed == sorted(listed)
    assert {"/", "/admin/ping", "/admin/metrics.json", "/delegator.json", path} <= set(listed)


async def test_an_unknown_path_is_a_plain_404():
    answer = await ask("/admin/nosuch")
    assert (answer.status, answer.content_type) == (404, "text/plain;charset=UTF-8")


async def test_what_security_closes_is_404_like_what_is_not_there():
    assert (await ask("/admin/ping", security=Security(diagnostics=False))).status == 404
    assert (await ask("/config.json", security=Security(diagnostics=False))).status == 200


async def test_config_json_is_compact_unless_asked_to_be_pretty():
    assert (await ask("/config.json")).body == b'{"routers":[{"protocol":"http"}]}'
    assert b"\n" in (await ask("/config.json?pretty=true")).body


@pytest.mark.parametrize("path", ["/config.json", "/client_state.json"])
async def test_these_say_their_charset(path):
    assert (await ask(path)).content_type == "application/json;charset=UTF-8"


async def test_client_state_is_flat_over_all_routers():
    one = Router("a", clients={"/#/x": {"state": "bound", "addresses": ["127.0.0.1:80"]}})
    two = Router("b", clients={"/#/y": {"state": "Neg"}})
    answer = json.loads((await ask("/client_state.json", of=context(routers=[one, two]))).body)
    assert answer == {**one.clients, **two.clients}


async def test_bound_names_are_those_of_all_listing_namers_sorted():
    namers = [ServedNamer(Path.read("/#/disco"), Files("web", "cart")), ServedNamer(Path.read("/#/consul"), Plain())]
    answer = await ask("/bound-names.json", of=context(namers=namers))
    assert answer.body == b'["/#/disco/cart","/#/disco/web"]'


async def test_no_bound_name_is_a_list_of_one_empty_text():
    assert (await ask("/bound-names.json")).body == b'[""]'


async def test_namer_state_is_found_by_the_prefix():
    of = context(namers=[ServedNamer(Path.read("/#/my/disco"), Files()), ServedNamer(Path.read("/#/plain"), Plain())])
    assert (await ask("/namer_state/my/disco.json", of=of)).body == b'{"events":{},"state":{"running":true}}'
    assert (await ask("/namer_state/plain.json", of=of)).status == 404


async def test_server_info_names_the_version_and_the_uptime():
    answer = json.loads((await ask("/admin/server_info")).body)
    assert answer["version"] == linker.__version__
    assert answer["uptime"] >= 0


async def test_tasks_tell_where_they_wait():
    assert b"test_tasks_tell_where_they_wait" in (await ask("/admin/tasks")).body


async def test_the_home_page_shows_each_router_and_escapes_what_it_shows():
    answer = await ask("/", of=context(routers=[Router("<b>", dtab=Dtab.read("/a => /b & /c"))]))
    assert answer.content_type.startswith("text/html")
    assert b"<b>" not in answer.body
    assert b"&lt;b&gt;" in answer.body
    assert b"/b &amp; 1.00 * /c" in answer.body or b"/b &amp; /c" in answer.body


# Metrics


def counted() -> Metrics:
    metrics = Metrics()
    metrics.scope("rt", "http", "service", "svc/web").counter("requests").value = 3
    return metrics


async def test_metrics_are_flat_or_a_tree_or_a_subtree():
    of = context(metrics=counted())
    assert json.loads((await ask("/admin/metrics.json", of=of)).body) == {"rt/http/service/svc/web/requests": 3}
    tree = json.loads((await ask("/admin/metrics.json?tree=true", of=of)).body)
    assert tree["rt"]["http"]["service"]["svc/web"]["requests"] == {"counter": 3}
    assert json.loads((await ask("/admin/metrics.json?q=rt/http", of=of)).body) == {"service/svc/web/requests": 3}
    assert b"\n" in (await ask("/admin/metrics.json?pretty=true", of=of)).body


async def test_an_unknown_subtree_is_a_404_in_json():
    answer = await ask("/admin/metrics.json?q=a/b")
    assert (answer.status, answer.content_type) == (404, "application/json")
    assert json.loads(answer.body) == {"error": "No such subtree: a/b"}


async def test_prometheus_text_is_there_without_a_telemeter():
    answer = await ask("/admin/metrics/prometheus", of=context(metrics=counted()))
    assert answer.body == b'rt:service:requests{rt="http", service="svc/web"} 3\n'
    assert answer.content_type == "text/plain"


class Page:
    path = "/my/page"
    content_type = "text/x-mine"

    def chunks(self, metrics):
        return iter(["a", "b"])


async def test_a_telemeter_s_page_is_at_its_path():
    answer = await ask("/my/page", of=context(telemeters=[Page()]))
    assert (answer.body, answer.content_type) == (b"ab", "text/x-mine")


# Shutdown


async def test_shutdown_takes_a_post_and_drains_after_the_answer():
    graces = []
    answer = await ask("/admin/shutdown", "POST", of=context(shutdown=graces.append))
    assert (answer.status, answer.body, graces) == (200, b"quitting\n", [])
    answer.after()
    assert graces == [10.0]


async def test_shutdown_takes_a_grace():
    graces = []
    (await ask("/admin/shutdown?grace=250.milliseconds", "POST", of=context(shutdown=graces.append))).after()
    assert graces == [0.25]


async def test_shutdown_refuses_get_and_a_bad_grace():
    refused = await ask("/admin/shutdown")
    assert refused.status == 405
    assert ("Allow", "POST") in refused.fields
    assert (await ask("/admin/shutdown?grace=soon", "POST")).status == 400


async def test_a_page_of_another_site_cannot_post():
    answer = await ask("/admin/shutdown", "POST", host="localhost:9990", origin="http://evil.example")
    assert (answer.status, answer.after) == (403, None)
    assert (await ask("/admin/shutdown", "POST", host="localhost:9990", origin="http://localhost:9990")).status == 200


# Logging


async def test_logging_lists_loggers_with_their_levels():
    logging.getLogger("linker.test")
    listed = json.loads((await ask("/logging.json")).body)
    assert listed[0]["logger"] == "root"
    assert {"logger": "linker.test", "level": listed[0]["level"]} in listed


async def test_logging_sets_a_level_from_query_or_form():
    logger = logging.getLogger("linker.test")
    assert (await ask("/logging.json?logger=linker.test&level=DEBUG", "POST")).body == b""
    assert logger.level == logging.DEBUG
    form = "application/x-www-form-urlencoded"
    await ask("/logging.json", "POST", b"logger=linker.test&level=ERROR", content_type=form)
    assert logger.level == logging.ERROR
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("query", ["logger=nosuch&level=DEBUG", "logger=root&level=LOUD"])
async def test_an_unknown_logger_or_level_is_a_200_that_changes_nothing(query):
    before = (await ask("/logging.json")).body
    assert (await ask(f"/logging.json?{query}", "POST")).status == 200
    assert (await ask("/logging.json")).body == before


async def test_logging_says_which_parameter_is_missing():
    answer = await ask("/logging.json?logger=root", "POST")
    assert (answer.status, answer.body) == (400, b"missing parameter: level\n")
    assert (await ask("/logging.json", "DELETE")).status == 405


# Delegations

OVERRIDE = quote("/svc=>/x")


async def tree(target: str, **kwargs):
    answer = await ask(target, **kwargs)
    assert answer.status == 200, answer.body
    assert answer.content_type == "application/json"
    return json.loads(answer.body)


async def test_a_delegation_uses_the_given_dtab_alone():
    assert await tree("/delegator.json?path=/svc/a") == {"type": "exception", "path": "/svc/a", "message": ""}
    assert (await tree(f"/delegator.json?path=/svc/a&dtab={OVERRIDE}"))["message"] == "/svc=>/x"


async def test_base_puts_the_router_s_dtab_before_the_given_one():
    answer = await tree(f"/delegator.json?path=/svc/a&base=true&dtab={OVERRIDE}")
    assert answer["message"] == "/svc=>/#/io.l5d.fs;/svc=>/x"


async def test_a_delegation_can_be_drawn():
    answer = await ask(f"/delegator.json?path=/svc/a&text=true&dtab={OVERRIDE}")
    assert answer.body == b"/svc/a: /svc=>/x\n"


async def test_an_operators_dtab_may_be_as_long_as_a_routers():
    dtab = ";".join(f"/svc/{i}=>/x/{i}" for i in range(2000))
    body = json.dumps({"path": "/svc/a", "dtab": dtab}).encode()
    answer = await ask("/delegator.json", "POST", body, content_type="application/json")
    assert (answer.status, json.loads(answer.body)["message"]) == (200, dtab)


async def test_router_is_another_name_for_namespace():
    of = context(routers=[Router("a"), Router("b", interpreter=CannotExplain())])
    assert await tree("/delegator.json?path=/svc/a&namespace=a", of=of)
    assert await tree("/delegator.json?path=/svc/a&router=a", of=of)
    unnamed = await ask("/delegator.json?path=/svc/a", of=of)
    assert (unnamed.status, unnamed.body) == (400, b"Say which router: namespace=a or b")


@pytest.mark.parametrize("label", ["b", "nosuch"])
async def test_a_router_that_is_not_there_or_cannot_explain_is_501(label):
    of = context(routers=[Router("a"), Router("b", interpreter=CannotExplain())])
    answer = await ask(f"/delegator.json?path=/svc/a&namespace={label}", of=of)
    assert (answer.status, answer.body) == (501, f"Name Interpreter for {label} cannot show delegations".encode())


async def test_a_walk_that_does_not_end_is_a_500_with_the_reason():
    answer = await ask("/delegator.json?path=/svc/a", of=context(routers=[Router(interpreter=Loops())]))
    assert (answer.status, answer.body) == (500, b"Max recursion level: 100 reached in Namer lookup")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("path=/svc/a&dtab=junk", b"Invalid dtab: "),
        ("path=junk", b"Invalid path: "),
        ("", b"Invalid path: missing"),
    ],
)
async def test_what_does_not_parse_is_a_400_that_says_what(query, message):
    answer = await ask(f"/delegator.json?{query}")
    assert answer.status == 400
    assert answer.body.startswith(message)


async def test_a_delegation_may_be_posted_as_json():
    body = json.dumps({"namespace": "http", "dtab": "/svc=>/x", "path": "/svc/a", "other": 1}).encode()
    answer = await tree("/delegator.json", method="POST", body=body, content_type="application/json")
    assert answer == {"type": "exception", "path": "/svc/a", "message": "/svc=>/x"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"path": "/svc/a"}', b'{"path": 1, "dtab": ""}', b"[" * 9999])
async def test_a_malformed_post_is_a_400_that_repeats_it(body):
    answer = await ask("/delegator.json", "POST", body, content_type="application/json")
    assert (answer.status, answer.body) == (400, b"Malformed delegation request: " + body)


async def test_other_content_types_and_methods_are_refused():
    assert (await ask("/delegator.json", "POST", b"{}", content_type="text/plain")).status == 415
    assert (await ask("/delegator.json", "PUT")).status == 405


async def test_a_name_that_stays_pending_is_a_503_after_two_seconds(autojump_clock):
    answer = await ask("/delegator.json?path=/svc/a", of=context(routers=[Router(interpreter=NeverAnswers())]))
    assert (answer.status, answer.body) == (503, b"Request timed out.")
    assert trio.current_time() == pytest.approx(2)


# The identifier port


async def identified(*fields):
    routers = [Router("web"), Router("grpc", protocol="h2")]
    handle = identifier.handler(context(routers=routers))
    return json.loads((await handle(AdminRequest("GET", "/x", fields=fields, target=b"/x"))).body)


async def test_the_identifier_port_names_the_request_for_each_http_router():
    assert await identified((b"Host", b"web")) == {"web": {"path": "/svc/web", "dtab": "/svc=>/#/io.l5d.fs"}}


async def test_the_identifier_port_says_why_a_request_has_no_name():
    assert await identified() == {"web": {"error": "Host header is absent"}}
