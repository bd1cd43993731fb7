"""Projects that name people by numbers, keep what most records say, lie far east, or changed since the run."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.web.addresses import concrete, pages, public_pages
from tests.web.served import Served, serving

from c360.pipeline.run import RunOptions, run
from c360.project import load_project

yaml = """
version: 1
project: {name: counter, timezone: Pacific/Auckland}
sources:
  shop: {file: shop.csv, key: id, time: at}
  club: {file: club.csv, key: id, time: at}
  visits: {file: visits.csv, key: id, time: at}
ids: {email: }
entities:
  person:
    ids: [email]
    from:
      - {source: shop, ids: {email: email}, traits: {person_name: number, city: city}}
      - {source: club, ids: {email: email}, traits: {person_name: number, city: city}}
    keep: {city: most_common}
    suggest: {compare: [city]}
activities: {visited: {source: visits, of: person, ids: {email: email}}}
"""
shop = "id,email,number,city,at\n1,a@x.com,17,Rome,2026-01-01\n2,a@x.com,17,Rome,2026-01-02\n3,b@x.com,18,Rome,2026-01-01\n"
club = "id,email,number,city,at\n1,a@x.com,17,Oslo,2026-01-03\n2,c@x.com,19,Oslo,2026-01-03\n"
visits = "id,email,at\n1,a@x.com,2026-11-01T10:30:00Z\n2,a@x.com,2026-11-01T11:30:00Z\n3,a@x.com,2026-11-01T11:45:00Z\n"
more = "  firm:\n    key: {source: club, column: id, as: firm_id}\n    traits: {firm_name: city}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people; one of them has three records."""
    folder = tmp_path_factory.mktemp("counter")
    for name, text in (("c360.yaml", yaml), ("shop.csv", shop), ("club.csv", club), ("visits.csv", visits)):
        (folder / name).write_text(text, encoding="utf-8")
    run(load_project(folder), RunOptions(as_of=datetime(2026, 11, 1, 12, tzinfo=UTC)))
    return folder


@pytest.fixture
def counter(folder: Path) -> Iterator[Served]:
    with serving(folder) as found:
        yield found


def refused(served: Served, entity: str, entity_id: int) -> dict[str, int]:
    """The pages that are not shown, with their status."""
    values = {
        "entity": entity,
        "id": str(entity_id),
        "trait": "city",
        "name": "visits",
        "run_id": "1",
        "lens": "counter",
    }
    paths = [concrete(page.path, values) for page in pages() if page.path not in public_pages]
    with served.client("admin") as client:
        found = {path: client.get(path).status_code for path in (*paths, "/search?q=1", "/search?q=ro")}
    return {path: status for path, status in found.items() if status >= 500}


def person(served: Served, email: str) -> int:
    with served.client("admin") as client:
        found = client.get("/search.json", params={"q": email}).json()["data"]["found"]
    return int(found[0]["hits"][0]["entity_id"])


def test_a_number_is_nobodys_name(counter: Served) -> None:
    one = person(counter, "a@x.com")
    assert refused(counter, "person", one) == {}
    with counter.client("admin") as client:
        assert client.get(f"/entities/person/{one}.json").json()["data"]["title"] == "a@x.com"


def test_the_source_of_what_most_records_say_is_one_of_those(counter: Served) -> None:
    one = person(counter, "a@x.com")
    with counter.client("admin") as client:
        groups = client.get(f"/entities/person/{one}.json").json()["data"]["traits"]
        why = client.get(f"/entities/person/{one}/why/city.json").json()["data"]["candidates"]
    city = next(trait for group in groups for trait in group["traits"] if trait["name"] == "city")
    assert (city["value"], city["source"]) == ("Rome", "shop")
    assert [(item["value"], item["source"]) for item in why if item["won"]] == [("Rome", "shop")]


def test_weeks_and_days_are_those_of_the_project(counter: Served) -> None:
    one = person(counter, "a@x.com")
    with counter.client("admin") as client:
        data = client.get(f"/entities/person/{one}.json").json()["data"]
    assert data["weeks"]["rows"][-2:] == [["2026-10-26", [1]], ["2026-11-02", [2]]]
    assert [one["value"] for one in data["figures"] if one["label"].startswith("Active days")] == ["2"]


@pytest.mark.parametrize("change", ["an entity more", "an entity that is called otherwise"])
def test_what_a_project_was_given_since_the_run_is_not_published_yet(folder: Path, tmp_path: Path, change: str) -> None:
    shutil.copytree(folder, tmp_path / "changed")
    with serving(tmp_path / "changed") as served:
        one = person(served, "a@x.com")
        assert refused(served, "person", one) == {}
        text = (
            yaml.replace("activities:", f"{more}activities:")
            if change == "an entity more"
            else yaml.replace("person", "customer")
        )
        (tmp_path / "changed" / "c360.yaml").write_text(text, encoding="utf-8")
        served.site.changed()
        entity = "firm" if change == "an entity more" else "customer"
        assert refused(served, entity, one) == {}
        with served.client("admin") as client:
            answer = client.get(f"/entities/{entity}")
        assert answer.status_code == 404
        assert "is published yet" in answer.text
