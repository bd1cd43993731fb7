"""Runs one after the other follow what changed, and what they publish is what a rebuild gives."""

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from c360 import features
from c360.cli import group
from c360.errors import WarehouseError
from c360.pipeline.run import RunOptions, run
from c360.pipeline.steps.report import RunReport
from c360.pipeline.trials.verify import verify
from c360.project import load_project
from c360.warehouse.engines.duckdb import open_work
from c360.warehouse.snapshots import Publication, current_manifest

project_file = """
version: 1
project: {name: follow, timezone: Europe/Berlin}
sources:
  users: {file: users.csv, key: id, time: at}
  log: {file: "log*.csv", key: id, time: at, append_only: true}
  merges: {file: merges.csv}
ids: {user: {}, email: {}, domain: {}}
entities:
  person:
    ids: [user, email]
    from: [{source: users, ids: {user: id, email: email}, traits: {name: name}}]
    same: [{source: merges, id: user, old: old, new: new}]
    belongs_to: {company: {by: domain, from: email}}
  company: {ids: [domain]}
activities:
  seen: {source: log, of: person, ids: {user: user}, where: "kind = 'seen'", attributes: {sku: sku}}
  bought: {source: log, of: person, ids: {user: user}, where: "kind = 'bought'", attributes: {amount: "cast(amount as decimal(18,2))"}, revenue: amount}
features:
  person:
    views: {count: seen, history: daily}
    views_7d: {count: seen, window: 7d}
    skus: {distinct: seen, take: sku}
    spent: {sum: bought}
    middle: {median: bought}
    last: {last: any}
    days_since: {sql: "date_diff('day', last, current_timestamp)"}
  company:
    people: {count: person}
    spent: {sum: person.spent}
    median_order: {median: bought}
"""


def write(folder: Path, name: str, header: str, *rows: str) -> None:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def write_day(folder: Path, number: int, *rows: str) -> None:
    write(folder, f"log{number}.csv", "id,user,kind,sku,amount,at", *rows)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("c360.activity.increment.least_rows", 0)
    monkeypatch.setattr("c360.entities.unchanged.least_identifiers", 0)
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 4)
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.least_rows", 0)
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.most_pending", 2)
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.most_deltas", 3)
    monkeypatch.setattr("c360.warehouse.snapshots.Publication", partial(Publication, limit=0))
    (tmp_path / "c360.yaml").write_text(project_file, encoding="utf-8")
    users = [f"u{n},u{n}@{'ab'[n % 2]}.com,name {n},2026-01-01" for n in range(1, 9)]
    write(tmp_path, "users.csv", "id,email,name,at", *users)
    write(tmp_path, "merges.csv", "old,new", "u1,u2")
    rows = [
        f"e{n},u{n % 8 + 1},{'bought' if n % 3 else 'seen'},s{n % 4},{n}.25,2026-02-{n % 27 + 1:02} 08:00:00"
        for n in range(60)
    ]
    write_day(tmp_path, 1, *rows)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(group, list(words), standalone_mode=False)


def run_on(folder: Path, day: int) -> RunReport:
    return run(load_project(folder), RunOptions(as_of=datetime(2026, 3, day, tzinfo=UTC)))


def assert_equals_a_rebuild(folder: Path) -> None:
    found = verify(load_project(folder), full=True)
    assert (found.differences, found.stale) == ([], [])


@pytest.mark.parametrize("by_day", [False, True])
def test_days_of_all_kinds_are_followed_and_equal_a_rebuild(
    folder: Path, monkeypatch: pytest.MonkeyPatch, by_day: bool
) -> None:
    if by_day:
        monkeypatch.setattr("c360.features.update.days.least_rows", 0)
        monkeypatch.setattr("c360.features.update.days.least_events", 0.0)
    first = run_on(folder, 1)
    assert first.features["full"] == "nothing is remembered of a run before"
    assert_equals_a_rebuild(folder)

    write_day(folder, 2, "n1,u3,bought,,7.50,2026-03-01 10:00:00", "n2,u4,seen,s9,,2026-01-02 09:00:00")
    new_and_late = run_on(folder, 2)
    assert new_and_late.features["full"] is None
    assert new_and_late.features["moving"] == {
        "person.days_since": "it says `now`, so that it changes with the date alone"
    }
    assert_equals_a_rebuild(folder)

    write_day(folder, 3, "e7,u5,bought,,1000.00,2026-02-20 09:00:00", "e8,u6,seen,s1,,2026-02-21 09:00:00")
    assert run_on(folder, 2).features["full"] is None, "corrected events"
    assert_equals_a_rebuild(folder)

    write(folder, "merges.csv", "old,new", "u1,u2", "u7,u8")
    merged = run_on(folder, 2).features
    assert (merged["full"], merged["touched"]["person"]) == (None, 2)
    assert_equals_a_rebuild(folder)

    write(folder, "merges.csv", "old,new", "u7,u8")
    split = run_on(folder, 2).features
    assert (split["full"], split["touched"]["person"]) == (None, 2)
    assert_equals_a_rebuild(folder)

    only_time = run_on(folder, 3).features
    assert only_time["full"] is None
    assert only_time["touched"]["person"] < 7
    assert_equals_a_rebuild(folder)
    with open_work(folder / ".c360" / "work.duckdb") as work:
        assert work.table_exists("features", "_day_person") is by_day


def built_entities(folder: Path, day: int) -> bool:
    """Run, and say whether the tables of entities were built again."""
    with open_work(folder / ".c360" / "work.duckdb") as work:
        work.execute("ALTER TABLE entities.record_person ADD COLUMN IF NOT EXISTS mark BIGINT", portable=False)
    run_on(folder, day)
    with open_work(folder / ".c360" / "work.duckdb") as work:
        return "mark" not in work.columns_of("entities", "record_person")


def test_entities_are_built_again_only_where_something_they_hang_on_changed(folder: Path) -> None:
    run_on(folder, 1)
    write_day(folder, 2, "n1,u3,bought,,7.50,2026-03-01 10:00:00")
    assert not built_entities(folder, 2), "events of people who are known"
    assert_equals_a_rebuild(folder)
    write_day(folder, 3, "n2,u99,seen,s1,,2026-03-02 10:00:00")
    assert built_entities(folder, 3), "a person who is known by an event alone"
    assert_equals_a_rebuild(folder)
    write(folder, "merges.csv", "old,new", "u1,u2", "u7,u8")
    assert built_entities(folder, 3), "a merge"
    assert_equals_a_rebuild(folder)
    users = folder / "users.csv"
    users.write_text(users.read_text().replace("name 3", "another name"), encoding="utf-8")
    assert built_entities(folder, 3), "a corrected record"
    assert_equals_a_rebuild(folder)
    path = folder / "c360.yaml"
    path.write_text(path.read_text().replace("traits: {name: name}", "traits: {name: upper(name)}"), encoding="utf-8")
    assert built_entities(folder, 3), "another declaration"
    assert_equals_a_rebuild(folder)
    assert not built_entities(folder, 4), "another date"
    path.write_text(path.read_text().replace("upper(name)", "cast(now() as varchar)"), encoding="utf-8")
    assert built_entities(folder, 4)
    assert built_entities(folder, 5), "another date, of which a trait tells"
    assert_equals_a_rebuild(folder)


def test_a_day_is_published_as_what_it_changed(folder: Path) -> None:
    run_on(folder, 1)
    first = current_manifest(folder / ".c360")
    write_day(folder, 2, "n1,u3,bought,,7.50,2026-03-01 10:00:00")
    run_on(folder, 1)
    second = current_manifest(folder / ".c360")
    assert first is not None
    assert second is not None
    was, now = first.tables["person_stream"], second.tables["person_stream"]
    assert now.parts == was.parts
    assert [delta.size for delta in now.deltas] == [3], "the event, and that of before twice: as it was and as it is"
    for name in ("person_identifier", "person_record", "company_identifier", "person_company"):
        assert second.tables[name].state == first.tables[name].state != ""
        assert (second.tables[name].parts, second.tables[name].deltas) == (first.tables[name].parts, ())
    assert_equals_a_rebuild(folder)


def test_a_changed_definition_computes_only_what_reads_it(folder: Path) -> None:
    run_on(folder, 1)
    path = folder / "c360.yaml"
    path.write_text(path.read_text().replace("{sum: bought}", '{sum: bought, where: "amount > 5"}'), encoding="utf-8")

    found = run_on(folder, 1).features

    assert found["full"] is None
    assert found["touched"]["person"] == 0
    assert found["moving"] == {
        "person.spent": "its definition changed",
        "company.spent": "it reads person.spent",
        "person.days_since": "it says `now`, so that it changes with the date alone",
    }
    assert_equals_a_rebuild(folder)


def test_a_run_killed_between_streams_and_features_is_followed_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_on(folder, 1)
    write_day(folder, 2, "n1,u3,bought,,7.50,2026-02-28 10:00:00")

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(features, "build", fail)
        with pytest.raises(KeyboardInterrupt):
            run_on(folder, 2)
    write_day(folder, 3, "n2,u4,bought,,8.50,2026-02-28 11:00:00")

    found = run_on(folder, 2).features

    assert found["full"] is None
    assert found["touched"]["person"] >= 2
    assert_equals_a_rebuild(folder)


def test_verify_finds_a_value_that_a_rebuild_does_not_give(folder: Path) -> None:
    run_on(folder, 1)
    with open_work(folder / ".c360" / "work.duckdb") as work:
        work.execute(
            "UPDATE features.person SET skus = skus + 1 WHERE entity_id = (SELECT max(entity_id) FROM features.person)"
        )
    write_day(folder, 2, "n1,u3,bought,,7.50,2026-02-28 10:00:00")
    run_on(folder, 1)

    done = call("verify", "--full", "--json", "--project", str(folder))

    assert done.return_value == 6
    (found,) = [one for one in json.loads(done.stdout)["differences"] if one["table"] == "person"]
    assert (found["differing"], found["columns"]) == (1, {"skus": 1})


def test_verify_takes_what_was_read_when_files_changed_since(folder: Path) -> None:
    run_on(folder, 1)
    write_day(folder, 2, "n1,u3,bought,,7.50,2026-02-28 10:00:00")

    found = verify(load_project(folder), full=True)

    assert (found.stale, found.differences) == (["log"], [])


def test_verify_without_a_snapshot_says_so(folder: Path) -> None:
    done = call("verify", "--project", str(folder))

    assert isinstance(done.exception, WarehouseError)
    assert "nothing is published" in str(done.exception)
