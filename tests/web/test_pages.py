"""Pages and their JSON: the same data, help for every field, what is asked comes back, one snapshot per request."""

from dataclasses import fields
from html import unescape

import pytest
from tests.web.addresses import concrete, json_path, pages, public_pages, values_of
from tests.web.served import Served

from c360.web.frame.page import Context


def all_contexts() -> list[type[Context]]:
    """Every context class."""
    return list(dict.fromkeys(page.context for page in pages()))


@pytest.mark.parametrize("context", all_contexts(), ids=lambda one: one.__name__)
def test_every_field_of_a_context_says_what_it_is(context: type[Context]) -> None:
    assert context.__doc__
    assert [item.name for item in fields(context) if not item.metadata.get("help")] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_is_declared_whole(page) -> None:
    assert page.summary.endswith(".")
    assert set(page.path_help) == {part[1:-1] for part in page.path.split("/") if part.startswith("{")}
    assert [parameter.name for parameter in page.parameters if not parameter.help.endswith((".", "`."))] == []


def test_a_page_and_its_json_agree(served: Served) -> None:
    values = values_of(served)
    with served.client("admin") as client:
        for page in pages():
            if page.path in public_pages:
                continue
            data = client.get(concrete(json_path(page), values)).json()["data"]
            html = unescape(client.get(concrete(page.path, values)).text)
            assert data["title"] in html, page.path
            assert set(data) == {item.name for item in fields(page.context)}, page.path


def test_lists_are_walked_by_key_without_a_gap_or_a_double(served: Served) -> None:
    with served.client("admin") as client:
        for sort in ("", "name", "-number_of_events", "most_recent_order", "-corporate_email"):
            seen, cursor = [], None
            while True:
                params = {"sort": sort, **({"cursor": cursor} if cursor else {})}
                data = client.get("/entities/contact.json", params=params).json()["data"]
                seen += [row["entity_id"] for row in data["rows"]]
                cursor = data["next_cursor"]
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)) == data["total"], sort


def test_a_list_is_in_the_order_that_was_asked(served: Served) -> None:
    with served.client("admin") as client:
        rows = client.get("/entities/contact.json", params={"sort": "-number_of_events"}).json()["data"]["rows"]
    counts = [row["values"]["number_of_events"] for row in rows]
    assert counts == sorted(counts, reverse=True)


def test_a_filter_keeps_what_has_the_value_and_counts_it(served: Served) -> None:
    with served.client("admin") as client:
        data = client.get("/entities/account.json").json()["data"]
        facet = next(one for one in data["facets"] if one["label"] == "Is paying")
        value = facet["values"][-1]
        filtered = client.get("/entities/account.json", params={"filter": f"is_paying:{value['value']}"}).json()["data"]

    assert filtered["total"] == value["count"]
    assert 0 < filtered["total"] < data["total"]


def test_a_timeline_is_walked_to_its_end_in_order(served: Served) -> None:
    with served.client("admin") as client:
        rows = client.get("/entities/contact.json", params={"sort": "-number_of_events"}).json()["data"]["rows"]
        path, expected = f"/entities/contact/{rows[0]['entity_id']}.json", rows[0]["values"]["number_of_events"]
        seen, cursor = [], None
        while True:
            found = client.get(path, params={"cursor": cursor} if cursor else {}).json()["data"]
            seen += found["timeline"]["items"]
            cursor = found["timeline"]["next_cursor"]
            if cursor is None:
                break

    deals = sum(kind["count"] for kind in found["kinds"] if kind["activity"] == "deal_won")
    assert len(seen) == len({one["uuid"] for one in seen}) == expected + deals
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)


def test_a_timeline_can_be_narrowed(served: Served) -> None:
    with served.client("admin") as client:
        rows = client.get("/entities/contact.json", params={"sort": "-number_of_orders"}).json()["data"]["rows"]
        path = f"/entities/contact/{rows[0]['entity_id']}.json"
        data = client.get(path, params={"kind": "order_placed"}).json()["data"]
    assert {one["activity"] for one in data["timeline"]["items"]} == {"order_placed"}


def test_a_person_is_found_by_address_name_and_id(served: Served) -> None:
    with served.client("admin") as client:
        row = client.get("/entities/contact.json").json()["data"]["rows"][3]
        address, name = row["values"]["email"], row["name"]
        for text in (address, f"  {address.upper()} "):
            found = client.get("/search", params={"q": text})
            assert found.headers["location"] == f"/entities/contact/{row['entity_id']}"
        by_name = client.get("/api/search", params={"q": name}).json()["data"]["found"][0]["hits"]
        by_part = client.get("/api/search", params={"q": name[:5].lower()}).json()["data"]["found"][0]["hits"]

    assert row["entity_id"] in [hit["entity_id"] for hit in by_name]
    assert all(name[:5].lower() in hit["name"].lower() or hit["by"] != "name" for hit in by_part)


def test_a_profile_is_reached_by_its_public_id(served: Served) -> None:
    with served.client("admin") as client:
        row = client.get("/entities/contact.json").json()["data"]["rows"][0]
        public = client.get(f"/entities/contact/{row['entity_id']}.json").json()["data"]["public_id"]
        moved = client.get(f"/entities/contact/{public}")
        in_api = client.get(f"/api/entities/contact/{public}")

    assert moved.headers["location"] == f"/entities/contact/{row['entity_id']}"
    assert in_api.headers["location"] == f"/api/entities/contact/{row['entity_id']}"


def test_a_value_is_explained_by_the_record_that_won(served: Served) -> None:
    with served.client("admin") as client:
        row = client.get("/entities/contact.json").json()["data"]["rows"][0]
        data = client.get(f"/entities/contact/{row['entity_id']}/why/email.json").json()["data"]

    winners = [one for one in data["candidates"] if one["won"]]
    assert [one["value"] for one in winners] == [data["value"]]
    assert winners[0]["place"] == 1


def test_every_winner_is_the_published_value(served: Served) -> None:
    with served.client("admin") as client:
        merged = client.get("/identity.json").json()["data"]["clusters"]["biggest"]
        for one in merged[:6]:
            for trait in ("email", "user_id", "user_name", "created_at"):
                data = client.get(f"/entities/contact/{one['entity_id']}/why/{trait}.json").json()["data"]
                won = [candidate["value"] for candidate in data["candidates"] if candidate["won"]]
                assert won == [data["value"]], (one["entity_id"], trait)


def test_the_identity_graph_says_why(served: Served) -> None:
    with served.client("admin") as client:
        merged = client.get("/identity.json").json()["data"]["clusters"]["biggest"][0]["entity_id"]
        graph = client.get(f"/entities/contact/{merged}.json").json()["data"]["graph"]

    keys = {node["key"] for node in graph["nodes"]}
    kinds = {link["kind"] for link in graph["links"] if link["rule"]}
    assert all(link["a"] in keys and link["b"] in keys for link in graph["links"])
    assert kinds == {"rule", "person"}
    assert all(link["evidence"].endswith(".") for link in graph["links"])


def test_the_cards_stand_in_the_order_of_the_role(served: Served) -> None:
    views = served.site.loaded.file.views
    views["support"] = ("communication", "demographics")
    try:
        with served.client("support") as client:
            entity_id = client.get("/entities/contact.json").json()["data"]["rows"][0]["entity_id"]
            data = client.get(f"/entities/contact/{entity_id}.json").json()["data"]
    finally:
        del views["support"]
    assert data["left"][0] == "timeline"
    assert data["right"][0] == "traits"


def test_a_fragment_is_the_same_block_as_in_the_page(served: Served) -> None:
    values = values_of(served)
    path = concrete("/entities/{entity}/{id}", values)
    headers = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "section#timeline"}
    with served.client("admin") as client:
        whole, part = client.get(path).text, client.get(path, headers=headers).text

    assert "<html" not in part
    assert "".join(part.split()) in "".join(whole.split())


def test_counts_of_the_overview_are_those_of_the_tables(served: Served) -> None:
    with served.client("admin") as client:
        counts = {one["entity"]: one["total"] for one in client.get("/index.json").json()["data"]["counts"]}
        for entity, total in counts.items():
            assert client.get(f"/entities/{entity}.json").json()["data"]["total"] == total


def test_a_question_to_the_lens_stands_in_the_address(served: Served) -> None:
    asked = {"measure": "order_placed.count", "dimension": "account.domain", "limit": 5}
    with served.client("admin") as client:
        data = client.get("/lens.json", params=asked).json()["data"]
        page = client.get("/lens", params=asked).text
        file = client.get("/lens/export", params=asked)

    rows = data["result"]["rows"]
    assert len(rows) == 5
    assert "SELECT" in data["result"]["sql"]
    assert 'value="order_placed.count" checked' in page
    assert file.text.splitlines()[1] == f"{rows[0][0] or ''},{rows[0][1]}"


def test_a_spreadsheet_takes_no_cell_for_a_formula() -> None:
    from c360.web.pages.entities import csv_bytes

    written = csv_bytes(["a"], [("=1+1",), ("+1",), ("-1",), ("@x",), ("\tx",), ("fine",), (-1,)]).decode().splitlines()
    assert written[1:] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "fine", "-1"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/entities/nothing", 404),
        ("/entities/contact/999999999", 404),
        ("/entities/contact/abc", 404),
        ("/entities/contact?cursor=nonsense", 400),
        ("/entities/contact?cursor=W10", 400),
        ("/entities/contact?sort=nothing", 400),
        ("/entities/contact?filter=nothing:1", 400),
        ("/features/contact/nothing", 404),
        ("/runs/nothing", 404),
        ("/lens?measure=contact.nothing", 422),
        ("/lens?lens=nothing", 404),
        ("/lineage?select=nothing", 404),
        ("/lineage?table=nothing", 404),
        ("/identity?entity=nothing", 404),
    ],
)
def test_what_is_not_there_is_explained(served: Served, path: str, status: int) -> None:
    with served.client("admin") as client:
        page = client.get(path)
        base, mark, query = path.partition("?")
        answer = client.get(f"{base}.json{mark}{query}")

    assert page.status_code == answer.status_code == status
    assert "Next step" in page.text
    assert answer.json()["faults"][0]["fix"]


def test_a_project_that_never_ran_has_a_page_of_its_own(tmp_path) -> None:
    from tests.web.served import serving

    from c360.examples import jaffle_gaggle

    jaffle_gaggle.write(tmp_path, users=20, events=50)
    with serving(tmp_path) as empty, empty.client("admin") as client:
        page, answer, runs = client.get("/"), client.get("/index.json"), client.get("/runs")

    assert page.status_code == answer.status_code == 409
    assert "c360 run" in page.text
    assert answer.json()["faults"][0]["code"] == "nothing-published"
    assert runs.status_code == 200


def test_a_question_that_takes_too_long_says_so(served: Served) -> None:
    from c360.web.settings import Settings

    kept = served.site.settings
    served.site.settings = Settings(**{**vars(kept), "seconds": 0.0})
    try:
        with served.client("admin") as client:
            asked = client.get("/search.json?q=somebody")
    finally:
        served.site.settings = kept
    assert asked.status_code == 503
    assert asked.json()["faults"][0]["code"] == "deadline"


def test_what_is_refused_is_said_in_the_fragment_that_was_asked_for(served: Served) -> None:
    headers = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#timeline"}
    with served.client("admin") as client:
        answer = client.get("/entities/contact/999999999999", headers=headers)

    assert answer.status_code == 404
    assert "There is no person 999999999999." in answer.text
    assert "<html" not in answer.text
