"""The lens for programs: questions in every language, their SQL, and what can be asked, each as the role sees it."""

import json
import re
from typing import Any

import pytest
from tests.web.served import Served, post

import c360

lens = "jaffle_gaggle"
by_domain = {"dimensions": ["account.domain"], "measures": ["contact.count", "order_placed.count"], "limit": 5}
address = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
same_question = {
    "an object": by_domain,
    "JSON": json.dumps(by_domain),
    "SQL": f'SELECT "account.domain", MEASURE("contact.count"), MEASURE("order_placed.count") FROM lens.{lens} LIMIT 5',
    "LQL": f"LENS(SELECT 'account.domain', 'contact.count', 'order_placed.count' FROM {lens} LIMIT 5)",
}


def ask(served: Served, query: Any, role: str = "analyst", way: str = "query", name: str = lens, **more: Any) -> Any:
    with served.program(role, "read") as client:
        return client.post(f"/api/lens/{name}/{way}", json={"query": query, **more})


@pytest.mark.parametrize("language", same_question)
def test_a_question_in_any_language_has_the_answer_that_python_has(served: Served, language: str) -> None:
    answered = ask(served, same_question[language])

    assert answered.status_code == 200
    data = answered.json()["data"]
    with c360.lens(project=served.project.root) as opened:
        wanted = opened.query(by_domain)
    assert data["columns"] == list(wanted.columns)
    assert [tuple(row.values()) for row in data["rows"]] == wanted.rows
    assert data["snapshot"] == wanted.snapshot
    assert set(data["freshness"]) == {"published_at", "as_of"}
    assert data["sql"].startswith("SELECT")
    assert data["plan"]


def test_an_answer_says_what_does_not_add_up_and_where_it_was_cut(served: Served) -> None:
    many = ask(served, {"dimensions": ["contact.user_id"], "measures": ["group.count"]}).json()["data"]
    rows = ask(served, {"dimensions": ["contact_stream.activity_uuid"]}).json()["data"]

    assert many["not_additive"] == {"group.count": ["contact.user_id"]}
    assert len(rows["rows"]) == 1000
    assert rows["notes"] == ["only the first 1000 rows are here: the question has no `limit`"]


def test_the_sql_of_a_question_in_the_words_of_an_engine(served: Served) -> None:
    data = ask(served, by_domain, way="sql", engine="bigquery").json()["data"]
    wrong = ask(served, by_domain, way="sql", engine="bigqery")

    assert "`account.domain`" in data["sql"]
    assert data["engine"] == "bigquery"
    assert "one row per 'contact' row" in data["plan"][0]
    assert wrong.status_code == 422
    assert wrong.json()["faults"][0]["fix"] == "did you mean 'bigquery'?"


def test_what_can_be_asked_for(served: Served) -> None:
    with served.program("sales", "read") as client:
        body = client.get(f"/api/lens/{lens}/meta").json()

    entities = {entity["name"]: entity for entity in body["data"]["entities"]}
    measure = next(one for one in entities["contact"]["measures"] if one["name"] == "contact.count")
    assert (measure["records"], measure["type"]) == ("contact", "count")
    assert {"to": "account", "to_one": True}.items() <= entities["contact"]["relationships"][1].items()
    assert not [one for entity in entities.values() for one in entity["dimensions"] if one["hidden"]]


def test_what_a_role_does_not_see_is_not_offered(served: Served) -> None:
    with served.program("support", "read") as client:
        found = client.get(f"/api/lens/{lens}/meta").json()["data"]["entities"]
    with served.program("blind", "read") as client:
        hidden = client.get(f"/api/lens/{lens}/meta").text

    named = {way: {to for e in found for one in e["measures"] for to in one[way]} for way in ("by", "by_many")}
    names = {entity["name"] for entity in found}
    assert "contact" in names
    assert not {"account", "group"} & names
    assert named["by"] | named["by_many"] <= names
    assert "contact.email" not in hidden


def test_masks_hold_in_every_language(served: Served) -> None:
    questions = [
        {"dimensions": ["contact.email"], "limit": 1000},
        {"dimensions": [{"sql": "lower(${contact.email}) || 'x'", "as": "e"}], "limit": 1000},
        "SELECT max(contact.email) AS m, contact.user_id FROM lens.jaffle_gaggle GROUP BY 2",
        "SELECT 'a' || \"contact.email\" AS e FROM LENS(SELECT 'contact.email' FROM jaffle_gaggle)",
        {"dimensions": ["contact_identifier.value"], "limit": 1000},
    ]  # fmt: skip
    for question in questions:
        masked, clear = ask(served, question), ask(served, question, role="admin")
        assert (masked.status_code, clear.status_code) == (200, 200)
        assert address.search(clear.text), "the question would show addresses"
        assert not address.search(masked.text)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"measures": ["contact.cuont"]}, 422, "lens-unknown-member"),
        ({"measures": ["contact.count"], "filters": ["${contact.email} > 5"]}, 422, "lens-expression"),
        ({"measures": ["contact.count"], "filters": ["cast(${contact.user_name} as integer) = 1"]}, 422, "lens-value"),
        ({"measures": ["contact.count"], "filters": ["(" * 5000]}, 422, "lens-request"),
        ({"measures": ["contact.count"], "filters": ["getenv('HOME') = 'x'"]}, 422, "sql-not-allowed"),
        ("SELECT * FROM contact", 422, "lens-unknown"),
        ("[" * 10_000, 422, "lens-request"),
        ("x" * 30_000, 400, "bad-parameter"),
        ("", 400, "bad-parameter"),
    ],
)
def test_a_wrong_question_is_explained_and_never_breaks_the_server(
    served: Served, query: Any, status: int, code: str
) -> None:
    answered = ask(served, query)

    assert (answered.status_code, answered.json()["faults"][0]["code"]) == (status, code)


def test_a_lens_that_is_not_there(served: Served) -> None:
    assert ask(served, by_domain, name="nothing").status_code == 404
    with served.program("analyst", "read") as client:
        assert client.get("/api/lens/nothing/meta").status_code == 404


@pytest.mark.parametrize("way", ["query", "sql"])
def test_roles_without_the_right_to_write_sql_choose_members_instead(served: Served, way: str) -> None:
    refused = ask(served, by_domain, role="sales", way=way)
    with served.program("sales", "read") as client:
        chosen = client.get("/api/lens", params={"measure": "contact.count", "dimension": "account.domain", "limit": 5})

    assert refused.status_code == 403
    assert "choose members instead" in refused.json()["faults"][0]["fix"]
    assert len(chosen.json()["data"]["result"]["rows"]) == 5


def test_a_browser_is_sent_to_the_explorer(served: Served) -> None:
    with served.client("analyst") as client:
        sent = post(client, f"/lens/{lens}/query", {"query": json.dumps(by_domain)})
        page = client.get(sent.headers["location"])

    assert sent.status_code == 303
    assert page.status_code == 200
    assert "account.domain" in page.text
