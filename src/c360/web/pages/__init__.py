"""The pages: one module each, with its context and its template of the same name; a module's `endpoints` are its routes."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from c360.web.frame.page import Endpoint


@cache
def all_endpoints() -> tuple[Endpoint, ...]:
    """Every page, action and download, in the order of the navigation: fixed paths before those with varying parts."""
    found: list[Endpoint] = []
    for module in iter_modules(__path__):
        found += import_module(f"{__name__}.{module.name}").endpoints
    order = {name: index for index, name in enumerate(navigation_order)}
    return tuple(sorted(found, key=lambda item: (item.path.count("{"), order.get(item.path, 99), item.path)))


navigation_order = (
    "/",
    "/review",
    "/identity",
    "/lens",
    "/features",
    "/lineage",
    "/runs",
    "/quarantine",
    "/audit",
    "/access",
)
