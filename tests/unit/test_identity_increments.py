"""Of files that really changed only what is new is read, and the result is that of reading everything."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.identity_store import Store

from c360.cleaning import write_lists
from c360.identity.evidence import numbered
from c360.identity.evidence.rules import register_rules
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.registry import nodes
from c360.identity.registry.nodes import make_slots
from c360.identity.update import regroup
from c360.identity.update.plan import Plan, make_plan
from c360.sources import land
from c360.warehouse.control.decisions import Decision

AS_OF = datetime(2024, 1, 1)
project = """
sources:
  users: {file: users.csv, key: id}
  web: {file: "web*.ndjson", key: event_id, time: ts, append_only: true}
  merged: {file: merged.csv}
ids: {user_id: , email: , anon: , domain: }
entities:
  person:
    ids: [user_id, email, anon]
    from: [{source: users, ids: {user_id: id, email: email}}]
    same: [{source: merged, id: email, old: old, new: new}]
    belongs_to: {account: {by: domain, from: email}}
  account: {ids: [domain]}
activities:
  visited: {source: web, of: person, ids: {anon: anon, user_id: user}}
"""


def events(first: int, last: int) -> str:
    rows = [
        {"event_id": n, "ts": f"2023-05-{1 + n % 28:02d}T00:00:00", "anon": f"a{n % 13}", "user": str(n % 5 + 1) if n % 3 else None}
        for n in range(first, last)
    ]  # fmt: skip
    return "\n".join(json.dumps(row) for row in rows)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "users.csv").write_text("id,email\n" + "".join(f"{n},p{n}@x{n % 3}.com\n" for n in range(1, 9)))
    (tmp_path / "web1.ndjson").write_text(events(0, 60))
    (tmp_path / "merged.csv").write_text("old,new\np1@x1.com,p2@x2.com\n")
    made = Store.of(tmp_path, project)
    made.work.execute("DROP TABLE landing._quarantine")
    return made


def run(store: Store, mode: str = "auto") -> None:
    store.landed = land(store.work, store.project, AS_OF)
    store.run(AS_OF, mode=mode)


def plan_of(store: Store) -> Plan:
    landed = land(store.work, store.project, AS_OF)
    scope = Scope.of(store.project, landed, AS_OF, write_lists(store.work, store.project, landed))
    with Scratch(store.work) as scratch:
        make_slots(scope, scratch)
        rule_ids = register_rules(scope, scratch)
        ((settings,),) = store.work.rows("SELECT fingerprint FROM identity.input WHERE rule_id = 0")
        return make_plan(scope, scratch, rule_ids, settings, "incremental")


def test_nothing_is_read_when_nothing_changed(store: Store) -> None:
    run(store)
    plan = plan_of(store)
    assert (plan.is_full, plan.rows, plan.replaced) == (False, {}, set())


def test_of_a_log_only_the_new_rows_are_read(store: Store, tmp_path: Path) -> None:
    run(store)
    (tmp_path / "web2.ndjson").write_text(events(60, 90))
    plan = plan_of(store)
    assert list(plan.rows.values()) == ["rowid >= 60"]
    assert not plan.replaced & plan.kept


def test_of_a_log_with_a_changed_row_everything_is_read(store: Store, tmp_path: Path) -> None:
    run(store)
    (tmp_path / "web1.ndjson").write_text(events(0, 60).replace('"a3"', '"a33"') + "\n" + events(60, 61))
    assert list(plan_of(store).rows.values()) == [None]


def test_growing_files_give_what_reading_everything_gives(store: Store, tmp_path: Path) -> None:
    run(store)
    other = Store.of(tmp_path, project)
    other.work.execute("DROP TABLE landing._quarantine")
    run(other, "full")
    changes = [
        ("web2.ndjson", events(60, 80)),
        ("users.csv", "id,email\n" + "".join(f"{n},q{n}@x{n % 4}.com\n" for n in range(3, 12))),
        ("web3.ndjson", events(75, 100)),  # some of them again
        ("merged.csv", "old,new\nq4@x0.com,q5@x1.com\n"),
        ("web1.ndjson", events(0, 30)),
    ]
    for name, text in changes:
        (tmp_path / name).write_text(text)
        run(store, "incremental")
        run(other, "full")
        assert store.state() == other.state(), name


def test_a_decision_taken_back_counts_also_where_records_link_the_same_two(tmp_path: Path) -> None:
    yaml = """
sources:
  web: {file: w.csv, key: id, time: ts}
ids:
  email: {limit: 1 ever}
  phone:
  cookie:
entities:
  person:
    ids: [email, phone, cookie]
    from:
      - {source: web, ids: {email: email, phone: phone, cookie: cookie}}
"""
    store = Store.of(tmp_path, yaml)
    rows = [("1", "ann@x.com", "+14155552671", None), ("2", None, "+14155552671", "c1"), ("3", "bob@x.com", None, "c1")]
    store.land(
        "web",
        [
            dict(zip(("id", "email", "phone", "cookie", "ts"), (*row, datetime(2023, 1, 1)), strict=True))
            for row in rows
        ],
    )
    at = datetime(2023, 6, 1, tzinfo=UTC)
    ends = ("email", "ann@x.com", "phone", "+14155552671")
    said = Decision(1, "person", *ends, "same", "me", None, at, None, None)
    assert store.run(decisions=[said]).entities == {"person": 1}, "a human merge is one allowance more"
    assert store.run(decisions=[], mode="incremental").entities == {"person": 2}
    before = store.state()
    store.run(decisions=[], mode="full")
    assert store.state() == before


def test_what_is_said_of_an_identifier_that_left_the_data_does_not_part_its_id_from_its_heir(tmp_path: Path) -> None:
    yaml = """
sources:
  crm: {file: c.csv, key: id}
ids:
  user_id:
  email:
entities:
  person:
    ids: [user_id, email]
    from:
      - {source: crm, ids: {user_id: user, email: email}}
"""
    store = Store.of(tmp_path, yaml)
    store.land("crm", [{"id": "1", "user": "a", "email": "ann@x.com"}])
    store.run()
    entity = store.entity_of("ann@x.com")
    at = datetime(2023, 6, 1, tzinfo=UTC)
    said = Decision(1, "person", "user_id", "a", "email", "ann@x.com", "not_same", "me", None, at, None, None)
    store.land("crm", [{"id": "2", "user": None, "email": "ann@x.com"}])
    for mode in ("incremental", "full"):
        assert store.run(decisions=[said], mode=mode).entities == {"person": 1}
        assert store.entity_of("ann@x.com") == entity, "the account is gone, the person keeps the id"
    store.land("crm", [{"id": "1", "user": "a", "email": "ann@x.com"}])
    assert store.run(decisions=[said]).entities == {"person": 2}


@pytest.mark.parametrize("beyond", [0, 100])
def test_moved_ids_are_kept_aside_until_they_are_many(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beyond: int
) -> None:
    monkeypatch.setattr(regroup, "compact_beyond", beyond)
    monkeypatch.setattr(regroup, "compact_share", 1000)
    run(store)
    rows = [{"event_id": 60 + n, "ts": "2023-06-01T00:00:00", "anon": "b", "user": str(7 + n)} for n in range(2)]
    (tmp_path / "web2.ndjson").write_text("\n".join(json.dumps(row) for row in rows))
    run(store, "incremental")
    assert store.work.scalar("SELECT COUNT(*) FROM identity.event WHERE kind = 'merge'") == 1
    assert store.work.scalar("SELECT COUNT(*) FROM identity.moved") == (1 if beyond else 0)
    merged = store.state()
    run(store, "full")
    assert store.state() == merged


@pytest.mark.parametrize("beyond", [0, 100])
def test_earlier_dates_are_kept_aside_until_they_are_many(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beyond: int
) -> None:
    for name, value in (("aside_from", 0), ("fold_beyond", beyond), ("fold_share", 1000)):
        monkeypatch.setattr(nodes, name, value)
    run(store)
    seen = "SELECT first_seen FROM identity.{} WHERE id_kind = 'anon' AND value = 'a1'"
    ((numbered,),) = store.work.rows(seen.format("node"))
    for year in (2020, 2021, 2019):
        row = {"event_id": year, "ts": f"{year}-06-01T00:00:00", "anon": "a1", "user": "1"}
        (tmp_path / f"web{year}.ndjson").write_text(json.dumps(row))
        run(store, "incremental")
        first = datetime(min(year, 2020), 6, 1)
        assert store.work.rows(seen.format("dated")) == [(first,)]
        assert store.work.rows(seen.format("node")) == [(numbered if beyond else first,)]
        assert (store.work.scalar("SELECT COUNT(*) FROM identity.earlier WHERE first_seen = ?", (first,)) > 0) == (
            beyond > 0
        )
    after = store.state()
    run(store, "full")
    assert store.state() == after


def test_of_many_rows_parts_are_written_one_after_the_other_with_the_same_result(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = ("naming", "evidence", "assigned")
    run(store, "full")
    at_once = [sorted(store.work.rows(f"SELECT * FROM identity.{table}"), key=str) for table in tables]
    said: list[str] = []
    store.work.on_statement = said.append
    monkeypatch.setattr(numbered, "most_at_once", 20)
    run(store, "full")
    in_parts = [sorted(store.work.rows(f"SELECT * FROM identity.{table}"), key=str) for table in tables]
    assert in_parts == at_once
    assert all(in_parts)
    for table in ("naming", "evidence"):
        parts = [sql for sql in said if sql.startswith(f"INSERT INTO identity.{table} ") and "MOD(" in sql]
        assert len(parts) >= 2


@pytest.mark.parametrize("least", [1000, 5])
def test_members_are_counted_only_where_there_are_enough_to_be_held_back(
    tmp_path: Path, store: Store, least: int
) -> None:
    held = project.replace(
        "    ids: [user_id, email, anon]", f"    ids: [user_id, email, anon]\n    hold: {{identifiers: {least}}}"
    )
    other = Store.of(tmp_path, held)
    run(other)
    (tmp_path / "web2.ndjson").write_text(events(60, 80))
    said: list[str] = []
    other.work.on_statement = said.append
    run(other, "incremental")
    assert any(f"HAVING COUNT(*) > {least}" in sql for sql in said) == (least == 5)
