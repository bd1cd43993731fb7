"""Every route says which right it needs, and refuses whoever lacks it."""

import pytest
from tests.web.addresses import concrete, json_path, pages, public_pages, values_of
from tests.web.served import Served, post

from c360.web.frame.page import Action
from c360.web.pages import all_endpoints

needed = {
    "GET /": "customers",
    "GET /access": "access",
    "GET /account": "signed-in",
    "GET /audit": "access",
    "GET /developers": "signed-in",
    "GET /entities/{entity}": "customers",
    "GET /entities/{entity}/export": "export",
    "GET /entities/{entity}/{id}": "customers",
    "GET /entities/{entity}/{id}/why/{trait}": "customers",
    "GET /features": "model",
    "GET /features/new": "edit",
    "GET /features/{entity}/{name}": "model",
    "GET /features/{entity}/{name}/edit": "edit",
    "GET /identity": "customers",
    "GET /lens": "lens",
    "GET /lens/export": "export",
    "GET /lens/{lens}/meta": "lens",
    "GET /lineage": "model",
    "GET /oidc": "public",
    "GET /oidc/callback": "public",
    "GET /openapi.json": "signed-in",
    "GET /password": "public",
    "GET /quarantine": "raw",
    "GET /review": "customers",
    "GET /runs": "model",
    "GET /runs/{run_id}": "model",
    "GET /search": "customers",
    "GET /signin": "public",
    "GET /start": "public",
    "POST /access/disable": "access",
    "POST /access/invite": "access",
    "POST /access/link": "access",
    "POST /access/role": "access",
    "POST /account/session/end": "signed-in",
    "POST /account/token": "signed-in",
    "POST /account/token/revoke": "signed-in",
    "POST /features/save": "edit",
    "POST /identity/settle": "review",
    "POST /lens/{lens}/query": "lens",
    "POST /lens/{lens}/sql": "lens",
    "POST /password": "public",
    "POST /quarantine/replay": "run",
    "POST /review/apply": "run",
    "POST /review/decide": "review",
    "POST /review/undo": "review",
    "POST /runs/start": "run",
    "POST /signin": "public",
    "POST /signout": "signed-in",
    "POST /start": "public",
}
routes = [(f"{'POST' if isinstance(one, Action) else 'GET'} {one.path}", one) for one in all_endpoints()]
guarded = [name for name, endpoint in routes if endpoint.permission != "public"]


def test_the_table_of_rights_names_every_route() -> None:
    assert {name: endpoint.permission for name, endpoint in routes} == needed


def test_nothing_else_is_served(served: Served) -> None:
    paths = {route.path for route in served.site_routes()}
    extra = {path for path in paths if not path.startswith("/api/") and not path.endswith(".json")}
    named = {endpoint.path for _, endpoint in routes}
    assert extra - named == {"/healthz", "/favicon.ico", "/static/{name:path}"}


@pytest.fixture(scope="module")
def values(served: Served) -> dict[str, str]:
    return values_of(served)


@pytest.mark.parametrize("name", guarded)
def test_nobody_is_let_in_without_signing_in(served: Served, values: dict[str, str], name: str) -> None:
    method, path = name.split()
    with served.client() as client:
        asked = client.get(concrete(path, values)) if method == "GET" else post(client, path)
        programs = client.request(method, f"/api{concrete(path, values)}" if path != "/" else "/api/overview")

    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/signin?next=")
    assert programs.status_code in (401, 404)


@pytest.mark.parametrize("name", [name for name in guarded if needed[name] != "signed-in"])
def test_a_token_without_the_scope_is_refused(served: Served, values: dict[str, str], name: str) -> None:
    method, path = name.split()
    scope = "run" if needed[name] in ("customers", "model", "lens", "raw") else "read"
    with served.program("admin", scope) as client:
        asked = client.request(method, concrete(path, values))

    assert asked.status_code == 403
    assert needed[name] in asked.text


@pytest.mark.parametrize(
    "name", [name for name in guarded if needed[name] in ("raw", "export", "access", "run", "edit", "review")]
)
def test_a_role_without_the_right_is_refused(served: Served, values: dict[str, str], name: str) -> None:
    method, path = name.split()
    with served.client("support") as client:
        asked = client.get(concrete(path, values)) if method == "GET" else post(client, path)

    assert asked.status_code == 403
    assert "support" in asked.text


@pytest.mark.parametrize(
    "page", [page for page in pages() if page.path not in public_pages], ids=lambda page: page.path
)
def test_administrators_see_every_page_in_every_form(served: Served, values: dict[str, str], page) -> None:
    with served.client("admin") as client:
        for path in (page.path, json_path(page)):
            assert client.get(concrete(path, values)).status_code == 200
        if page.in_api:
            path = "/api/overview" if page.path == "/" else f"/api{page.path}"
            assert client.get(concrete(path, values)).json()["version"] == 1


def test_a_right_that_is_not_declared_is_not_there(served: Served) -> None:
    with served.client("sales") as client:
        assert client.get("/entities/contact").status_code == 200
        assert client.get("/entities/contact/export").status_code == 403
        assert client.get("/quarantine").status_code == 403


def test_an_entity_that_a_role_does_not_see_is_not_there(served: Served) -> None:
    with served.client("support") as client:
        listed, found = client.get("/entities/account"), client.get("/search.json", params={"q": "mail"}).json()

    assert listed.status_code == 404
    assert {one["entity"] for one in found["data"]["found"]} <= {"contact"}


def test_a_disabled_role_is_told_so(served: Served) -> None:
    with served.client("analyst") as client:
        roles = served.site.loaded.file.access.roles
        kept = roles.pop("analyst")
        try:
            asked = client.get("/index.json")
        finally:
            roles["analyst"] = kept

    assert asked.status_code == 403
    assert asked.json()["faults"][0]["code"] == "unknown-role"
