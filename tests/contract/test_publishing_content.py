"""The content hash of a table says what its rows are, and nothing about how they lie or who wrote them."""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.published_rows import Shop

from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.snapshots.manifest import Content

people = [(number, f"name {number % 7}" if number % 5 else None) for number in range(200)]


def content(folder: Path, rows: list[tuple[Any, ...]], columns: dict[str, str] | None = None) -> Content:
    shop = Shop(folder)
    table = shop.contacts(rows, columns, keep_history=False)
    return shop.publish(PublishedTable("contact", table.select, ())).tables["contact"].content


def canonical(value: Any, kind: str) -> str:
    """The text of one value, written anew from the description in the module's docstring."""
    if kind == "VARCHAR":
        return ":" if value is None else f"{len(value.encode())}:{value}"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def test_the_hash_is_the_sum_of_the_md5_of_canonical_rows(tmp_path: Path) -> None:
    columns = {
        "b": "VARCHAR",
        "a": "BIGINT",
        "d": "DATE",
        "t": "TIMESTAMP",
        "m": "DECIMAL(9,2)",
        "f": "DOUBLE",
        "x": "BOOLEAN",
    }
    rows = [
        ("ä;~", 1, date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5), Decimal("1.50"), 0.1, True),
        ("", None, None, datetime(2026, 1, 2, 3, 4, 5, 250000), Decimal("-0.01"), -2.5, False),
        (None, -7, date(1999, 12, 31), None, None, None, None),
    ]  # fmt: skip
    low = high = 0
    for row in rows:
        by_name = dict(zip(columns, row, strict=True))
        text = ";".join(canonical(by_name[name], columns[name]) for name in sorted(columns))
        text = text.replace("05.250000", "05.25")  # fractions of a second without trailing zeros
        number = int.from_bytes(hashlib.md5(text.encode()).digest(), "little")
        low, high = low + number % 2**64, high + (number >> 64)
    assert content(tmp_path, rows, columns) == Content(3, low % 2**64, high % 2**64)


def test_row_order_does_not_matter(tmp_path: Path) -> None:
    shuffled = people[:]
    Random(1).shuffle(shuffled)
    assert content(tmp_path / "a", people) == content(tmp_path / "b", shuffled)


def test_column_order_does_not_matter(tmp_path: Path) -> None:
    swapped = content(tmp_path / "b", [(b, a) for a, b in people], {"name": "VARCHAR", "entity_id": "BIGINT"})
    assert content(tmp_path / "a", people) == swapped


def test_physical_layout_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 20)
    embedded, cut = Shop(tmp_path / "a"), Shop(tmp_path / "b", limit=10)
    one = embedded.publish(embedded.contacts(people)).tables["contact"]
    many = cut.publish(cut.contacts(people)).tables["contact"]
    assert one.layout is None
    assert len(many.parts) > 5
    assert one.hash == many.hash


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(people, id="many parts"),
        pytest.param(people[:15], id="one part"),
        pytest.param([(None, "x"), *people], id="a row without an id"),
        pytest.param([(number + 2**60, name) for number, name in people], id="large ids"),
        pytest.param(people[:5], id="a small one"),
        pytest.param([], id="none"),
    ],
)
def test_whether_tables_are_counted_before_they_are_written_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[Any, ...]]
) -> None:
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 20)
    found = []
    for is_large in (False, True):
        shop = Shop(tmp_path / str(is_large), limit=10, is_large=is_large)
        first = shop.publish(shop.contacts(rows, keep_history=False)).tables["contact"]
        again = shop.publish(shop.contacts([*rows, (7000, "new")], keep_history=False)).tables["contact"]
        for entry in (first, again):
            parts = [(part.bucket, part.content) for part in entry.parts]
            found.append((is_large, entry.layout, entry.content, entry.quick, parts))
        assert shop.rows("SELECT count(*) FROM contact") == [(len(rows) + 1,)]
    assert [rest for is_large, *rest in found if is_large] == [rest for is_large, *rest in found if not is_large]


def test_streams_of_several_months_are_cut_into_what_their_rows_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 20)
    shop = Shop(tmp_path, limit=10, is_large=True)
    rows = [(number, number % 40, datetime(2026, 1 + number % 3, 1 + number % 27)) for number in range(300)]
    entry = shop.publish(shop.events(rows)).tables["contact_stream"]
    assert entry.layout is not None
    width = entry.layout.width
    assert set(entry.quick) == {f"{who // width}/{2026 * 12 + at.month - 1}" for _, who, at in rows}
    for part in entry.parts:
        lying = shop.rows(f"SELECT entity_id, happened_at FROM '{shop.store / 'published' / part.file}'")
        assert {f"{who // width}/{at.year * 12 + at.month - 1}" for who, at in lying} == {part.bucket}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([(1, None)], [(1, "")], id="NULL is not the empty text"),
        pytest.param([(None, "x")], [(0, "x")], id="NULL is not zero"),
        pytest.param([(1, "a"), (2, "b")], [(1, "b"), (2, "a")], id="values that change places"),
        pytest.param([(1, "a"), (2, "b")], [(1, "a")], id="a row less"),
        pytest.param([(1, "a")] * 2, [(1, "b")] * 2, id="rows that are there twice"),
        pytest.param([(1, "a")] * 2 + [(2, "b")], [(1, "a")] + [(2, "b")] * 2, id="how often a row is there"),
        pytest.param([(1, "a ")], [(1, "a")], id="a space"),
    ],
)
def test_different_rows_have_different_hashes(
    tmp_path: Path, one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]
) -> None:
    assert content(tmp_path / "a", one) != content(tmp_path / "b", other)


def test_text_cannot_imitate_other_columns(tmp_path: Path) -> None:
    columns = {"a": "VARCHAR", "b": "VARCHAR"}
    assert content(tmp_path / "a", [("x;1:y", "z")], columns) != content(tmp_path / "b", [("x", "y;1:z")], columns)


def test_negative_zero_is_zero(tmp_path: Path) -> None:
    columns = {"a": "DOUBLE"}
    assert content(tmp_path / "a", [(0.0,)], columns) == content(tmp_path / "b", [(-0.0,)], columns)


def test_a_column_name_is_part_of_the_hash_of_a_table(tmp_path: Path) -> None:
    one, other = Shop(tmp_path / "a"), Shop(tmp_path / "b")
    rows = [(1, "x")]
    first = one.publish(one.contacts(rows, {"entity_id": "BIGINT", "name": "VARCHAR"}))
    second = other.publish(other.contacts(rows, {"entity_id": "BIGINT", "label": "VARCHAR"}))
    assert first.hashes != second.hashes


def test_hashes_of_parts_add_up_to_the_hash_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 20)
    shop = Shop(tmp_path, limit=10)
    table = shop.publish(shop.contacts(people)).tables["contact"]
    assert Content.total(part.content for part in table.parts) == table.content
    assert table.rows == len(people)


def test_sums_wider_than_64_bit_are_published_as_exact_decimals(tmp_path: Path) -> None:
    shop = Shop(tmp_path, limit=0)
    shop.work.execute(
        "CREATE TABLE big AS SELECT CAST(1 AS BIGINT) AS entity_id, CAST(9007199254740993 AS HUGEINT) AS total"
    )
    table = PublishedTable("big", "SELECT * FROM big", ("entity_id",), bucket_by="entity_id")
    entry = shop.publish(table).tables["big"]
    assert entry.stored["total"] == "DECIMAL(38,0)"
    assert shop.rows("SELECT total FROM big") == [(Decimal(9007199254740993),)]
