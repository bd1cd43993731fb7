"""A published snapshot -> rows: opened read-only under its own path, pinned while it is open, sealed from the disk."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from c360.errors import Fault, WarehouseError
from c360.warehouse.connection import Connection, Row, refused
from c360.warehouse.engines.duckdb import open_memory, open_read_only
from c360.warehouse.engines.duckdb_rows import content_sql, live_rows, parquet
from c360.warehouse.engines.duckdb_snapshots import search_folder
from c360.warehouse.names import comma, literal, quote
from c360.warehouse.snapshots import files
from c360.warehouse.snapshots.manifest import Content, Manifest, TableEntry

sealing = threading.Lock()
plain_plans = "statistics_propagation,join_order,late_materialization"  # these read what all parts say of themselves


class SnapshotReader:
    """One snapshot, from opening to closing, whatever is published meanwhile; safe to use from several threads."""

    def __init__(self, folder: Path, manifest: Manifest, pinned: int, *, sealed: bool) -> None:
        self.folder = folder
        self.manifest = manifest
        self.pinned = pinned
        self.sealed = sealed
        self.connection = open_read_only(folder / manifest.snapshot / files.database_name)
        seal(self.connection.raw, folder, sealed=sealed)

    @property
    def snapshot_id(self) -> str:
        """Which snapshot this is."""
        return self.manifest.snapshot

    def tables(self) -> dict[str, TableEntry]:
        """The published tables with their columns, keys, rows and descriptions."""
        return self.manifest.tables

    def table(self, name: str) -> TableEntry | None:
        """A table by its name or by its label."""
        named = self.manifest.tables.get(name)
        return named or next((table for table in self.manifest.tables.values() if name in table.aliases), None)

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Read with one SELECT.

        Raises:
            WarehouseError: it is not one SELECT, or the engine refuses it.
        """
        return self.query(sql, params)[1]

    def query(self, sql: str, params: Sequence[Any] = ()) -> tuple[list[str], list[Row]]:
        """Column names and rows of one SELECT."""
        cursor = self.connection.raw.cursor()
        try:
            cursor.execute(one_select(cursor.extract_statements(sql), sql), list(params))
            names = [column[0] for column in cursor.description]
            return names, cursor.fetchall()
        except WarehouseError:
            raise
        except Exception as error:
            raise refused(error, sql) from error
        finally:
            cursor.close()

    def on_one_thread(self, database: str) -> Connection:
        """The same snapshot in an engine of its own, which answers in the thread that asks; whoever wants it closes it.

        Of what is asked of few rows, waking other threads takes a third of the time, and more while the machine is busy.
        So does looking for a better plan than the plain one: there is none.

        Args:
            database: what the snapshot's database is called there; sessions say `USE` with it.
        """
        engine = open_memory(threads=1)
        try:
            path = (self.folder / self.snapshot_id / files.database_name).as_posix()
            engine.execute(f"ATTACH {literal(path)} AS {quote(database)} (READ_ONLY)", portable=False)
            seal(engine.raw, self.folder, sealed=self.sealed)
            engine.execute(f"SET disabled_optimizers = {literal(plain_plans)}", portable=False)
        except BaseException:
            engine.close()
            raise
        return engine

    def verify(self) -> list[str]:
        """The tables whose stored rows no longer have the hash of the manifest; empty when all is well."""
        return [name for name, table in self.tables().items() if self.content_of(table) != table.content]

    def content_of(self, table: TableEntry) -> Content:
        """Hash a table anew from what is stored."""
        relation = f"stored.{quote(table.name)}"
        if table.layout:
            relation = live_rows(parquet, table.row_files, table.gone_files, table.key)
        _, rows, low, high, _ = (0, *self.rows(content_sql(relation, table.stored))[0])
        return Content.of(int(rows), low, high)

    def close(self) -> None:
        """Stop reading, and let the snapshot be collected."""
        if self.pinned >= 0:
            self.connection.close()
            os.close(self.pinned)
            self.pinned = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def one_select(statements: Sequence[Any], sql: str) -> Any:
    """The one statement of a text, which must be a SELECT."""
    if [statement.type.name for statement in statements] == ["SELECT"]:
        return statements[0]
    raise WarehouseError(Fault("snapshot-read-only", "a snapshot is only read", fix="write one SELECT", looked=(sql,)))


def seal(raw: Any, folder: Path, *, sealed: bool) -> None:
    """Let the relative paths of the views start at the folder, and reach nothing else on the disk when sealed."""
    home = search_folder(folder)
    raw.execute(f"SET GLOBAL file_search_path = {literal(home)}")
    raw.execute("SET GLOBAL parquet_metadata_cache = true")  # parts never change
    with sealing:  # readers of one snapshot in one process share an engine, which can be sealed only once
        open_to_all = raw.execute("SELECT current_setting('enable_external_access')").fetchone()[0]
        if sealed and open_to_all:
            allowed = comma(literal(path) for path in (f"{files.parts_name}/", f"{home}/{files.parts_name}/"))
            raw.execute(f"SET allowed_directories = [{allowed}]")
            raw.execute("SET enable_external_access = false")


def open_snapshot(store: Path, snapshot: str | None = None, *, sealed: bool = True) -> SnapshotReader:
    """Open the published snapshot, or an older one that is still kept.

    Other tools can read the same file: open `published/<snapshot>/c360.duckdb` read-only and set DuckDB's
    `file_search_path` to `published`, because the views name their parts relative to it; so a store can be moved.

    A `sealed` reader refuses SQL that touches files other than the parts; its process cannot undo that.

    Raises:
        WarehouseError: nothing is published yet, there is no such snapshot, or it is damaged.
    """
    folder = files.published_folder(store).resolve()
    for _ in range(100):
        name = snapshot or files.read_current(folder)
        if name is None:
            fix = "run `c360 run` first"
            raise WarehouseError(Fault("nothing-published", "nothing is published yet", fix=fix, looked=(str(folder),)))
        pinned = files.pin(folder, name)
        if pinned is not None:
            return open_pinned(folder, name, pinned, sealed=sealed)
        if snapshot is not None:
            break
    files.read_manifest(folder, str(name))
    raise WarehouseError(Fault("snapshot-unknown", f"snapshot '{name}' is gone"))


def open_pinned(folder: Path, name: str, pinned: int, *, sealed: bool) -> SnapshotReader:
    """Open a snapshot that cannot be collected any more."""
    try:
        return SnapshotReader(folder, files.read_manifest(folder, name), pinned, sealed=sealed)
    except BaseException:
        os.close(pinned)
        raise
