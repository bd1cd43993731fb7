"""Snapshots stay whole while others are published, rolled back to and removed; readers see one of them, read-only."""

import json
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from tests.published_rows import FIRST, Shop

from c360.errors import WarehouseError
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.snapshots import collect, current_manifest, list_snapshots, open_snapshot, rollback


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr("c360.warehouse.snapshots.layout.rows_per_part", 10)
    return Shop(tmp_path, limit=20)


def three(shop: Shop) -> list[str]:
    """Publish three times: a table in parts, and a small one."""
    return [publish_one(shop, run) for run in range(1, 4)]


def publish_one(shop: Shop, run: int) -> str:
    table = shop.contacts([(key, f"run {run}") for key in range(40)], aliases=("person",))
    shop.work.execute("DROP TABLE IF EXISTS small")
    shop.work.execute(f"CREATE TABLE small AS SELECT 1 AS account_id, {run} AS run")
    small = PublishedTable("account", "SELECT * FROM small", ("account_id",), kind="entity", description="Accounts")
    return shop.publish(table, small).snapshot


def test_many_open_one_snapshot_at_the_same_moment(shop: Shop) -> None:
    three(shop)

    def count(start: threading.Barrier) -> int:
        start.wait(60)
        with shop.read() as reader:
            return int(reader.rows("SELECT count(*) FROM contact")[0][0])

    with ThreadPoolExecutor(6) as pool:
        for _ in range(20):
            assert list(pool.map(count, [threading.Barrier(6)] * 6)) == [40] * 6


def test_all_tables_of_a_run_are_of_that_run(shop: Shop) -> None:
    names = three(shop)
    for run, name in enumerate(names, 1):
        sql = "SELECT DISTINCT name, (SELECT run FROM account) FROM contact"
        assert shop.rows(sql, name) == [(f"run {run}", run)]


def test_a_reader_keeps_its_snapshot_while_others_are_published(shop: Shop) -> None:
    publish_one(shop, 1)
    with shop.read() as reader:
        publish_one(shop, 2)
        assert reader.rows("SELECT DISTINCT name FROM contact") == [("run 1",)]
        assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 2",)]


def test_the_label_is_a_second_name(shop: Shop) -> None:
    publish_one(shop, 1)
    with shop.read() as reader:
        assert reader.rows("SELECT count(*) FROM person") == [(40,)]
        assert reader.table("person") is reader.table("contact")


def test_a_reserved_word_is_a_table_name(shop: Shop) -> None:
    shop.work.execute("CREATE TABLE g AS SELECT 1 AS entity_id, 'x' AS \"order\"")
    shop.publish(PublishedTable("group", "SELECT * FROM g", ("entity_id",), keep_history=True, aliases=("gaggle",)))
    assert shop.rows('SELECT "order" FROM "group"') == shop.rows('SELECT "order" FROM gaggle') == [("x",)]
    assert shop.rows("SELECT count(*) FROM group_history") == [(1,)]


def test_the_reader_says_what_the_tables_are(shop: Shop) -> None:
    publish_one(shop, 1)
    with shop.read() as reader:
        account = reader.tables()["account"]
        assert (account.rows, account.key, account.kind, account.description) == (
            1,
            ("account_id",),
            "entity",
            "Accounts",
        )
        assert [(column.name, column.type) for column in account.columns][:2] == [
            ("account_id", "INTEGER"),
            ("run", "INTEGER"),
        ]
        assert reader.manifest.run_id == "run-1"


def test_rollback_is_seen_at_once_and_takes_under_a_second(shop: Shop) -> None:
    first, _, last = three(shop)
    started = time.perf_counter()
    rollback(shop.store, first)
    assert time.perf_counter() - started < 1
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 1",)]
    assert [(info.snapshot, info.is_current) for info in list_snapshots(shop.store)][-1] == (first, True)
    rollback(shop.store, last)
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 3",)]


def test_rollback_to_an_unknown_snapshot_suggests_one(shop: Shop) -> None:
    name = publish_one(shop, 1)
    with pytest.raises(WarehouseError, match=f"did you mean '{name}'"):
        rollback(shop.store, name[:-2] + "Z")
    assert current_manifest(shop.store) is not None


def test_rollback_to_a_snapshot_that_lacks_parts_is_refused(shop: Shop) -> None:
    first, *_ = three(shop)
    manifest = next(m for m in [open_snapshot(shop.store, first)])
    lost = manifest.tables()["contact"].parts[0].file
    manifest.close()
    (shop.store / "published" / lost).unlink()
    with pytest.raises(WarehouseError, match="lacks 1 parts"):
        rollback(shop.store, first)
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 3",)]


def test_only_the_newest_snapshots_are_kept_with_just_their_parts(shop: Shop) -> None:
    shop.retention = 2
    names = [publish_one(shop, run) for run in range(1, 6)]
    assert [info.snapshot for info in list_snapshots(shop.store)] == names[:2:-1]
    needed = set()
    for name in names[3:]:
        with shop.read(name) as reader:
            needed |= reader.manifest.files
            assert reader.verify() == []
    assert shop.parts() == needed


def test_the_published_snapshot_is_kept_however_old(shop: Shop) -> None:
    first, *_ = three(shop)
    rollback(shop.store, first)
    collect(shop.store, 1)
    assert [info.snapshot for info in list_snapshots(shop.store)][-1] == first
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 1",)]


def test_a_snapshot_that_is_being_read_is_not_collected(shop: Shop) -> None:
    first = publish_one(shop, 1)
    reader = shop.read()
    shop.retention = 1
    publish_one(shop, 2)
    publish_one(shop, 3)
    assert reader.rows("SELECT DISTINCT name FROM contact") == [("run 1",)]
    assert reader.verify() == []
    assert first in [info.snapshot for info in list_snapshots(shop.store)]
    reader.close()
    removed = collect(shop.store, 1)
    assert first in removed
    assert any(name.startswith("parts/") for name in removed)


def test_collecting_removes_the_rests_of_killed_runs(shop: Shop) -> None:
    publish_one(shop, 1)
    folder = shop.store / "published"
    half = folder / "20300101T000000000000Z"
    half.mkdir()
    (half / "c360.duckdb").write_bytes(b"half")
    aside = folder / "parts" / ".20300101T000000000000Z" / "contact"
    aside.mkdir(parents=True)
    (aside / "data_0.parquet").write_bytes(b"half")
    (folder / "parts" / "contact" / "0-20300101T000000000000Z.parquet").write_bytes(b"of no snapshot")
    before = shop.parts()
    collect(shop.store, 10)
    assert not half.exists()
    assert not aside.exists()
    assert len(before - shop.parts()) == 2
    with shop.read() as reader:
        assert reader.verify() == []


def test_a_damaged_manifest_of_an_old_snapshot_stops_neither_publishing_nor_listing(shop: Shop) -> None:
    first = publish_one(shop, 1)
    (shop.store / "published" / first / "manifest.json").write_text("{")
    rollback_error = pytest.raises(WarehouseError, match="cannot be read")
    shop_two = shop.store / "published" / "CURRENT"
    shop_two.unlink()
    second = publish_one(shop, 2)
    assert [info.snapshot for info in list_snapshots(shop.store)] == [second]
    with rollback_error:
        rollback(shop.store, first)


def test_verify_finds_a_part_that_was_replaced(shop: Shop) -> None:
    publish_one(shop, 1)
    with shop.read() as reader:
        one, other = (shop.store / "published" / part.file for part in reader.tables()["contact"].parts[:2])
    one.unlink()
    shutil.copy(other, one)
    with shop.read() as reader:
        assert reader.verify() == ["contact"]


def test_a_store_can_be_moved(shop: Shop, tmp_path: Path) -> None:
    publish_one(shop, 1)
    elsewhere = tmp_path / "else where [2]" / "é'store"
    shutil.copytree(shop.store / "published", elsewhere / "published")
    shutil.rmtree(shop.store / "published")
    with open_snapshot(elsewhere) as reader:
        assert reader.rows("SELECT count(*), count(DISTINCT name) FROM contact") == [(40, 1)]
        assert reader.verify() == []


def test_a_store_lies_in_a_folder_of_any_name(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "my 'data' [v2] *", limit=10)
    publish_one(shop, 1)
    publish_one(shop, 2)
    assert shop.rows("SELECT count(*), min(name) FROM person") == [(40, "run 2")]


def test_a_comma_in_the_stores_path_is_refused_with_the_way_out(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "a, b")
    with pytest.raises(WarehouseError, match="holds a comma"):
        publish_one(shop, 1)


def test_other_tools_read_the_file_with_the_search_path(shop: Shop) -> None:
    import duckdb

    name = publish_one(shop, 1)
    folder = shop.store / "published"
    config = {"file_search_path": folder.as_posix()}
    with duckdb.connect(str(folder / name / "c360.duckdb"), read_only=True, config=config) as raw:
        assert raw.execute("SELECT count(*) FROM person").fetchall() == [(40,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('../../control.sqlite')",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO 'x.csv'",
        "INSERT INTO stored.contact VALUES (1)",
        "SELECT 1; SELECT 2",
        "ATTACH '/tmp/x.duckdb'",
        "SET enable_external_access = true",
        "",
    ],
)
def test_a_reader_reads_the_snapshot_and_nothing_else(shop: Shop, sql: str) -> None:
    publish_one(shop, 1)
    with shop.read() as reader, pytest.raises(WarehouseError):
        reader.rows(sql)


def test_a_reader_serves_several_threads(shop: Shop) -> None:
    publish_one(shop, 1)
    results: list[int] = []
    with shop.read() as reader:

        def read(key: int) -> None:
            sql = "SELECT entity_id FROM contact WHERE entity_id = ?"
            results.extend(reader.rows(sql, (key,))[0][0] - key for _ in range(20))

        threads = [threading.Thread(target=read, args=(key,)) for key in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [0] * 80


def test_before_the_first_run_readers_are_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet") as caught:
        open_snapshot(tmp_path)
    assert caught.value.faults[0].fix == "run `c360 run` first"
    assert (list_snapshots(tmp_path), collect(tmp_path, 1), current_manifest(tmp_path)) == ([], [], None)
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        rollback(tmp_path, "x")


def test_an_unknown_snapshot_is_named(shop: Shop) -> None:
    publish_one(shop, 1)
    with pytest.raises(WarehouseError, match="there is no snapshot 'x'"):
        open_snapshot(shop.store, "x")


@pytest.mark.parametrize(
    ("select", "refusal"),
    [
        ("SELECT CAST('x' || entity_id AS INTEGER) AS entity_id FROM main.contact", "Could not convert"),
        ("SELECT 1 AS entity_id UNION ALL SELECT 1", "1 rows too many for its key"),  # told when all else is written
    ],
)
def test_a_refused_publication_leaves_everything_as_it_was(shop: Shop, select: str, refusal: str) -> None:
    first = publish_one(shop, 1)
    shop.work.raw.execute("SET file_search_path = '/tmp'")
    before = {path for path in (shop.store / "published").rglob("*") if path.is_file()}
    table = shop.contacts([(1, "x")])
    with pytest.raises(WarehouseError, match=refusal):
        shop.publish(table, PublishedTable("broken", select, ("entity_id",)))
    assert {path for path in (shop.store / "published").rglob("*") if path.is_file()} == before
    assert shop.work.scalar("SELECT current_setting('file_search_path')") == "/tmp"
    assert shop.work.rows("SELECT count(*) FROM duckdb_databases() WHERE database_name LIKE 'c360_%'") == [(0,)]
    current = current_manifest(shop.store)
    assert current is not None
    assert current.snapshot == first
    publish_one(shop, 2)


def test_the_manifest_traces_every_table_to_run_definition_and_inputs(shop: Shop) -> None:
    from tests.published_rows import AS_OF, PublishedColumn

    from c360.warehouse.snapshots import Publication, publish

    column = PublishedColumn("name", "Their name", "growth@example.org", "mask", ("users.name",), "name@2")
    table = shop.contacts(
        [(1, "x")], columns=(PublishedColumn("entity_id"), column), grain="one row per contact", owner="data"
    )
    about = Publication(AS_OF, "run-7", definition="d1", inputs={"users": "f00"})
    published = publish(shop.work, [table], shop.store, about, FIRST)
    plain = json.loads((shop.store / "published" / published.snapshot / "manifest.json").read_text())
    assert (plain["run_id"], plain["definition"], plain["inputs"]) == ("run-7", "d1", {"users": "f00"})
    named = plain["tables"]["contact"]["columns"][1]
    assert (named["lineage"], named["definition"], named["pii"]) == (["users.name"], "name@2", "mask")
    assert current_manifest(shop.store) == published


def test_the_definition_of_a_table_changes_with_its_sql(shop: Shop) -> None:
    one = shop.publish(shop.contacts([(1, "x")])).tables["contact"].definition
    table = shop.contacts([(1, "x")])
    other = PublishedTable("contact", f"SELECT * FROM ({table.select})", ("entity_id",))
    assert shop.publish(other).tables["contact"].definition != one


def test_publication_times_name_the_snapshots(shop: Shop) -> None:
    names = three(shop)
    assert names == sorted(names)
    assert names[0] == f"{FIRST:%Y%m%dT%H%M%S%f}Z"
    assert [info.published_at for info in list_snapshots(shop.store)] == [FIRST + timedelta(hours=n) for n in (2, 1, 0)]


def test_a_pointer_that_cannot_be_replaced_stays_as_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish_one(shop, 1)
    real = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if Path(target).name == "CURRENT":
            raise OSError(28, "No space left on device")
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(OSError, match="No space"):
            publish_one(shop, 2)
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 1",)]
    assert [info.snapshot for info in list_snapshots(shop.store)] == [first]


def test_a_large_table_that_fails_beside_the_small_ones_publishes_nothing(shop: Shop) -> None:
    publish_one(shop, 1)
    shop.work.execute(
        "CREATE OR REPLACE TABLE event AS SELECT range AS event_id, range AS entity_id, TIMESTAMP '2025-01-01' AS happened_at, "
        "CASE WHEN range = 99 THEN 'x' ELSE '1' END AS text FROM range(100)",
        portable=False,
    )
    select = "SELECT event_id, entity_id, happened_at, CAST(text AS INTEGER) AS number FROM event"
    stream = PublishedTable("stream", select, ("event_id",), bucket_by="entity_id", month_by="happened_at")
    with pytest.raises(WarehouseError, match="Could not convert"):
        shop.publish(shop.contacts([(1, "x")]), stream)
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 1",)]
    publish_one(shop, 2)
    assert not list((shop.store / "published" / "parts").glob(".*"))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs to see the names of open files")
def test_everything_is_on_the_disk_before_the_pointer_moves(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shop.store / "published"
    synced: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real_sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        synced.append(f"replace {target.name}")
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    name = publish_one(shop, 1)
    before = synced[: synced.index("replace CURRENT")]
    with shop.read() as reader:
        parts = len(reader.manifest.files)
    home = folder / name
    needed = [
        home,
        home / "c360.duckdb",
        home / ".manifest.json.new",
        folder,
        folder / "parts",
        folder / "parts/contact",
    ]
    assert {str(path) for path in needed} <= set(before)
    assert sum(path.endswith(".parquet") for path in before) == parts > 2
    assert before.index("replace manifest.json") < before.index(str(home), before.index("replace manifest.json"))
    assert synced[-1] == str(folder)


def test_an_error_after_the_pointer_moved_does_not_undo_the_publication(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_one(shop, 1)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("c360.warehouse.snapshots.publication.clear", interrupt)
        with pytest.raises(KeyboardInterrupt):
            publish_one(shop, 2)
    assert shop.rows("SELECT DISTINCT name FROM contact") == [("run 2",)]
