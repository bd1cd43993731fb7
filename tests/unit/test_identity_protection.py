"""Too many people never become one unnoticed: shared identifiers, limits, and merges that wait for a person."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.identity_store import AS_OF, Store

from c360.errors import ProjectError
from c360.identity.registry.schema import make_tables
from c360.warehouse.control.decisions import Decision

T0 = datetime(2023, 1, 1)
project = """
sources:
  users: {file: u.csv, key: id}
  web: {file: w.csv, key: id, time: ts, append_only: true}
ids:
  user_id: {limit: 1 ever}
  email:
  device_id:
  cookie:
entities:
  person:
    hold: {people: 3, identifiers: 12}
    ids: [user_id, email, device_id, cookie]
    from:
      - {source: users, ids: {user_id: id, email: email}}
      - {source: web, ids: {cookie: cookie, email: email, device_id: device}}
"""


def decision(number: int, kind: str, value: str, verdict: str) -> Decision:
    at = datetime(2023, 6, 1, tzinfo=UTC)
    return Decision(number, "person", "*", "*", kind, value, verdict, "me", None, at, None, None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.of(tmp_path, project)
    made.land("users", [{"id": f"u{n}", "email": f"p{n}@x.com"} for n in range(8)])
    made.land("web", [], ["id", "cookie", "email", "device", "ts"])
    return made


def visit(store: Store, *visits: tuple[str | None, str | None, str | None]) -> None:
    rows = [
        {"id": str(n), "cookie": cookie, "email": email, "device": device, "ts": T0 + timedelta(hours=n)}
        for n, (cookie, email, device) in enumerate(visits)
    ]
    store.land("web", rows, ["id", "cookie", "email", "device", "ts"])


def test_a_device_of_many_people_links_none_of_them_and_is_told(store: Store) -> None:
    visit(store, *((f"c{n}", f"p{n}@x.com", "kiosk") for n in range(6)))
    result = store.run()
    assert result.entities == {"person": 9}
    assert frozenset({"device_id:kiosk"}) in store.clusters()
    assert store.work.rows("SELECT id_kind, tied, cap, reason FROM identity.shared") == [
        ("device_id", 6, 5, "tied to many: email")
    ]


def test_a_device_of_few_people_links_what_the_limits_allow(store: Store) -> None:
    visit(store, ("c0", "p0@x.com", "tablet"), ("c1", "p1@x.com", "tablet"))
    result = store.run()
    assert result.entities == {"person": 8}
    assert [row[2] for row in store.work.rows("SELECT * FROM identity.blocked")] == ["limit user_id: 1 ever"]
    assert store.entity_of("tablet") == store.entity_of("u0"), "of links of equal trust the earlier one counts"


def test_a_person_may_say_that_an_identifier_is_shared_or_that_it_is_not(store: Store) -> None:
    visit(store, *((None, f"p{n}@x.com", "kiosk") for n in range(6)), ("c9", None, "laptop"))
    trusted = store.run(decisions=[decision(1, "device_id", "kiosk", "same"), decision(2, "cookie", "c9", "not_same")])
    assert store.work.rows("SELECT id_kind, reason FROM identity.shared") == [("cookie", "decision")]
    assert trusted.blocked_links == 5, "the kiosk may link now, and the limit of user ids keeps the people apart"
    assert store.entity_of("c9") != store.entity_of("laptop")
    store.run(decisions=[])
    assert store.work.rows("SELECT id_kind, reason FROM identity.shared") == [("device_id", "tied to many: email")]
    assert store.entity_of("c9") == store.entity_of("laptop")


def no_user_ids(store: Store) -> None:
    """Known people without accounts: nothing but the hold protects them."""
    store.land("users", [{"id": None, "email": f"p{n}@x.com"} for n in range(8)])


def test_a_merge_of_many_people_in_one_run_waits_for_a_person(store: Store) -> None:
    no_user_ids(store)
    store.run()
    before = store.clusters()
    visit(store, *((None, f"p{n}@x.com", "tablet") for n in range(4)))
    store.run(AS_OF + timedelta(days=1))

    assert store.clusters() == before | {frozenset({"device_id:tablet"})}
    ((_, entity, _, reason, guilty, people, identifiers),) = store.work.rows("SELECT * FROM identity.hold")
    ((value,),) = store.work.rows(f"SELECT value FROM identity.node WHERE node_id = {guilty}")
    assert (entity, reason, value, people, identifiers) == ("person", "people", "tablet", 4, 5)

    store.run(AS_OF + timedelta(days=2))
    assert store.clusters() == before | {frozenset({"device_id:tablet"})}, "it stays held"
    assert len(store.work.rows("SELECT * FROM identity.hold")) == 1


def test_a_released_merge_happens_and_a_cut_one_never_does(store: Store) -> None:
    no_user_ids(store)
    store.run()
    visit(store, *((None, f"p{n}@x.com", "tablet") for n in range(4)))
    store.run()
    for mode in ("incremental", "full"):
        cut = store.run(decisions=[decision(1, "device_id", "tablet", "not_same")], mode=mode)
        assert (cut.entities, store.work.rows("SELECT * FROM identity.hold")) == ({"person": 9}, [])
    released = store.run(decisions=[decision(2, "device_id", "tablet", "same")])
    assert released.entities == {"person": 5}
    assert store.work.rows("SELECT * FROM identity.hold") == []
    assert store.run().entities == {"person": 5}, "what was released stays, also when nobody says so any more"


def test_an_entity_that_grows_too_large_waits_but_one_that_was_large_lives_on(store: Store) -> None:
    no_user_ids(store)
    visit(store, *((f"c{n}", "p0@x.com", None) for n in range(10)))
    store.run()
    assert store.work.rows("SELECT * FROM identity.hold") == [], "ten cookies are no crowd"
    visit(store, *((f"c{n}", "p0@x.com", None) for n in range(14)))
    store.run()
    assert [row[3] for row in store.work.rows("SELECT * FROM identity.hold")] == ["identifiers"]
    assert store.entity_of("c9") == store.entity_of("p0@x.com") != store.entity_of("c12")

    large = Store.of(store.project.root / "other", project)
    no_user_ids(large)
    visit(large, *((f"c{n}", "p0@x.com", None) for n in range(14)))
    large.run()
    visit(large, *((f"c{n}", "p0@x.com", None) for n in range(15)))
    large.run()
    assert large.entity_of("c14") == large.entity_of("p0@x.com")


def test_cookies_that_turn_out_to_be_one_persons_are_no_crowd(store: Store) -> None:
    no_user_ids(store)
    visit(store, *((f"c{n}", None, None) for n in range(8)))
    store.run()
    visit(store, *((f"c{n}", "p0@x.com", None) for n in range(8)))
    assert store.run().entities == {"person": 8}, "eight cookies and an address: one person is known, not nine"
    assert store.work.rows("SELECT * FROM identity.hold") == []


def test_only_what_a_person_has_few_of_tells_people_apart(tmp_path: Path) -> None:
    yaml = (
        project.replace("user_id: {limit: 1 ever}", "user_id: {limit: 1 ever}\n  order_id:").replace(
            "ids: [user_id, email", "ids: [user_id, order_id, email"
        )
        + "      - {source: orders, ids: {order_id: id, cookie: cookie, email: email}}\n"
    )
    store = Store.of(tmp_path, yaml.replace("ids:\n  user_id", "  orders: {file: o.csv, key: id}\nids:\n  user_id", 1))
    store.land("users", [], ["id", "email"])
    visit(store)
    store.land(
        "orders",
        [
            *({"id": f"o{n}", "cookie": "laptop", "email": None} for n in range(150)),
            *({"id": f"k{n}", "cookie": "kiosk", "email": f"p{n}@x.com"} for n in range(6)),
        ],
    )
    store.run()
    assert store.work.rows("SELECT value, tied, cap FROM identity.shared JOIN identity.node USING (node_id)") == [
        ("kiosk", 6, 5)
    ], "a hundred orders of one laptop are one customer's; six addresses on a kiosk are more than one person has"
    assert len({store.entity_of(f"o{n}") for n in range(150)} | {store.entity_of("laptop")}) == 1
    assert store.entity_of("k0") == store.entity_of("p0@x.com") != store.entity_of("kiosk")


def test_the_project_may_say_how_many_share_a_kind(tmp_path: Path) -> None:
    store = Store.of(tmp_path, project.replace("  device_id:", "  device_id: {shared: 6}"))
    store.land("users", [{"id": f"u{n}", "email": f"p{n}@x.com"} for n in range(8)])
    visit(store, *((None, f"p{n}@x.com", "kiosk") for n in range(6)))
    store.run()
    assert store.work.rows("SELECT * FROM identity.shared") == []
    assert store.entity_of("kiosk") == store.entity_of("u0")


def kiosk_visits(store: Store, days: list[float]) -> None:
    rows = [
        {"id": f"v{n}", "cookie": None, "email": f"p{n}@x.com", "device": "tablet", "ts": T0 + timedelta(days=day)}
        for n, day in enumerate(days)
    ]
    store.land("web", rows, ["id", "cookie", "email", "device", "ts"])


@pytest.fixture
def within_a_week(tmp_path: Path) -> Store:
    yaml = project.replace("  device_id:", "  device_id: {shared: 5 per 7d}").replace("people: 3", "people: 100")
    store = Store.of(tmp_path, yaml)
    store.land("users", [{"id": f"u{n}", "email": f"p{n}@x.com"} for n in range(8)])
    return store


@pytest.mark.parametrize(
    ("days", "is_shared"),
    [
        ([0, 1, 2, 3, 4, 5], True),
        ([0, 2, 4, 6, 8, 10, 12, 14], False),  # a device that is handed on: never six within seven days
        ([0, 20, 40, 60, 61, 62, 63, 64, 65], True),
        ([0, 1, 2, 3, 4, 7], False),  # the sixth comes on the eighth day
        ([0, 1, 2, 3, 4, 6.999], True),
    ],
)
def test_people_may_be_counted_within_a_time(within_a_week: Store, days: list[float], is_shared: bool) -> None:
    kiosk_visits(within_a_week, days)
    within_a_week.run()
    found = within_a_week.work.rows("SELECT id_kind, tied, cap, reason FROM identity.shared")
    assert found == ([("device_id", 6, 5, "tied to many within 7 days: email")] if is_shared else [])


def test_what_becomes_shared_within_a_time_does_so_incrementally_and_in_a_rebuild(within_a_week: Store) -> None:
    kiosk_visits(within_a_week, [0, 1, 2, 3, 4])
    within_a_week.run()
    assert within_a_week.work.rows("SELECT * FROM identity.shared") == []
    kiosk_visits(within_a_week, [0, 1, 2, 3, 4, 5])
    for mode in ("incremental", "full"):
        within_a_week.run(AS_OF + timedelta(days=1), mode=mode)
        assert within_a_week.work.rows("SELECT id_kind FROM identity.shared") == [("device_id",)], mode
        assert frozenset({"device_id:tablet"}) in within_a_week.clusters()


@pytest.mark.parametrize("said", ["3 per month", "0", "per 30d", "3 per 0d", "true"])
def test_a_sharing_that_cannot_be_read_is_a_fault(tmp_path: Path, said: str) -> None:
    with pytest.raises(ProjectError) as caught:
        Store.of(tmp_path, project.replace("  device_id:", f"  device_id: {{shared: {said}}}"))
    assert "shared" in str(caught.value)


def test_a_first_run_has_nothing_to_hold_back_to(store: Store) -> None:
    no_user_ids(store)
    visit(store, *((None, f"p{n}@x.com", "tablet") for n in range(5)))
    assert store.run().entities == {"person": 4}
    assert store.work.rows("SELECT * FROM identity.hold") == []


def test_a_store_of_an_older_form_keeps_its_ids(store: Store) -> None:
    visit(store, ("c0", "p0@x.com", None))
    store.run()
    before = store.state()
    store.work.execute("DROP VIEW identity.dated")
    for table in ("shared", "alone", "hold", "held", "earlier"):
        store.work.execute(f"DROP TABLE identity.{table}")
    store.work.execute("DROP VIEW identity.edge")
    store.work.execute("ALTER TABLE identity.evidence DROP COLUMN weaker")
    store.work.execute("ALTER TABLE identity.node DROP COLUMN digest")
    store.work.execute("CREATE VIEW identity.edge AS SELECT u, v FROM identity.evidence")
    store.run()
    assert store.state() == before


def test_a_store_of_the_form_before_goes_on_without_reading_all_anew(store: Store) -> None:
    visit(store, ("c0", "p0@x.com", None))
    store.run()
    before, inputs = store.state(), store.work.rows("SELECT * FROM identity.input")
    store.work.execute("DROP VIEW identity.dated")
    store.work.execute("DROP TABLE identity.earlier")
    make_tables(store.work)
    assert store.work.rows("SELECT * FROM identity.input") == inputs
    store.run()
    assert store.state() == before


def test_human_merges_are_never_held(tmp_path: Path) -> None:
    yaml = project.replace("sources:", "sources:\n  merged: {file: m.csv}").replace(
        "    ids: [user_id,", "    same: [{source: merged, id: email, old: old, new: new}]\n    ids: [user_id,"
    )
    store = Store.of(tmp_path, yaml)
    store.land("users", [{"id": f"u{n}", "email": f"p{n}@x.com"} for n in range(8)])
    store.land("web", [], ["id", "cookie", "email", "device", "ts"])
    store.land("merged", [], ["old", "new"])
    store.run()
    store.land("merged", [{"old": f"p{n}@x.com", "new": f"p{n + 1}@x.com"} for n in range(7)])
    result = store.run()
    assert (result.entities, store.work.rows("SELECT * FROM identity.hold")) == ({"person": 1}, [])
