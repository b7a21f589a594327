"""The whole configuration schema of a linker: YAML or JSON → `LinkerConfig`. The README has the option tables."""

from linker.config.admin import AdminConfig, SecurityConfig, UsageConfig
from linker.config.checks import check_build
from linker.config.client import ClientConfig, ClientParams, PoolConfig
from linker.config.http import HttpRouterConfig, HttpServerConfig
from linker.config.load import LoadedConfig, NotAFile, load, parse
from linker.config.retries import BudgetConfig, RetriesConfig
from linker.config.router import PROTOCOLS, BindingCacheConfig, RouterConfig
from linker.config.server import ServerConfig
from linker.config.service import ServiceConfig, ServiceParams
from linker.config.show import to_json
from linker.config.sockets import SessionConfig, SocketOptions
from linker.config.tls import ClientTls, ServerTls
from linker.config.top import LinkerConfig

__all__ = [
    "PROTOCOLS",
    "AdminConfig",
    "BindingCacheConfig",
    "BudgetConfig",
    "ClientConfig",
    "ClientParams",
    "ClientTls",
    "HttpRouterConfig",
    "HttpServerConfig",
    "LinkerConfig",
    "LoadedConfig",
    "NotAFile",
    "PoolConfig",
    "RetriesConfig",
    "RouterConfig",
    "SecurityConfig",
    "ServerConfig",
    "ServerTls",
    "ServiceConfig",
    "ServiceParams",
    "SessionConfig",
    "SocketOptions",
    "UsageConfig",
    "check_build",
    "load",
    "parse",
    "to_json",
]
