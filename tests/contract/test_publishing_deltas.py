"""A large table of which little changed is published as what changed, and readers see the whole."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.published_rows import AS_OF, FIRST, PublishedColumn, Shop

from c360.errors import WarehouseError
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.snapshots import Followed, Manifest, Publication, TableEntry, publish, rollback

months, people = 12, 40
Event = tuple[int, int, datetime]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A store whose tables lie in parts of about twenty rows."""
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 20)
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.least_rows", 0)
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.most_pending", 0.25)
    return Shop(tmp_path / "store", limit=5)


def events(days: int = 360, **moved: int) -> list[Event]:
    """One event a day, strewn over people; `n42=3` gives event 42 to person 3."""
    start = datetime(2025, 1, 1)
    return [(n, moved.get(f"n{n}", n % people), start + timedelta(days=n)) for n in range(days)]


def stream(shop: Shop, rows: list[Event], **moved: int) -> TableEntry:
    return shop.publish(shop.events(rows, **moved)).tables["contact_stream"]


def seen(shop: Shop, snapshot: str | None = None) -> list[tuple[Any, ...]]:
    return sorted(shop.rows("SELECT event_id, entity_id, happened_at FROM contact_stream", snapshot))


def hash_alone(tmp_path: Path, rows: list[Event]) -> str:
    """The content hash of rows that are published at once."""
    other = Shop(tmp_path / "alone", limit=10_000)
    return other.publish(other.events(rows)).hashes["contact_stream"]


def test_what_changes_in_every_part_leaves_the_parts_as_they_are(shop: Shop, tmp_path: Path) -> None:
    first = stream(shop, events())
    before = shop.parts()
    rows = [row for row in events(370, n3=7, n100=8, n200=9, n300=10) if row[0] != 50]
    entry = stream(shop, rows)
    assert entry.parts == first.parts
    assert len(before) > 10
    assert len(shop.parts() - before) == 2
    assert [delta.size for delta in entry.deltas] == [4 + 10 + 5]
    assert seen(shop) == sorted(rows)
    assert entry.hash == hash_alone(tmp_path, rows)
    assert entry.rows == len(rows)
    assert {key for key, run in shop.updated("contact_stream", "event_id").items() if run == 2} == {
        3, 100, 200, 300, *range(360, 370),
    }  # fmt: skip


def test_nothing_new_adds_no_delta(shop: Shop) -> None:
    stream(shop, events())
    entry = stream(shop, events(361))
    files = shop.parts()
    again = stream(shop, events(361))
    assert (again.deltas, again.hash) == (entry.deltas, entry.hash)
    assert shop.parts() == files


def test_a_row_that_changes_day_after_day_is_seen_once(shop: Shop, tmp_path: Path) -> None:
    rows = events()
    stream(shop, rows)
    for day in range(5):
        rows = events(361 + day, n42=day)
        entry = stream(shop, rows)
    assert len(entry.deltas) == 5
    assert seen(shop) == sorted(rows)
    assert entry.hash == hash_alone(tmp_path, rows)
    assert shop.updated("contact_stream", "event_id")[42] == 6


def test_many_deltas_become_one_without_what_came_and_went_within_them(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.most_deltas", 3)
    first = stream(shop, events())
    for day in range(4):
        rows = events(361 + day, n42=day)
        entry = stream(shop, rows)
    assert entry.parts == first.parts
    assert len(entry.deltas) == 1
    assert entry.deltas[0].rows is not None
    assert entry.deltas[0].rows.content.rows == 4 + 1
    assert entry.deltas[0].gone is not None
    assert entry.deltas[0].gone.content.rows == 1
    assert seen(shop) == sorted(rows)
    assert entry.hash == hash_alone(tmp_path, rows)
    assert seen(shop) == sorted(rows)


def test_deltas_are_folded_into_the_parts_before_a_quarter_of_the_table_lies_in_them(
    shop: Shop, tmp_path: Path
) -> None:
    sizes = []
    stream(shop, events())
    for day in range(14):
        rows = events(370 + 10 * day)
        entry = stream(shop, rows)
        sizes.append(sum(delta.size for delta in entry.deltas))
        assert sizes[-1] <= len(rows) / 4
        assert seen(shop) == rows
    assert sizes.count(0) == 1
    assert entry.hash == hash_alone(tmp_path, rows)


def test_every_snapshot_stays_readable_and_can_be_gone_on_from(shop: Shop) -> None:
    snapshots = {}
    for day in range(5):
        rows = events(360 + day, n42=day)
        snapshots[shop.publish(shop.events(rows)).snapshot] = rows
    for snapshot, rows in snapshots.items():
        assert seen(shop, snapshot) == sorted(rows)
        with shop.read(snapshot) as reader:
            assert reader.verify() == []
    rollback(shop.store, list(snapshots)[1])
    rows = events(380, n42=30)
    entry = stream(shop, rows)
    assert len(entry.deltas) == 2
    assert seen(shop) == sorted(rows)


def test_files_of_deltas_are_collected_when_no_snapshot_needs_them(shop: Shop) -> None:
    shop.retention = 1
    delta = stream(shop, events()) and stream(shop, events(361, n42=1)).deltas[0]
    files = {part.file for part in delta.parts}
    assert files <= shop.parts()
    stream(shop, events(362, n42=1))
    assert files <= shop.parts()
    stream(shop, events(900))
    assert not files & shop.parts()
    assert seen(shop) == events(900)


def test_a_damaged_delta_is_found(shop: Shop) -> None:
    stream(shop, events())
    entry = stream(shop, events(361, n42=1))
    gone = entry.deltas[0].gone
    assert gone is not None
    path = shop.store / "published" / gone.file
    other = stream(shop, events(361, n42=1, n43=2)).deltas[1].gone
    assert other is not None
    path.chmod(0o644)
    path.write_bytes((shop.store / "published" / other.file).read_bytes())
    with shop.read() as reader:
        assert reader.verify() == ["contact_stream"]


def followed(shop: Shop, rows: list[Event], since: str | None, state: str = "") -> Manifest:
    """Publish with what a room says that changed."""
    shop.runs += 1
    known = {"contact_stream": Followed(state or f"state {shop.runs}", lambda _: since)}
    about = Publication(AS_OF, f"run-{shop.runs}", limit=shop.limit, followed=known)
    return publish(shop.work, [shop.events(rows)], shop.store, about, FIRST + timedelta(hours=shop.runs - 1))


@pytest.mark.parametrize("since", [None, "SELECT 1 UNION SELECT 2 UNION SELECT 0", "SELECT 1", "SELECT 99"])
def test_what_a_room_says_that_changed_is_checked(shop: Shop, tmp_path: Path, since: str | None) -> None:
    followed(shop, events(), None)
    rows = events(361, n42=1)  # of person 2, to person 1; the event that comes is of person 0
    entry = followed(shop, rows, since).tables["contact_stream"]
    assert len(entry.deltas) == (since is None or "0" in since)
    assert seen(shop) == sorted(rows)
    assert entry.hash == hash_alone(tmp_path, rows)


def test_a_table_whose_state_stays_is_taken_over_unseen(shop: Shop) -> None:
    rows = events(361, n42=1)
    followed(shop, events(), None, "one")
    before = followed(shop, rows, None, "two").tables["contact_stream"]
    files = shop.parts()
    after = followed(shop, events(5), None, "two").tables["contact_stream"]
    assert (after.parts, after.deltas, after.quick, after.hash) == (
        before.parts,
        before.deltas,
        before.quick,
        before.hash,
    )
    assert shop.parts() == files
    assert seen(shop) == sorted(rows)
    followed(shop, events(5), None, "three")
    assert seen(shop) == events(5)


def test_history_follows_deltas(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c360.warehouse.snapshots.deltas.most_deltas", 2)
    names = dict.fromkeys(range(100), "a")
    for run in range(2, 7):
        shop.publish(shop.contacts(list(names.items())))
        names[run] = names[50] = f"run {run}"
    del names[60]
    entry = shop.publish(shop.contacts(list(names.items()), merged="SELECT 60, 61")).tables["contact"]
    assert entry.deltas
    assert [row[1:] for row in shop.history() if row[0] == 50] == [
        ("a", 1, False, None), *((f"run {run}", run, False, None) for run in range(2, 7)),
    ]  # fmt: skip
    assert [row[1:] for row in shop.history() if row[0] == 60] == [("a", 1, False, None), ("a", 6, True, 61)]
    assert dict(shop.rows("SELECT entity_id, name FROM contact")) == names


def test_values_that_change_with_the_date_alone_go_into_the_parts(shop: Shop) -> None:
    def contacts(age: int) -> PublishedTable:
        rows = [(key, age) for key in range(100)]
        types = {"entity_id": "BIGINT", "age": "BIGINT"}
        return shop.contacts(rows, types, columns=(PublishedColumn("age", volatile=True),))

    shop.publish(contacts(1))
    entry = shop.publish(contacts(2)).tables["contact"]
    assert entry.deltas == ()
    assert set(shop.updated().values()) == {1}


def test_a_key_that_comes_twice_is_refused(shop: Shop) -> None:
    shop.publish(shop.contacts([(key, "a") for key in range(100)]))
    with pytest.raises(WarehouseError, match="1 rows too many"):
        shop.publish(shop.contacts([*((key, "a") for key in range(100)), (50, "b")]))


def test_keys_with_absent_values_are_followed(shop: Shop) -> None:
    types = {"entity_id": "BIGINT", "since": "BIGINT", "role": "VARCHAR"}

    def members(**roles: str) -> PublishedTable:
        rows = [(key, None if key % 2 else 1, roles.get(f"n{key}", "x")) for key in range(100)]
        table = shop.contacts(rows, types, keep_history=False)
        return PublishedTable("member", table.select, ("entity_id", "since"), bucket_by="entity_id")

    shop.publish(members())
    entry = shop.publish(members(n3="y", n4="z")).tables["member"]
    assert [delta.size for delta in entry.deltas] == [4]
    assert sorted(shop.rows("SELECT entity_id, role FROM member WHERE role <> 'x'")) == [(3, "y"), (4, "z")]
    assert shop.rows("SELECT count(*) FROM member") == [(100,)]


def test_conditions_on_the_entity_and_the_time_reach_the_files(shop: Shop) -> None:
    stream(shop, events())
    stream(shop, events(361, n42=1))
    sql = "SELECT * FROM contact_stream WHERE entity_id = 5 AND happened_at >= TIMESTAMP '2025-12-01'"
    with shop.read() as reader:
        plan = str(reader.connection.raw.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall())
    scan = plan[plan.index("READ_PARQUET") :]
    assert "(entity_id = 5)" in scan
    assert "(happened_at >= " in scan
