"""Browser to e-mail, app to phone, checkout joins both: one person; then somebody cuts the wrong link, for good.

Everything is done with the commands, on files that grow from day to day.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from c360.cli import group
from c360.cli.outcome import exit_code_of

yaml = """
version: 1
project: {name: story, timezone: UTC, region: US}
warehouse: {engine: duckdb, path: .c360}
sources:
  web: {file: web.csv, key: id, time: at, append_only: true}
  app: {file: app.csv, key: id, time: at, append_only: true}
  orders: {file: orders.csv, key: order_no, time: at, columns: {total: "decimal(18,2)"}}
ids:
  anonymous_id:
  device_id:
  email:
  phone: {clean: {phone: {region: US}}}
entities:
  person:
    ids: [email, phone, anonymous_id, device_id]
    from:
      - {source: web, ids: {anonymous_id: cookie, email: email}}
      - {source: app, ids: {device_id: device, phone: phone}}
      - {source: orders, ids: {email: email, phone: phone}}
activities:
  page_viewed: {source: web, of: person, ids: {anonymous_id: cookie}}
  app_opened: {source: app, of: person, ids: {device_id: device}}
  order_placed: {source: orders, of: person, ids: {email: email}, attributes: {revenue: total}, revenue: revenue}
features:
  person:
    defaults: {null: 0}
    number_of_activities: {count: any, description: Activities ever}
    pages: {count: page_viewed, description: Pages ever}
    openings: {count: app_opened, description: App openings ever}
    revenue: {sum: revenue, of: order_placed, description: Value of all orders}
"""
web = """id,cookie,email,at
w1,c-7,,2026-01-01 09:00:00
w2,c-7,,2026-01-01 09:05:00
w3,c-7,Ann@Mail.com,2026-01-01 09:10:00
"""
app = """id,device,phone,at
a1,d-3,,2026-01-02 20:00:00
a2,d-3,(415) 555-2671,2026-01-02 20:04:00
"""
orders = "order_no,email,phone,total,at\n"
checkout = "o1,ann@mail.com,+1 415 555 2671,30.00,2026-01-03 12:00:00\n"


class Story:
    """The project, asked by commands."""

    mobile = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("c360.yaml", yaml), ("web.csv", web), ("app.csv", app), ("orders.csv", orders)):
            (folder / name).write_text(text, "utf-8")

    def ask(self, *words: str) -> str:
        result = CliRunner().invoke(group, [*words, "--project", str(self.folder)], standalone_mode=False)
        code = result.exit_code if result.exception is None else exit_code_of(result.exception)
        assert code == 0, (words, result.output, result.exception)
        return result.output

    def asked(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask(*words, "--json"))
        return found

    def run(self, day: int, *words: str) -> str:
        snapshot: str = self.asked("run", "--as-of", f"2026-01-{day:02}", "--quiet", *words)["snapshot"]
        return snapshot

    def person(self, identifier: str) -> dict[str, Any]:
        """One row of the published table."""
        return self.asked("show", "person", identifier)

    def people(self) -> dict[str, int]:
        """Identifier -> whose it is."""
        return {row["value"]: row["entity_id"] for row in self.asked("table", "person_identifier")["rows"]}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story"))


def test_the_story(story: Story) -> None:
    first = story.run(3)
    people = story.people()
    browser, mobile = people["ann@mail.com"], people["+14155552671"]
    assert (people["c-7"], people["d-3"]) == (browser, mobile)
    assert browser != mobile
    story.mobile = mobile

    (story.folder / "orders.csv").write_text(orders + checkout, "utf-8")
    expected = story.asked("identity", "diff", "--as-of", "2026-01-04")
    ((merge,),) = [one["merges"] for one in expected["entities"]]
    assert [part["entity_id"] for part in merge["parts"]] == [browser, mobile]
    assert merge["why"] == ["email ann@mail.com = phone +14155552671 by orders: email = phone: row o1, 2026-01-03"]
    assert set(story.people().values()) == {browser, mobile}, "a difference is shown, nothing is done"

    second = story.run(4)
    assert set(story.people().values()) == {browser}, "one person; the id that is older stays"
    joined = story.person("c-7")
    assert joined["features"] == {"number_of_activities": 6, "pages": 3, "openings": 2, "revenue": "30.00"}
    assert [row["activity"] for row in joined["timeline"]] == ["order_placed"] + ["app_opened"] * 2 + [
        "page_viewed"
    ] * 3
    assert [row["entity_id"] for row in joined["merged_from"]] == [mobile]
    (redirect,) = story.asked("table", "person_redirect")["rows"]
    assert (redirect["entity_id"], redirect["merged_into"], redirect["redirected_at"]) == (
        mobile, browser, "2026-01-04 00:00:00",
    )  # fmt: skip
    assert story.asked("identity", "diff", first, second)["entities"][0]["merges"] == [merge]

    chain = story.asked("explain", "c-7", "d-3")
    assert chain["is_one"]
    assert [step["to"]["value"] for step in chain["steps"]] == ["ann@mail.com", "+14155552671", "d-3"]
    assert [step["evidence"][0]["row_key"] for step in chain["steps"]] == ["w3", "o1", "a2"]
    assert chain["steps"][1]["evidence"][0]["first_seen"] == "2026-01-03 12:00:00"


def test_cutting_the_wrong_link(story: Story) -> None:
    before = story.people()
    words = ("identity", "different", "ann@mail.com", "+1 (415) 555-2671", "--by", "eve", "--note", "she paid for him")
    tried = story.asked(*words, "--dry-run")
    assert tried["decision"] is None
    assert [(cut["one"]["value"], cut["other"]["value"]) for cut in tried["cuts"]] == [("ann@mail.com", "+14155552671")]
    made = story.asked(*words)["decision"]
    assert (made["verdict"], made["author"], made["note"]) == ("not_same", "eve", "she paid for him")
    assert story.people() == before, "a decision is followed by the next run"

    third = story.run(5)
    parted = story.people()
    assert parted["c-7"] == parted["ann@mail.com"] == before["c-7"]
    assert parted["d-3"] == parted["+14155552671"] == story.mobile, "the second id is back"
    assert story.asked("table", "person_redirect")["rows"] == [], "and leads nowhere else any more"
    assert story.person("c-7")["features"] == {"number_of_activities": 4, "pages": 3, "openings": 0, "revenue": "30.00"}
    assert story.person("d-3")["features"] == {"number_of_activities": 2, "pages": 0, "openings": 2, "revenue": "0.00"}

    why = story.asked("explain", "c-7", "d-3")
    assert not why["is_one"]
    assert [step["blocked"] for step in why["steps"]] == [None, "not same", None]
    told = story.ask("explain", "ann@mail.com", "+14155552671")
    assert f"kept apart by decision {made['decision_id']}" in told
    split = story.asked("identity", "diff", "--as-of", "2026-01-05")
    assert not split["entities"][0]["splits"], "what is published is what the project says"

    fourth = story.run(6, "--full-refresh")
    assert story.people() == parted, "a full rebuild changes nobody"
    changes = story.asked("identity", "diff", third, fourth)["entities"][0]
    assert (changes["merged"], changes["split"], changes["same"]) == (0, 0, 2)


def test_taking_the_decision_back_restores_everything(story: Story) -> None:
    parted = story.people()
    (decision,) = story.asked("identity", "decisions")["decisions"]
    story.ask("identity", "undo", str(decision["decision_id"]), "--by", "eve")
    assert story.asked("identity", "decisions")["decisions"] == []
    (taken,) = story.asked("identity", "decisions", "--all")["decisions"]
    assert taken["revoked_by"] == "eve"
    story.run(7)
    assert set(story.people().values()) == {parted["c-7"]}
    assert story.person("d-3")["features"]["number_of_activities"] == 6
