"""What a publication writes, and which rows it says have changed."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.published_rows import FIRST, PublishedColumn, Shop

from c360.errors import WarehouseError
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.snapshots import rollback


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A store whose tables lie in parts of about ten rows."""
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 10)
    return Shop(tmp_path, limit=5)


@pytest.fixture(params=["embedded", "in parts"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A store whose tables lie in the snapshot's own file, and one whose tables lie in parts."""
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 10)
    return Shop(tmp_path, limit=1000 if request.param == "embedded" else 0)


def names(count: int, **changed: str) -> list[tuple[int, str]]:
    return [(number, changed.get(f"n{number}", f"name {number}")) for number in range(count)]


def test_a_second_publication_of_the_same_rows_writes_no_part(cut: Shop) -> None:
    cut.publish(cut.contacts(names(100)))
    before = cut.parts()
    cut.publish(cut.contacts(names(100)))
    assert len(before) > 5
    assert cut.parts() == before


def test_a_changed_row_rewrites_its_part_only(cut: Shop) -> None:
    cut.publish(cut.contacts(names(100)))
    before = cut.parts()
    manifest = cut.publish(cut.contacts(names(100, n42="other")))
    assert len(cut.parts() - before) == 1
    assert len(manifest.tables["contact"].parts) == len(before)


def test_new_entities_go_to_the_last_parts(cut: Shop) -> None:
    cut.publish(cut.contacts(names(96)))
    before = cut.parts()
    cut.publish(cut.contacts(names(120)))
    assert len(cut.parts() - before) <= 3


def test_a_late_event_rewrites_the_part_of_its_month_only(cut: Shop) -> None:
    start = datetime(2025, 1, 1)
    events = [(number, number % 20, start + timedelta(days=number)) for number in range(300)]
    first = cut.publish(cut.events(events)).tables["contact_stream"]
    before = cut.parts()
    cut.publish(cut.events([*events, (999, 3, datetime(2025, 2, 14))]))
    assert first.layout is not None
    assert first.layout.month_by == "happened_at"
    assert len(before) >= 10
    assert len(cut.parts() - before) == 1


def test_a_table_that_outgrows_its_parts_is_cut_anew_and_keeps_its_times(
    cut: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut.publish(cut.contacts(names(100)))
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 1)
    entry = cut.publish(cut.contacts(names(100, n7="other"))).tables["contact"]
    assert len(entry.parts) > 50
    assert set(cut.updated().values()) == {1, 2}
    assert [key for key, run in cut.updated().items() if run == 2] == [7]


@pytest.mark.parametrize("limits", [(1000, 0), (0, 1000)], ids=["grows out of the file", "shrinks into it"])
def test_a_table_that_moves_keeps_its_times(tmp_path: Path, limits: tuple[int, int]) -> None:
    shop = Shop(tmp_path, limit=limits[0])
    shop.publish(shop.contacts(names(10)))
    shop.limit = limits[1]
    shop.publish(shop.contacts(names(10, n3="other")))
    assert shop.updated() == {**dict.fromkeys(range(10), 1), 3: 2}
    assert [row for row in shop.history() if row[0] == 3] == [
        (3, "name 3", 1, False, None),
        (3, "other", 2, False, None),
    ]


def test_another_version_of_the_engine_rehashes_but_changes_nothing(cut: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cut.publish(cut.contacts(names(50)))
    monkeypatch.setattr("c360.warehouse.engines.duckdb_snapshots.SnapshotFile.engine", lambda _: "duckdb of tomorrow")
    second = cut.publish(cut.contacts(names(50)))
    assert second.hashes == first.hashes
    assert set(cut.updated().values()) == {1}


def test_only_changed_rows_get_a_new_time(shop: Shop) -> None:
    shop.publish(shop.contacts(names(30)))
    shop.publish(shop.contacts([*names(30, n4="x", n9="y"), (99, "new")]))
    assert {key for key, run in shop.updated().items() if run == 2} == {4, 9, 99}


def test_null_and_value_are_a_change_null_and_null_are_none(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, None), (2, None), (3, "")]))
    shop.publish(shop.contacts([(1, None), (2, ""), (3, None)]))
    assert shop.updated() == {1: 1, 2: 2, 3: 2}


def test_a_new_column_alone_is_no_change(shop: Shop) -> None:
    shop.publish(shop.contacts(names(5)))
    wider = {"entity_id": "BIGINT", "name": "VARCHAR", "plan": "VARCHAR"}
    manifest = shop.publish(shop.contacts([(*row, "free") for row in names(5, n2="x")], wider))
    assert shop.updated() == {0: 1, 1: 1, 2: 2, 3: 1, 4: 1}
    assert shop.rows("SELECT DISTINCT plan FROM contact") == [("free",)]
    assert [column.name for column in manifest.tables["contact"].columns] == ["entity_id", "name", "plan", "updated_at"]


def test_a_column_that_goes_is_no_change(shop: Shop) -> None:
    wider = {"entity_id": "BIGINT", "name": "VARCHAR", "plan": "VARCHAR"}
    shop.publish(shop.contacts([(*row, "free") for row in names(5)], wider))
    shop.publish(shop.contacts(names(5)))
    assert set(shop.updated().values()) == {1}


@pytest.mark.parametrize(
    ("before", "after"), [("INTEGER", "BIGINT"), ("BIGINT", "DOUBLE"), ("INTEGER", "DECIMAL(12,2)")]
)
def test_a_wider_number_type_is_no_change(shop: Shop, before: str, after: str) -> None:
    shop.publish(shop.contacts([(1, 10), (2, 20)], {"entity_id": "INTEGER", "orders": before}))
    shop.publish(shop.contacts([(1, 10), (2, 21)], {"entity_id": "BIGINT", "orders": after}))
    assert shop.updated() == {1: 1, 2: 2}


def test_a_number_that_becomes_text_is_compared_as_text(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, 10), (2, 20)], {"entity_id": "BIGINT", "code": "INTEGER"}))
    shop.publish(shop.contacts([(1, "10"), (2, "x20")], {"entity_id": "BIGINT", "code": "VARCHAR"}))
    assert shop.updated() == {1: 1, 2: 2}


def test_a_stored_function_of_as_of_is_published_but_no_change(shop: Shop) -> None:
    columns = {"entity_id": "BIGINT", "name": "VARCHAR", "age_days": "INTEGER"}
    volatile = (PublishedColumn("age_days", volatile=True),)
    shop.publish(shop.contacts([(1, "a", 10), (2, "b", 20)], columns, columns=volatile))
    shop.publish(shop.contacts([(1, "a", 11), (2, "c", 21)], columns, columns=volatile))
    assert shop.updated() == {1: 1, 2: 2}
    assert shop.rows("SELECT entity_id, age_days FROM contact ORDER BY 1") == [(1, 11), (2, 21)]


def test_a_computed_column_is_shown_but_not_stored(shop: Shop) -> None:
    tables = [
        shop.contacts(
            names(3), columns=(PublishedColumn("name"), PublishedColumn("twice", expression=f"entity_id * {n}"))
        )
        for n in (2, 3)
    ]
    shop.publish(tables[0])
    before = shop.parts()
    manifest = shop.publish(tables[1])
    assert shop.rows("SELECT name, twice FROM contact ORDER BY 1") == [("name 0", 0), ("name 1", 3), ("name 2", 6)]
    assert shop.parts() == before
    assert set(shop.updated().values()) == {1}
    assert {column.name: column.type for column in manifest.tables["contact"].columns}["twice"] == "BIGINT"


def test_an_event_that_moves_to_another_entity_is_a_change(shop: Shop) -> None:
    start = datetime(2025, 1, 1)
    shop.publish(shop.events([(1, 1, start), (2, 500, start)]))
    shop.publish(shop.events([(1, 500, start), (2, 500, start)]))
    assert shop.updated("contact_stream", "event_id") == {1: 2, 2: 1}
    assert shop.rows("SELECT count(*) FROM contact_stream") == [(2,)]


def test_a_key_may_hold_null_behind_its_first_column(shop: Shop) -> None:
    shop.work.execute(
        "CREATE TABLE bridge AS SELECT 1 AS contact_id, 2 AS group_id, CAST(NULL AS TIMESTAMP) AS joined_at"
    )
    bridge = PublishedTable("bridge", "SELECT * FROM bridge", ("contact_id", "joined_at"), bucket_by="contact_id")
    shop.publish(bridge)
    shop.work.execute("INSERT INTO bridge VALUES (5, 6, NULL)")
    shop.publish(bridge)
    assert shop.updated("bridge", "contact_id") == {1: 1, 5: 2}


def test_times_rise_even_when_the_clock_goes_back(shop: Shop) -> None:
    shop.publish(shop.contacts(names(2)))
    manifest = shop.publish(shop.contacts(names(2, n1="x")), now=FIRST - timedelta(days=400))
    assert manifest.published_at == FIRST + timedelta(microseconds=1)
    assert shop.rows("SELECT count(DISTINCT updated_at) FROM contact") == [(2,)]


def test_after_a_rollback_the_next_run_compares_with_what_is_published(shop: Shop) -> None:
    first = shop.publish(shop.contacts([(1, "a"), (2, "b")]))
    shop.publish(shop.contacts([(1, "a"), (2, "c")]))
    rollback(shop.store, first.snapshot)
    shop.publish(shop.contacts([(1, "d"), (2, "b")]))
    assert shop.updated() == {1: 3, 2: 1}


def test_a_value_that_comes_back_is_a_new_change_although_its_part_existed(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, "a")]))
    shop.publish(shop.contacts([(1, "b")]))
    shop.publish(shop.contacts([(1, "a")]))
    assert shop.updated() == {1: 3}
    assert shop.history() == [(1, "a", 1, False, None), (1, "a", 3, False, None), (1, "b", 2, False, None)]


def test_a_renamed_column_is_published_under_its_new_name(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, "a")], {"entity_id": "BIGINT", "name": "VARCHAR"}))
    shop.publish(shop.contacts([(1, "a")], {"entity_id": "BIGINT", "named": "VARCHAR"}))
    with shop.read() as reader:
        assert reader.query("SELECT * EXCLUDE (updated_at) FROM contact") == (["entity_id", "named"], [(1, "a")])


def test_a_type_that_changes_alone_is_published(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, 1)], {"entity_id": "BIGINT", "n": "INTEGER"}))
    shop.publish(shop.contacts([(1, 1)], {"entity_id": "BIGINT", "n": "BIGINT"}))
    assert shop.rows("SELECT typeof(n) FROM contact") == [("BIGINT",)]


def test_an_older_snapshot_keeps_its_times_when_its_content_comes_back(shop: Shop) -> None:
    first = shop.publish(shop.contacts([(1, "a")]))
    shop.publish(shop.contacts([(1, "b")]))
    shop.publish(shop.contacts([(1, "a")]))
    assert shop.rows("SELECT updated_at FROM contact", first.snapshot) == [(shop.at(1),)]
    assert shop.rows("SELECT updated_at FROM contact") == [(shop.at(3),)]


def test_two_rows_of_one_key_are_refused_and_nothing_is_published(shop: Shop) -> None:
    first = shop.publish(shop.contacts([(1, "a")]))
    with pytest.raises(WarehouseError, match="'contact' has 1 rows too many for its key") as caught:
        shop.publish(shop.contacts([(1, "a"), (1, "b")]))
    assert caught.value.faults[0].code == "table-key"
    with shop.read() as reader:
        assert reader.snapshot_id == first.snapshot


@pytest.mark.parametrize("name", ["updated_at", "Updated_At", "is_deleted", "merged_into"])
def test_a_column_that_publishing_adds_itself_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(WarehouseError, match="is a name that c360 adds itself"):
        shop.publish(shop.contacts([(1, "x")], {"entity_id": "BIGINT", name: "VARCHAR"}))


def test_two_tables_of_one_name_are_refused(shop: Shop) -> None:
    table = shop.contacts([(1, "x")])
    with pytest.raises(WarehouseError, match="two published tables are called 'contact_history'"):
        shop.publish(table, PublishedTable("contact_history", table.select, ("entity_id",)))


def test_a_declared_column_that_is_not_computed_is_refused(shop: Shop) -> None:
    with pytest.raises(WarehouseError, match=r"'contact\.plan' is declared but not computed"):
        shop.publish(shop.contacts([(1, "x")], columns=(PublishedColumn("plan"),)))
