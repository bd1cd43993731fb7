"""What a role must not see is in no response of any page in any form: searched for by the true values themselves."""

import csv
import re
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from tests.web.addresses import concrete, downloads, json_path, pages, public_pages, values_of
from tests.web.served import Served

from c360.govern.audit import AuditLog

address = re.compile(r"[\w.+'-]+@[\w.-]+\.\w+")


@pytest.fixture(scope="module")
def addresses(jaffle_folder: Path) -> set[str]:
    """Every e-mail address of the sources."""
    with (jaffle_folder / "data" / "raw_user.csv").open(encoding="utf-8") as file:
        return {row["email"].strip().lower() for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def names(jaffle_folder: Path) -> set[str]:
    """Every name of a person in the sources."""
    with (jaffle_folder / "data" / "raw_user.csv").open(encoding="utf-8") as file:
        return {row["name"].strip() for row in csv.DictReader(file)}


gathered: dict[tuple[int, str], dict[str, str]] = {}


def everything(served: Served, role: str) -> dict[str, str]:
    """Every response that a role gets: pages, JSON, fragments, lists by every order, lens answers, exports, errors."""
    if (served.port, role) not in gathered:
        gathered[served.port, role] = gather(served, role)
    return gathered[served.port, role]


def gather(served: Served, role: str) -> dict[str, str]:
    """Ask for everything."""
    values = values_of(served)
    found = {}
    with served.client(role) as client:
        for page in pages():
            if page.path in public_pages:
                continue
            for path in (page.path, json_path(page), f"/api{page.path}"):
                found[path] = client.get(concrete(path, values)).text
            for fragment in page.fragments:
                headers = {"hx-request": "true", "hx-request-type": "partial", "hx-target": f"div#{fragment}"}
                found[f"{page.path}#{fragment}"] = client.get(concrete(page.path, values), headers=headers).text
        for download in downloads():
            found[f"{download.path} file"] = client.get(concrete(download.path, values)).text
        for entity in ("contact", "group", "account"):
            for sort in ("name", "-name", "email", "-email", "user_id"):
                found[f"{entity} by {sort}"] = client.get(f"/entities/{entity}", params={"sort": sort}).text
        for row in client.get("/entities/contact.json").json().get("data", {}).get("rows", [])[:12]:
            path = f"/entities/contact/{row['entity_id']}"
            found[path] = client.get(path).text
            for trait in ("email", "user_name", "corporate_email", "first_event"):
                found[f"{path} {trait}"] = client.get(f"{path}/why/{trait}").text
        for dimension in ("contact.email", "contact_identifier.value", "contact.user_name"):
            asked = {"measure": "contact.count", "dimension": dimension, "limit": 500}
            found[f"lens {dimension}"] = client.get("/lens.json", params=asked).text
    return found


@pytest.mark.parametrize("role", ["sales", "support", "analyst", "blind"])
def test_no_address_is_in_any_response_of_a_role_that_sees_dots(served: Served, addresses: set[str], role: str) -> None:
    leaks = {
        path: sorted(shown)[:3]
        for path, text in everything(served, role).items()
        if (shown := {found.lower() for found in address.findall(text)} & addresses)
    }
    assert not leaks


def test_a_hidden_name_is_in_no_response(served: Served, names: set[str]) -> None:
    responses = everything(served, "blind")
    leaks = {path: name for path, text in responses.items() for name in names if name in text}
    assert not leaks


def test_the_search_has_teeth(served: Served, addresses: set[str], names: set[str]) -> None:
    responses = everything(served, "steward")
    seen = {found.lower() for text in responses.values() for found in address.findall(text)} & addresses

    assert len(seen) > 100
    assert any(name in text for text in responses.values() for name in names)


def test_a_masked_value_keeps_its_last_four_characters(served: Served) -> None:
    with served.client("support") as client:
        rows = client.get("/entities/contact.json").json()["data"]["rows"]

    assert {row["values"]["email"][:8] for row in rows if row["values"]["email"]} == {"••••••••"}
    assert {len(row["values"]["email"]) for row in rows if row["values"]["email"]} == {12}


def test_whoever_may_find_an_address_finds_its_owner_and_nobody_else(served: Served, addresses: set[str]) -> None:
    some = sorted(addresses)[5]
    with served.client("support") as client, served.client("sales") as other:
        allowed = client.get("/api/search", params={"q": some}).json()["data"]["found"]
        refused = other.get("/api/search", params={"q": some}).json()["data"]["found"]
        beginning = client.get("/api/search", params={"q": some[:8]}).json()["data"]["found"]

    assert [hit["by"] for one in allowed for hit in one["hits"] if hit["is_exact"]] == ["email"]
    assert not refused
    assert not [hit for one in beginning for hit in one["hits"] if hit["by"] == "email"]


def test_rows_that_a_role_does_not_see_are_nowhere(served: Served) -> None:
    with served.client("admin") as all_of_it, served.client("regional") as some_of_it:
        rows = all_of_it.get("/entities/contact.json", params={"sort": "number_of_orders"}).json()["data"]["rows"]
        outside = next(row["entity_id"] for row in rows if row["values"]["number_of_orders"] == 0)
        listed = some_of_it.get("/entities/contact.json", params={"sort": "number_of_orders"}).json()["data"]
        profile = some_of_it.get(f"/entities/contact/{outside}")
        counted = some_of_it.get("/lens.json", params={"measure": "contact.count"}).json()["data"]["result"]["rows"]

    assert min(row["values"]["number_of_orders"] for row in listed["rows"]) > 0
    assert profile.status_code == 404
    assert counted == [[listed["total"]]]


def test_a_question_cannot_tell_masked_values_apart(served: Served, addresses: set[str]) -> None:
    some = sorted(addresses)[7]
    asked = {"measure": "contact.count", "filter": f"contact.email|equals|{some}"}
    with served.client("analyst") as client:
        masked = client.get("/lens.json", params=asked).json()["data"]["result"]["rows"]
    with served.client("steward") as client:
        clear = client.get("/lens.json", params=asked).json()["data"]["result"]["rows"]

    assert clear == [[1]]
    assert masked == [[0]]


def test_only_roles_with_the_right_write_questions(served: Served) -> None:
    query = '{"measures": ["contact.count"], "filters": ["${contact.number_of_orders} > 3"]}'
    with served.client("sales") as client:
        assert client.get("/lens", params={"query": query}).status_code == 403
    with served.client("analyst") as client:
        assert client.get("/lens", params={"query": query}).status_code == 200


def test_the_audit_log_holds_no_value(served: Served, addresses: set[str]) -> None:
    everything(served, "steward")
    text = AuditLog(served.project.store).path.read_text(encoding="utf-8")
    seen = {found.lower() for found in address.findall(unquote(text))} & addresses

    assert quote("@") not in text
    assert not seen
