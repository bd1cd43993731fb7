"""A project and settings in, the web application out: its routes, each with its right, and what stands in front of them."""

import logging
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from c360.project import Project
from c360.web.frame.answering import Answer, Asked
from c360.web.frame.faults import failure_of_status
from c360.web.frame.page import Action, Download, Endpoint, Page, Passage
from c360.web.guard.headers import SecurityHeaders
from c360.web.pages import all_endpoints
from c360.web.settings import Settings
from c360.web.site import Site

largest_body = 1_000_000
log = logging.getLogger("c360.web")


def create_app(project: Project, settings: Settings | None = None) -> Starlette:
    """The ASGI application of a project."""
    site = Site(project, settings or Settings())
    endpoints = all_endpoints()
    site.pages = tuple(endpoint for endpoint in endpoints if isinstance(endpoint, Page))
    site.endpoints = tuple(endpoints)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        site.readings.current()  # a large snapshot is prepared while nobody asks yet
        yield
        site.close()

    routes = [route for endpoint in endpoints for route in routes_of(site, endpoint)]
    only_done = frozenset(route.path for route in routes if not isinstance(route, Showing))
    for route in routes:
        if isinstance(route, Showing):
            route.only_done = only_done
    app = Starlette(
        routes=[
            Route("/healthz", healthy, methods=["GET"]),
            Route("/favicon.ico", lambda _: RedirectResponse(site.assets.url("mark.svg")), methods=["GET"]),
            Route("/static/{name:path}", site.assets.respond, methods=["GET"]),
            *routes,
        ],
        middleware=[Middleware(SecurityHeaders, encrypted=site.settings.is_encrypted)],
        exception_handlers={HTTPException: unknown_page(site), Exception: bug(site)},
        lifespan=lifespan,
        max_body_size=largest_body,
    )
    app.state.site = site
    return app


async def healthy(_: Request) -> Response:
    """Whether the process answers."""
    return PlainTextResponse("ok\n")


def routes_of(site: Site, endpoint: Endpoint) -> list[Route]:
    """The routes of one page or action: as HTML, as `.json`, and under `/api`."""
    if isinstance(endpoint, Page):
        json_path = "/index.json" if endpoint.path == "/" else f"{endpoint.path}.json"
        found = [(json_path, True), (endpoint.path, False)]
        found += [(api_path(endpoint.path), True)] if endpoint.in_api else []
    elif isinstance(endpoint, Download):
        found = [(endpoint.path, False), (api_path(endpoint.path), True)]
    elif isinstance(endpoint, Passage):
        found = [(endpoint.path, False)]
    else:
        found = [(endpoint.path, False)] + ([(api_path(endpoint.path), True)] if endpoint.in_api else [])
    method = "POST" if isinstance(endpoint, Action) else "GET"
    kind = Showing if method == "GET" else Route
    return [
        kind(path, responder(site, endpoint, as_json=as_json), methods=[method], name=f"{endpoint.name} {path}")
        for path, as_json in found
    ]


class Showing(Route):
    """A route that shows something; where something is only done, nothing is: `/runs/start` is no run called `start`."""

    only_done: frozenset[str] = frozenset()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this route is meant."""
        if "{" in self.path and scope["path"] in self.only_done:
            return Match.NONE, {}
        return super().matches(scope)


def api_path(path: str) -> str:
    """Where the API answers what a page shows."""
    return "/api/overview" if path == "/" else f"/api{path}"


def responder(site: Site, endpoint: Endpoint | None, *, as_json: bool) -> Any:
    """The function that answers a route: reads the request, works in a thread."""
    objects = {one.name for one in getattr(endpoint, "parameters", ()) if one.kind == "json"}

    async def respond(request: Request) -> Response:
        asked = await read_request(request, as_json=as_json, objects=objects)
        return await run_in_threadpool(Answer(site, endpoint, asked).respond)

    return respond


async def read_request(request: Request, *, as_json: bool, objects: AbstractSet[str] = frozenset()) -> Asked:
    """Read what a request brings; `objects` names the parameters that may be one."""
    return Asked(
        method=request.method,
        path=request.url.path,
        parts={name: str(value) for name, value in request.path_params.items()},
        query=tuple(request.query_params.multi_items()),
        headers=request.headers,
        cookies=request.cookies,
        address=request.client.host if request.client else "",
        form=await read_form(request, objects) if request.method == "POST" else None,
        as_json=as_json,
        fragment=fragment_of(request),
    )


async def read_form(request: Request, objects: AbstractSet[str]) -> dict[str, list[str]]:
    """The fields of a form, or of a JSON object of texts, numbers and lists.

    Raises:
        HTTPException: the body is neither.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        return json_fields(await request.body(), objects)
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data", ""):
        raise HTTPException(415)
    found: dict[str, list[str]] = {}
    async with request.form(max_files=0, max_fields=200) as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
    return found


def json_fields(body: bytes, objects: AbstractSet[str] = frozenset()) -> dict[str, list[str]]:
    """A JSON object as form fields; the value of some may be an object, which stays JSON."""
    import json

    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(value, dict):
        raise HTTPException(400)
    found = {}
    for name, item in value.items():
        items = item if isinstance(item, list) else [item]
        if any(isinstance(one, (dict, list)) for one in items) and not (name in objects and isinstance(item, dict)):
            raise HTTPException(400)
        texts = [one if isinstance(one, str) else json.dumps(one) for one in items if one is not None]
        found[str(name)] = texts
    return found


def fragment_of(request: Request) -> str | None:
    """The id of the element that htmx asks for alone: `section#timeline` as `timeline`."""
    if request.headers.get("hx-request") != "true" or request.headers.get("hx-request-type") != "partial":
        return None
    return request.headers.get("hx-target", "").partition("#")[2] or None


def unknown_page(site: Site) -> Any:
    """Answer what no route takes."""

    async def respond(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        asked = Asked(
            request.method, request.url.path, {}, (), request.headers, request.cookies, "",
            as_json=is_for_programs(request.url.path),
        )  # fmt: skip
        if status not in (404, 405):
            answer = Answer(site, None, asked)
            return await run_in_threadpool(answer.refuse_early, failure_of_status(status, request.url.path))
        response = await run_in_threadpool(Answer(site, None, asked, unanswered=status).respond)
        if isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
        return response

    return respond


def is_for_programs(path: str) -> bool:
    """Whether a path is one of the JSON ones."""
    return path.startswith("/api/") or path.endswith(".json")


def bug(site: Site) -> Any:
    """Answer a fault of our own: logged with a number that the page shows."""

    async def respond(request: Request, error: Exception) -> Response:
        from secrets import token_hex

        number = token_hex(4)
        log.error("bug %s at %s", number, request.url.path, exc_info=error)
        asked = Asked(
            request.method, request.url.path, {}, (), request.headers, request.cookies, "",
            as_json=is_for_programs(request.url.path),
        )  # fmt: skip
        return await run_in_threadpool(Answer(site, None, asked).refuse_bug, number)

    return respond
