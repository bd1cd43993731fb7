"""Rows of several sources become entities: what links, what does not, and which id each entity has."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from tests.identity_store import AS_OF, Store

from c360.errors import ProjectError
from c360.identity import entity_join
from c360.identity.registry.entities import namespace

T0 = datetime(2023, 1, 1)

web_and_app = """
sources:
  web: {file: w.csv, time: ts, append_only: true}
  app: {file: a.csv, time: ts, append_only: true}
  checkout: {file: c.csv, time: ts, append_only: true}
ids: {anonymous_id: , email: , phone: , device_id: }
entities:
  person:
    ids: [anonymous_id, device_id, email, phone]
    from:
      - {source: web, ids: {anonymous_id: anon, email: email}}
      - {source: app, ids: {device_id: device, phone: phone}}
      - {source: checkout, ids: {email: email, phone: phone}}
"""


@pytest.fixture
def journey(tmp_path: Path) -> Store:
    store = Store.of(tmp_path, web_and_app)
    store.land("web", [
        {"anon": "a1", "email": None, "ts": T0},
        {"anon": "a1", "email": "Ann@Mail.com ", "ts": T0 + timedelta(days=1)},
    ])  # fmt: skip
    store.land("app", [{"device": "d1", "phone": "(415) 555-2671", "ts": T0 + timedelta(days=2)}])
    store.land("checkout", [], ["email", "phone", "ts"])
    return store


def test_browser_and_app_are_two_people_until_a_checkout_names_both(journey: Store) -> None:
    journey.run()
    web, app = journey.entity_of("ann@mail.com"), journey.entity_of("+14155552671")
    assert journey.clusters() == {
        frozenset({"anonymous_id:a1", "email:ann@mail.com"}),
        frozenset({"device_id:d1", "phone:+14155552671"}),
    }

    journey.land("checkout", [{"email": "ann@mail.com", "phone": "+1 415 555 2671", "ts": T0 + timedelta(days=3)}])
    later = AS_OF + timedelta(days=1)
    result = journey.run(later)

    assert journey.clusters() == {
        frozenset({"anonymous_id:a1", "email:ann@mail.com", "device_id:d1", "phone:+14155552671"})
    }
    assert journey.entity_of("d1") == web == min(web, app)
    assert journey.work.rows("SELECT * FROM identity.redirect") == [("person", app, web, later)]
    assert (result.merged, result.split, result.entities) == (1, 0, {"person": 1})


def test_the_split_part_gets_its_old_id_back(journey: Store) -> None:
    journey.run()
    app = journey.entity_of("d1")
    rows = [{"email": "ann@mail.com", "phone": "+1 415 555 2671", "ts": T0}]
    journey.land("checkout", rows)
    journey.run(AS_OF + timedelta(days=1))
    journey.land("checkout", [], ["email", "phone", "ts"])
    result = journey.run(AS_OF + timedelta(days=2))
    assert journey.entity_of("d1") == app
    assert journey.work.rows("SELECT * FROM identity.redirect") == []
    assert result.split == 1
    events = journey.work.rows("SELECT kind, entity_id FROM identity.event ORDER BY happened_at")
    assert events == [("merge", app), ("split", app)]


def test_ids_are_numbered_by_first_seen_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [
        {"anon": f"a{n % 7}", "email": f"p{n % 5}@x.com", "ts": T0 + timedelta(hours=n * 37 % 50)} for n in range(30)
    ]
    states = []
    for number, shuffled in enumerate((rows, rows[::-1], [*rows[10:], *rows[:10], *rows[5:9]])):
        store = Store.of(tmp_path / str(number), web_and_app)
        store.land("web", shuffled)
        store.land("app", [], ["device", "phone", "ts"])
        store.land("checkout", [], ["email", "phone", "ts"])
        store.run()
        states.append({name: store.state()[name] for name in ("node", "member", "entity")})
    assert states[0] == states[1] == states[2]


def test_running_again_changes_nothing(journey: Store) -> None:
    journey.run()
    before = journey.state()
    again = journey.run(AS_OF + timedelta(days=9))
    assert journey.state() == before
    assert (again.merged, again.split, again.ended) == (0, 0, 0)


def test_the_public_id_is_a_version_5_uuid_of_the_first_identifier(journey: Store) -> None:
    journey.run()
    ((public,),) = journey.work.rows(
        "SELECT e.public_id FROM identity.entity e JOIN identity.lookup l ON l.entity_id = e.entity_id WHERE l.value = 'a1'"
    )
    assert public == uuid5(UUID(namespace), "person\x1fanonymous_id\x1fa1")


def test_a_value_is_compared_within_its_kind_only(tmp_path: Path) -> None:
    store = Store.of(tmp_path, web_and_app)
    store.land("web", [{"anon": "123", "email": "a@x.com", "ts": T0}])
    store.land("app", [{"device": "123", "phone": "+14155552671", "ts": T0}])
    store.land("checkout", [], ["email", "phone", "ts"])
    store.run()
    assert len(store.clusters()) == 2


def test_malformed_and_blocked_values_do_not_link_and_are_told(tmp_path: Path) -> None:
    store = Store.of(tmp_path, web_and_app)
    store.land("web", [
        {"anon": "a1", "email": "not an address", "ts": T0},
        {"anon": "a2", "email": "not an address", "ts": T0},
        {"anon": "a3", "email": "test@test.com", "ts": T0},
        {"anon": "a4", "email": "test@test.com", "ts": T0},
        {"anon": "a5", "email": "  ", "ts": T0},
        {"anon": "a6", "email": "null", "ts": T0},
    ])  # fmt: skip
    store.land("app", [], ["device", "phone", "ts"])
    store.land("checkout", [], ["email", "phone", "ts"])
    result = store.run()
    assert store.clusters() == {frozenset({f"anonymous_id:a{n}"}) for n in range(1, 7)}
    quarantined = store.work.rows("SELECT source, kind, column_name, raw, code FROM landing._quarantine")
    assert quarantined == [("web", "value", "email", "not an address", "email-no-at")]
    assert store.work.rows("SELECT id_kind, value, n_seen FROM identity.blocked_value") == [
        ("email", "test@test.com", 2)
    ]
    assert (result.malformed, result.blocked_values) == (1, 1)


def test_a_third_identifier_hangs_on_the_first_that_is_there(tmp_path: Path) -> None:
    store = Store.of(tmp_path, """
sources: {s: {file: s.csv}}
ids: {a: , b: , c: }
entities: {person: {ids: [a, b, c], from: [{source: s, ids: {a: a, b: b, c: c}}]}}
""")  # fmt: skip
    store.land("s", [
        {"a": "a1", "b": "b1", "c": "c1"},
        {"a": None, "b": "b2", "c": "c2"},
        {"a": "a3", "b": None, "c": "c2"},
        {"a": None, "b": None, "c": "c4"},
    ])  # fmt: skip
    store.run()
    assert store.clusters() == {
        frozenset({"a:a1", "b:b1", "c:c1"}), frozenset({"b:b2", "c:c2", "a:a3"}), frozenset({"c:c4"}),
    }  # fmt: skip


def test_a_chain_of_any_length_is_one(tmp_path: Path) -> None:
    store = Store.of(tmp_path, """
sources: {s: {file: s.csv}}
ids: {left: , right: }
entities: {person: {ids: [left, right], from: [{source: s, ids: {left: l, right: r}}]}}
""")  # fmt: skip
    store.land("s", [{"l": f"x{n + n % 2}", "r": f"y{n - n % 2}"} for n in range(300)])
    store.run()
    assert len(store.clusters()) == 1


def test_an_unknown_column_is_told_with_its_place_and_the_nearest_one(tmp_path: Path) -> None:
    store = Store.of(tmp_path, web_and_app)
    store.land("web", [{"anom": "a1", "mail": "x", "ts": T0}])
    store.land("app", [], ["device", "phone", "ts"])
    store.land("checkout", [], ["email", "phone", "ts"])
    with pytest.raises(ProjectError) as caught:
        store.run()
    assert [fault.code for fault in caught.value.faults] == ["unknown-column"] * 2
    assert [fault.fix for fault in caught.value.faults] == ["did you mean 'mail'?", "did you mean 'anom'?"]


def test_a_row_finds_its_entity_by_any_of_its_identifiers(journey: Store) -> None:
    journey.run()
    join = entity_join(journey.project, "person", {"anonymous_id": ["w.anon"], "email": ["w.email"]}, "i")
    rows = journey.work.rows(
        f"SELECT w.anon, {join.entity_id}, {join.superseded} FROM "
        f"(SELECT 'zz' AS anon, ' ANN@mail.com' AS email UNION ALL SELECT 'a1', NULL UNION ALL SELECT 'zz', 'zz') w {join.sql} ORDER BY 1, 2"
    )
    ann = journey.entity_of("a1")
    assert rows == [("a1", ann, False), ("zz", ann, False), ("zz", None, False)]


def test_an_entity_outlives_the_identifier_it_was_first_known_by(journey: Store) -> None:
    journey.run()
    ann = journey.entity_of("ann@mail.com")
    journey.land("web", [{"anon": None, "email": "ann@mail.com", "ts": T0 + timedelta(days=1)}])
    journey.run()
    assert journey.entity_of("ann@mail.com") == ann, "the id was issued for a1, which is gone"
    assert journey.clusters() >= {frozenset({"email:ann@mail.com"})}

    journey.land("web", [], ["anon", "email", "ts"])
    result = journey.run()
    assert result.ended == 1
    assert journey.work.rows(f"SELECT status FROM identity.entity WHERE entity_id = {ann}") == [("ended",)]


def test_the_events_of_a_relation_name_the_target_too(tmp_path: Path) -> None:
    store = Store.of(tmp_path, """
sources: {users: {file: u.csv, key: id}, teams: {file: t.csv, key: id}}
ids: {user_id: , email: , domain: {block: [gmail.com]}}
entities:
  contact:
    ids: [user_id, email]
    from: [{source: users, ids: {user_id: id, email: email}}]
    belongs_to:
      team: {source: users, ids: {user_id: id}, key: team_id}
      account: {by: domain, from: email}
  team: {key: {source: teams, column: id, as: team_id}}
  account: {ids: [domain]}
""")  # fmt: skip
    store.land("users", [
        {"id": "1", "email": "a@Acme.com", "team_id": "10"},
        {"id": "2", "email": "b@gmail.com", "team_id": "11"},
    ])  # fmt: skip
    store.land("teams", [{"id": "10"}])
    result = store.run()
    assert store.clusters("team") == {frozenset({"team_id:10"}), frozenset({"team_id:11"})}
    assert store.clusters("account") == {frozenset({"domain:acme.com"})}
    assert result.entities == {"contact": 2, "team": 2, "account": 1}
