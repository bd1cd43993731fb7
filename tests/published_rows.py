"""Rows as plain Python values in, a store with published snapshots out: publishing is tested on it alone."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from c360.warehouse import Connection, comma, qualified, quote
from c360.warehouse.catalogue import PublishedColumn, PublishedTable
from c360.warehouse.engines.duckdb import open_memory
from c360.warehouse.snapshots import Manifest, Publication, SnapshotReader, open_snapshot, publish

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = datetime(2026, 1, 2, tzinfo=UTC)


def write(work: Connection, name: str, columns: dict[str, str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Make `main.<name>` hold these rows."""
    typed = comma(f"{quote(column)} {kind}" for column, kind in columns.items())
    work.execute(f"DROP TABLE IF EXISTS {qualified('main', name)}")
    work.execute(f"CREATE TABLE {qualified('main', name)} ({typed})")
    values = list(rows)
    if values:
        one = f"({comma('?' for _ in columns)})"
        work.execute(
            f"INSERT INTO {qualified('main', name)} VALUES {comma(one for _ in values)}",
            [value for row in values for value in row],
        )


class Shop:
    """A store with a work database in memory; each publication is an hour after the one before."""

    def __init__(self, folder: Path, limit: int = 1000, *, is_large: bool = False) -> None:
        self.store = folder
        self.work = open_memory()
        self.limit = limit
        self.is_large = is_large
        self.retention = 10
        self.runs = 0

    def at(self, run: int) -> datetime:
        """When the n-th publication took place, as stored."""
        return (FIRST + timedelta(hours=run - 1)).replace(tzinfo=None)

    def publish(self, *tables: PublishedTable, now: datetime | None = None) -> Manifest:
        """Publish these tables."""
        self.runs += 1
        publication = Publication(
            AS_OF, f"run-{self.runs}", retention=self.retention, limit=self.limit, is_large=self.is_large
        )
        return publish(self.work, tables, self.store, publication, now or FIRST + timedelta(hours=self.runs - 1))

    def contacts(
        self, rows: Iterable[tuple[Any, ...]], types: dict[str, str] | None = None, **options: Any
    ) -> PublishedTable:
        """The table `contact` of these rows (by default: entity_id, name)."""
        write(self.work, "contact", types or {"entity_id": "BIGINT", "name": "VARCHAR"}, rows)
        options = {"keep_history": True, "bucket_by": "entity_id", **options}
        return PublishedTable("contact", "SELECT * FROM main.contact", ("entity_id",), kind="entity", **options)

    def events(self, rows: Iterable[tuple[Any, ...]]) -> PublishedTable:
        """The stream of these rows (event_id, entity_id, happened_at)."""
        write(self.work, "event", {"event_id": "BIGINT", "entity_id": "BIGINT", "happened_at": "TIMESTAMP"}, rows)
        return PublishedTable(
            "contact_stream",
            "SELECT * FROM main.event",
            ("event_id",),
            kind="stream",
            bucket_by="entity_id",
            month_by="happened_at",
        )

    def read(self, snapshot: str | None = None) -> SnapshotReader:
        """Open a snapshot."""
        return open_snapshot(self.store, snapshot)

    def rows(self, sql: str, snapshot: str | None = None) -> list[tuple[Any, ...]]:
        """Read from a snapshot."""
        with self.read(snapshot) as reader:
            return reader.rows(sql)

    def updated(self, table: str = "contact", key: str = "entity_id") -> dict[Any, int]:
        """Key -> number of the publication whose time is the row's `updated_at`."""
        times = {self.at(run): run for run in range(1, self.runs + 1)}
        return {row: times[at] for row, at in self.rows(f"SELECT {key}, updated_at FROM {table}")}

    def history(self) -> list[tuple[Any, ...]]:
        """All versions of the contacts in order: id, name, publication, deleted, merged into."""
        return sorted(self.history_rows())

    def history_rows(self) -> list[tuple[Any, ...]]:
        """All versions of the contacts in any order."""
        times = {self.at(run): run for run in range(1, self.runs + 1)}
        sql = "SELECT entity_id, name, updated_at, is_deleted, merged_into FROM contact_history"
        return [(i, name, times[at], gone, into) for i, name, at, gone, into in self.rows(sql)]

    def parts(self) -> set[str]:
        """The files of all parts that are on the disk."""
        folder = self.store / "published"
        return {path.relative_to(folder).as_posix() for path in folder.glob("parts/*/*")}


__all__ = ["AS_OF", "FIRST", "PublishedColumn", "Shop", "write"]
