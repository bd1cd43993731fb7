"""Merges that wait for a person, in the browser: listed with what they hang on and would touch, released or cut there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.web.browsing import needs_chromium, visiting
from tests.web.served import Served, post, serving

from c360.govern.audit import AuditLog
from c360.govern.policy import Who, admin, viewer_of
from c360.govern.reading import Reading
from c360.pipeline.run import RunOptions, run
from c360.project import load_project
from c360.web.topics.health.holds import find_rows

yaml = """
version: 1
project: {name: counter}
sources:
  users: {file: users.csv, key: id}
  visits: {file: visits.csv, key: id, time: at}
ids: {user_id: , email: {pii: mask}, device_id: }
entities:
  person:
    hold: {people: 3, identifiers: 50}
    ids: [user_id, email, device_id]
    from:
      - {source: users, ids: {user_id: id, email: email}}
      - {source: visits, ids: {email: email, device_id: device}}
features: {person: {visits: {count: visited}}}
activities: {visited: {source: visits, of: person, ids: {email: email, device_id: device}}}
segments: {regulars: {of: person, where: visits > 1}}
access:
  roles:
    steward: {see: all, clear: [email], may: [review, run]}
    reader: {see: all, mask: [device_id]}
"""
people = ("ann", "bob", "cem", "dee", "eva")


def visit(folder: Path, device: str) -> None:
    """Everybody visits once more, with this device."""
    lines = [f"{n}{device},{name}@mail.com,{device},2026-01-0{n + 1}\n" for n, name in enumerate(people)]
    with (folder / "visits.csv").open("a", encoding="utf-8") as file:
        file.writelines(lines)


def run_day(folder: Path, day: int) -> None:
    run(load_project(folder), RunOptions(as_of=datetime(2026, 2, day, tzinfo=UTC)))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Served]:
    """Five people, of whom two kiosks would make one."""
    (tmp_path / "c360.yaml").write_text(yaml, "utf-8")
    users = "".join(f"u{n},{name}@mail.com\n" for n, name in enumerate(people))
    (tmp_path / "users.csv").write_text(f"id,email\n{users}", "utf-8")
    (tmp_path / "visits.csv").write_text("id,email,device,at\nv0,ann@mail.com,phone,2026-01-01\n", "utf-8")
    run_day(tmp_path, 1)
    visit(tmp_path, "kiosk")
    run_day(tmp_path, 2)
    with serving(tmp_path) as found:
        yield found


def waiting(served: Served, role: str = "steward") -> list[dict]:
    with served.client(role) as client:
        return client.get("/identity.json").json()["data"]["waiting"]


def count_people(served: Served) -> int:
    with served.client("steward") as client:
        return client.get("/identity.json").json()["data"]["clusters"]["entities"]


def test_a_merge_that_waits_is_listed_with_what_it_hangs_on_and_would_touch(counter: Served) -> None:
    (one,) = waiting(counter)

    assert (one["entity"], one["id_kind"], one["value"]) == ("person", "device_id", "kiosk")
    assert (one["people"], one["features"], one["segments"], one["decided"]) == (5, 1, 1, None)
    assert one["reason"] == "too many people would become one"
    assert one["identifiers"] == 12
    assert count_people(counter) == 6, "the kiosk stays by itself"


def test_who_may_not_see_identifiers_sees_that_something_waits_and_decides_nothing(counter: Served) -> None:
    (one,) = waiting(counter, "reader")
    form = {"entity": "person", "kind": "device_id", "value": "kiosk", "verdict": "release"}
    with counter.client("reader") as client:
        page = client.get("/identity").text
        refused = post(client, "/identity/settle", form)

    assert (one["value"], one["people"]) == (None, 5)
    assert "kiosk" not in page
    assert refused.status_code == 403


def test_only_what_waits_can_be_settled(counter: Served) -> None:
    form = {"entity": "person", "kind": "device_id", "value": "phone", "verdict": "cut"}
    with counter.client("steward") as client:
        assert post(client, "/identity/settle", form).status_code == 404


def test_what_waits_of_an_entity_that_the_project_no_longer_has_is_not_listed(counter: Served) -> None:
    path = counter.project.root / "c360.yaml"
    path.write_text(yaml.replace("person", "customer"), encoding="utf-8")
    project = load_project(counter.project.root)
    with counter.site.readings.pin() as opened:
        reading = Reading(project, viewer_of(project, Who("", "", admin)), opened)
        assert find_rows(reading) == []


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize(("button", "then"), [("Release", 1), ("Cut", 6)])
def test_a_person_says_what_is_right_and_the_next_run_follows(
    browser: Browser, counter: Served, button: str, then: int
) -> None:
    with visiting(browser, counter, "steward", width=390) as visitor:
        visitor.open("/identity")
        assert visitor.violations() == []
        visitor.page.get_by_role("button", name=button).click()
        expect(visitor.page.get_by_role("status").first).to_contain_text("The next run follows it.")
        expect(visitor.page.get_by_text("at the next run")).to_be_visible()
        assert visitor.wrong == []
    run_day(counter.project.root, 3)

    assert waiting(counter) == []
    assert count_people(counter) == then
    (entry,) = [entry for entry in AuditLog(counter.project.store).read() if entry.action == "do settle-hold"]
    assert entry.details["number"]
    assert "kiosk" not in str(entry)
