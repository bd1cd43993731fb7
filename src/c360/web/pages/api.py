"""The API for people: its operations in a table, and the document that programs read."""

from c360.records import dataclass
from c360.web.frame.openapi import document
from c360.web.frame.page import Context, Download, File, Page, shown
from c360.web.frame.plain import json_text
from c360.web.frame.visit import Visit


@dataclass(frozen=True)
class Operation:
    """One operation of the API."""

    method: str
    path: str
    summary: str
    permission: str


@dataclass(frozen=True)
class ApiContext(Context):
    """The API."""

    operations: tuple[Operation, ...] = shown("What can be asked for and done.")


def show(visit: Visit) -> ApiContext:
    """Describe the API."""
    found = document(visit.project, visit.site.endpoints)
    operations = [
        Operation(method.upper(), path, operation["summary"], operation.get("x-permission", "signed-in"))
        for path, methods in sorted(found["paths"].items())
        for method, operation in methods.items()
    ]
    return ApiContext("API", tuple(operations))


def write_document(visit: Visit) -> File:
    """The OpenAPI document."""
    body = json_text(document(visit.project, visit.site.endpoints)).encode()
    return File("openapi.json", "application/json", body, 0, is_shown=True)


endpoints = (
    Download("/openapi.json", "openapi", "signed-in", write_document, "This document.", "application/json"),
    Page("/developers", "api.html", "signed-in", ApiContext, show, "The API and its document.", reads_data=False, in_api=False),
)  # fmt: skip
