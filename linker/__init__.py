"""The proxy: servers, routers, clients and the admin server, on trio."""

__version__ = "0.1.0"
