"""The table of all versions: one row per (updated_at, key), complete, and growing by what changed."""

from pathlib import Path

import pytest
from tests.published_rows import Shop

from c360.warehouse.snapshots import rollback


@pytest.fixture(params=["embedded", "in parts"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return Shop(tmp_path, limit=1000 if request.param == "embedded" else 0)


def merging(shop: Shop, rows: list[tuple[int, str]], merges: list[tuple[int, int]]) -> None:
    values = ", ".join(f"(CAST({a} AS BIGINT), CAST({b} AS BIGINT))" for a, b in merges) or "(NULL, NULL)"
    shop.publish(shop.contacts(rows, merged=f"SELECT a, b FROM (VALUES {values}) m(a, b)"))


def test_the_first_publication_has_each_row_once_and_stores_no_version_twice(shop: Shop) -> None:
    manifest = shop.publish(shop.contacts([(1, "a"), (2, "b")]))
    history = manifest.tables["contact"].history
    assert shop.history() == [(1, "a", 1, False, None), (2, "b", 1, False, None)]
    assert history is not None
    assert history.rows == 0


def test_a_changed_row_adds_a_version_and_an_unchanged_one_none(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, "a"), (2, "b")]))
    shop.publish(shop.contacts([(1, "x"), (2, "b")]))
    shop.publish(shop.contacts([(1, "y"), (2, "b")]))
    expected = [(1, "a", 1, False, None), (1, "x", 2, False, None), (1, "y", 3, False, None), (2, "b", 1, False, None)]
    assert shop.history() == expected


def test_history_can_be_asked_what_was_known_at_a_time(shop: Shop) -> None:
    for name in ("a", "b", "c"):
        shop.publish(shop.contacts([(1, name)]))
    sql = f"SELECT name FROM contact_history WHERE updated_at <= '{shop.at(2)}' ORDER BY updated_at DESC LIMIT 1"
    assert shop.rows(sql) == [("b",)]


def test_an_entity_that_ends_gets_a_last_row_that_says_so(shop: Shop) -> None:
    shop.publish(shop.contacts([(1, "a"), (2, "b")]))
    shop.publish(shop.contacts([(1, "a")]))
    assert shop.history()[1:] == [(2, "b", 1, False, None), (2, "b", 2, True, None)]
    assert shop.rows("SELECT entity_id FROM contact") == [(1,)]


def test_an_entity_that_merges_says_into_which(shop: Shop) -> None:
    merging(shop, [(1, "a"), (2, "b"), (3, "c")], [])
    merging(shop, [(1, "a"), (3, "c")], [(2, 1)])
    assert [row for row in shop.history() if row[3]] == [(2, "b", 2, True, 1)]


def test_an_entity_that_comes_back_goes_on_after_its_last_row(shop: Shop) -> None:
    merging(shop, [(1, "a"), (2, "b")], [])
    merging(shop, [(1, "a")], [(2, 1)])
    merging(shop, [(1, "a"), (2, "b")], [])
    assert [row[2:] for row in shop.history() if row[0] == 2] == [(1, False, None), (2, True, 1), (3, False, None)]


def test_a_merged_entity_is_not_declared_dead_again(shop: Shop) -> None:
    merging(shop, [(1, "a"), (2, "b")], [])
    merging(shop, [(1, "a")], [(2, 1)])
    merging(shop, [(1, "x")], [(2, 1)])
    assert [row[2:] for row in shop.history() if row[0] == 2] == [(1, False, None), (2, True, 1)]


def test_versions_are_unique_by_time_and_key_and_never_lost(shop: Shop) -> None:
    for run in range(1, 9):
        rows = [(key, f"{key} {run // (key + 1)}") for key in range(6) if (key + run) % 4]
        shop.publish(shop.contacts(rows))
    assert shop.rows("SELECT count(*) - count(DISTINCT (updated_at, entity_id)) FROM contact_history") == [(0,)]
    gone = sum(1 for row in shop.history() if row[3])
    assert gone > 5


def test_history_moves_to_parts_when_it_is_long_and_stays_whole(tmp_path: Path) -> None:
    shop = Shop(tmp_path, limit=12)
    for run in range(6):
        manifest = shop.publish(shop.contacts([(key, f"{key} {run}") for key in range(5)]))
    history = manifest.tables["contact"].history
    assert history is not None
    assert len(history.parts) == 1
    assert (history.rows, history.embedded) == (25, 10)
    assert len(shop.history()) == 30
    assert shop.rows("SELECT count(DISTINCT (updated_at, entity_id)) FROM contact_history") == [(30,)]


@pytest.mark.parametrize("limit", [3, 1000], ids=["in parts", "embedded"])
def test_old_versions_are_shown_in_the_columns_of_today(tmp_path: Path, limit: int) -> None:
    shop = Shop(tmp_path, limit=limit)
    shop.publish(
        shop.contacts([(key, "a", 1) for key in range(5)], {"entity_id": "BIGINT", "name": "VARCHAR", "n": "INTEGER"})
    )
    shop.publish(
        shop.contacts([(key, "b", 2) for key in range(5)], {"entity_id": "BIGINT", "name": "VARCHAR", "n": "INTEGER"})
    )
    columns = {"entity_id": "BIGINT", "name": "VARCHAR", "n": "VARCHAR", "plan": "VARCHAR"}
    shop.publish(shop.contacts([(key, "c", "3", "pro") for key in range(5)], columns))
    shop.publish(shop.contacts([(key, "d", "4", "pro") for key in range(5)], columns))
    found = shop.rows("SELECT name, n, plan FROM contact_history WHERE entity_id = 3 ORDER BY updated_at")
    assert found == [("a", "1", None), ("b", "2", None), ("c", "3", "pro"), ("d", "4", "pro")]


def test_volatile_columns_are_not_part_of_a_version(shop: Shop) -> None:
    from tests.published_rows import PublishedColumn

    columns = {"entity_id": "BIGINT", "name": "VARCHAR", "age_days": "INTEGER"}
    shop.publish(shop.contacts([(1, "a", 1)], columns, columns=(PublishedColumn("age_days", volatile=True),)))
    with shop.read() as reader:
        names, _ = reader.query("SELECT * FROM contact_history")
    assert names == ["entity_id", "name", "updated_at", "is_deleted", "merged_into"]


def test_after_a_rollback_history_goes_on_from_what_is_published(shop: Shop) -> None:
    first = shop.publish(shop.contacts([(1, "a")]))
    shop.publish(shop.contacts([(1, "b")]))
    rollback(shop.store, first.snapshot)
    shop.publish(shop.contacts([(1, "c")]))
    assert shop.history() == [(1, "a", 1, False, None), (1, "c", 3, False, None)]
