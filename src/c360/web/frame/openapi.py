"""The pages and actions in, the OpenAPI 3.1 document of `/api` out: made from the same declarations that answer."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from c360 import __version__
from c360.project import Project
from c360.web.frame.page import Action, Download, Endpoint, Page, Parameter, Passage

scalars: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Decimal: {"type": "string"},
    UUID: {"type": "string", "format": "uuid"},
    NoneType: {"type": "null"},
    Any: {},
}
faults = {
    "type": "object",
    "required": ["version", "faults"],
    "properties": {
        "version": {"const": 1},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string", "description": "A stable name of what is wrong."},
                    "message": {"type": "string", "description": "What is wrong, in a sentence."},
                    "fix": {"type": ["string", "null"], "description": "The next step."},
                    "at": {"type": ["string", "null"], "description": "Where it stands in the project file."},
                },
            },
        },
    },
}
refusals = {
    "400": "A parameter cannot be read.",
    "401": "Nobody is signed in, or the token is not valid.",
    "403": "The role or the token's scopes do not allow it.",
    "404": "There is nothing of that name.",
    "409": "Nothing is published yet, or a run is under way.",
    "410": "The snapshot of a cursor is gone.",
    "422": "It cannot be done; each fault says why.",
}


class Schemas:
    """Collects the schemas of dataclasses under their names."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.names: dict[type, str] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type."""
        if kind in scalars:
            return dict(scalars[kind])
        if is_dataclass(kind) and isinstance(kind, type):
            return self.of_dataclass(kind)
        return self.of_container(get_origin(kind), get_args(kind))

    def of_container(self, origin: Any, arguments: Sequence[Any]) -> dict[str, Any]:
        """The schema of a type that is made of others; anything where that is not known."""
        if origin in (Union, UnionType):
            return {"anyOf": [self.of(one) for one in arguments]}
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return self.of_tuple(arguments)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        return {"type": "array", "items": self.of(arguments[0])} if origin is list else {}

    def of_tuple(self, arguments: Sequence[Any]) -> dict[str, Any]:
        """A tuple of many of one type, or of one of each."""
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": self.of(arguments[0])}
        items = [self.of(one) for one in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}

    def name_of(self, kind: type) -> str:
        """The name of a schema; the second class of a name has that of its module before it."""
        if kind not in self.names:
            name = kind.__name__
            taken = name in self.names.values()
            self.names[kind] = f"{kind.__module__.rpartition('.')[2].capitalize()}{name}" if taken else name
        return self.names[kind]

    def of_dataclass(self, kind: type) -> dict[str, Any]:
        """A dataclass as a named schema; its help texts are the descriptions."""
        name = self.name_of(kind)
        if name not in self.found:
            self.found[name] = {}  # a type may hold itself
            hints = get_type_hints(kind)
            properties = {}
            for item in fields(kind):
                help_text = item.metadata.get("help")
                properties[item.name] = {
                    **self.of(hints[item.name]),
                    **({"description": help_text} if help_text else {}),
                }
            self.found[name] = {
                "type": "object",
                "description": (kind.__doc__ or "").strip().splitlines()[0] if kind.__doc__ else "",
                "required": list(properties),
                "properties": properties,
            }
        return {"$ref": f"#/components/schemas/{name}"}


def document(project: Project, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of what this project offers."""
    schemas = Schemas()
    schemas.found["Faults"] = faults
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        if isinstance(endpoint, Passage) or not endpoint.present(project):
            continue
        if isinstance(endpoint, Download) or endpoint.in_api:
            path, method, operation = describe(endpoint, schemas, tuple(project.file.entities))
            paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Customer 360 of {project.name}",
            "version": __version__,
            "description": "What the pages show, as JSON. Sign in with a token: `Authorization: Bearer c360_...`.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.found,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def describe(
    endpoint: Page | Action | Download, schemas: Schemas, entities: Sequence[str]
) -> tuple[str, str, dict[str, Any]]:
    """Path, method and operation of one page or action."""
    path = "/api/overview" if endpoint.path == "/" else f"/api{endpoint.path}"
    parts = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": {"type": "string", **({"enum": list(entities)} if name == "entity" else {"minLength": 1})},
        }
        for name, text in endpoint.path_help.items()
    ]
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "x-permission": endpoint.permission,
    }
    if isinstance(endpoint, Action):
        body = {"type": "object", "properties": {one.name: schema_of(one) for one in endpoint.parameters}}
        required = [one.name for one in endpoint.parameters if one.required]
        body |= {"required": required} if required else {}
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}, "required": bool(required)}
        said = {"version": {"const": 1}, "said": {"type": "string"}, "data": {"type": "object"}}
        success = {"application/json": {"schema": {"type": "object", "required": list(said), "properties": said}}}
        operation["parameters"] = parts
    else:
        operation["parameters"] = [*parts, *(query_parameter(one) for one in endpoint.parameters)]
        success = answer(schemas, endpoint) if isinstance(endpoint, Page) else file_answer(endpoint)
    responses: dict[str, Any] = {"200": {"description": endpoint.summary, "content": success}}
    if isinstance(endpoint, Page):
        responses["303"] = {
            "description": "It has another id now.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        }
    operation["responses"] = {**responses, **refused(*refusals)}
    return path, "post" if isinstance(endpoint, Action) else "get", operation


def answer(schemas: Schemas, page: Page) -> dict[str, Any]:
    """The body of a page's answer."""
    properties = {
        "version": {"const": 1},
        "snapshot": {"type": ["string", "null"], "description": "The snapshot that it was read from."},
        "data": schemas.of(page.context),
    }
    return {"application/json": {"schema": {"type": "object", "required": list(properties), "properties": properties}}}


def file_answer(download: Download) -> dict[str, Any]:
    """The body of a download."""
    kind = "object" if download.media_type == "application/json" else "string"
    return {download.media_type: {"schema": {"type": kind}}}


def refused(*statuses: str) -> dict[str, Any]:
    """The refusals of an operation."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Faults"}}}
    return {status: {"description": refusals[status], "content": content} for status in statuses}


def query_parameter(parameter: Parameter) -> dict[str, Any]:
    """A parameter of the query."""
    found: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.help,
        "schema": schema_of(parameter),
    }
    return {**found, "style": "form", "explode": True} if parameter.kind == "many" else found


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """What a parameter takes."""
    if parameter.kind == "many":
        items: dict[str, Any] = {"type": "string", "maxLength": parameter.longest}
        return {"type": "array", "items": {**items, "enum": list(parameter.choices)} if parameter.choices else items}
    if parameter.kind == "integer":
        return {"type": "integer", "minimum": parameter.least, "maximum": parameter.most}
    if parameter.kind == "flag":
        return {"type": "boolean"}
    if parameter.kind == "json":
        return {"type": ["object", "string"], "description": parameter.help}
    if parameter.kind == "day":
        return {"type": "string", "format": "date"}
    text: dict[str, Any] = {"type": "string", "maxLength": parameter.longest}
    text |= {"enum": list(parameter.choices)} if parameter.choices else {}
    return {**text, "minLength": 1} if parameter.required else text
