"""DuckDB: the file of a snapshot that is being written, beside the previous one, through the work store's connection."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from c360.errors import Fault, WarehouseError
from c360.warehouse.connection import Connection
from c360.warehouse.engines.duckdb_rows import parquet
from c360.warehouse.names import comma, literal, qualified, quote

Result = TypeVar("Result")
new_name, old_name = "c360_new", "c360_old"
range_column, month_column = "c360_range", "c360_month"
rows_per_group = 8192
block_bytes = 16384  # small tables fill no block of the usual 256 kB
writing = {
    "force_compression": "uncompressed",  # the tables are small; finding the best compression took most of the time
}


class SnapshotFile:
    """A snapshot's database while it is written: schema `stored` holds rows, `past` superseded ones, `main` the views.

    The work store is only read; what one connection stored the others see.
    """

    def __init__(self, work: Connection, folder: Path) -> None:
        self.work = work
        self.folder = folder

    def aside(self) -> "SnapshotFile":
        """The same on a connection of its own, for a thread."""
        other = SnapshotFile(self.work.beside(), self.folder)
        set_all(other, {"file_search_path": search_folder(self.folder)})
        return other

    def execute(self, sql: str) -> None:
        """Run a statement that only this engine understands."""
        self.work.execute(sql, portable=False)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read with a statement that only this engine understands."""
        return self.work.rows(sql, portable=False)

    def engine(self) -> str:
        """Name and version of the engine."""
        return f"duckdb {self.work.scalar('SELECT version()', portable=False)}"

    def describe(self, select: str) -> dict[str, str]:
        """The columns of a SELECT with their types, in order."""
        return self.work.describe(select)

    def create_table(self, schema: str, name: str, select: str) -> int:
        """Store the rows of a SELECT; returns how many."""
        return int(str(self.rows(f"CREATE TABLE {new_name}.{qualified(schema, name)} AS {select}")[0][0]))

    def drop_table(self, schema: str, name: str) -> None:
        """Undo `create_table`."""
        self.execute(f"DROP TABLE {new_name}.{qualified(schema, name)}")

    def create_view(self, name: str, select: str) -> None:
        """A view for readers; its SELECT names the file's own tables without the database."""
        self.execute(f"CREATE VIEW {new_name}.{qualified('main', name)} AS {select}")

    def table(self, schema: str, name: str, *, old: bool = False) -> str:
        """A stored table of this snapshot or of the previous one, as a relation."""
        return f"{old_name if old else new_name}.{qualified(schema, name)}"

    def parts(self, files: Sequence[str], *, with_name: bool = False) -> str:
        """Parts, named relative to the folder, as a relation."""
        return parquet([(self.folder / file).as_posix() for file in files], with_name=with_name)

    def copy(self, select: str, to: Path, partition_by: Sequence[str] = ()) -> None:
        """Write the rows of a SELECT to one Parquet file, or to a folder of them per value of the partition columns.

        Row groups are small, because whoever looks for one entity decodes the whole group: of 100,000 rows with 21 columns
        one was found in 6 ms instead of 33, and the file is 8 % larger. Numbers lie as differences, texts as lengths and
        bytes (version 2 of the format), which leaves so little to compress that the quickest way to do it is enough: files
        are as large as with the plain encodings and zstd, and writing, reading and finding one row take a third less.
        """
        by = f", PARTITION_BY ({comma(quote(name) for name in partition_by)})" if partition_by else ""
        form = f"FORMAT parquet, PARQUET_VERSION v2, COMPRESSION snappy, ROW_GROUP_SIZE {rows_per_group}{by}"
        to.parent.mkdir(parents=True, exist_ok=True)
        self.execute(f"COPY ({select}) TO {literal(to.as_posix())} ({form})")


class Beside:
    """A thread with a connection of its own on a snapshot file."""

    def __init__(self, target: SnapshotFile, pool: ThreadPoolExecutor) -> None:
        self.target = target
        self.pool = pool

    def run(self, job: Callable[[SnapshotFile], Result]) -> "Future[Result]":
        """Do something on the thread, after what it was given before."""
        return self.pool.submit(job, self.target)


@contextmanager
def beside(target: SnapshotFile) -> Iterator[Beside]:
    """A thread that writes while the block goes on; what it does is waited for, or interrupted when the block fails."""
    aside = target.aside()
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            try:
                yield Beside(aside, pool)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                aside.work.interrupt()
                raise
    finally:
        aside.work.close()


@contextmanager
def open_new(work: Connection, folder: Path, path: Path, old: Path | None) -> Iterator[SnapshotFile]:
    """Make a new snapshot file, beside the previous one; on an error the caller removes it.

    It has no log: until `filling` ends nothing of it counts, and then it is written as a whole.

    Raises:
        WarehouseError: the engine refused; disk and memory faults among them.
    """
    target = SnapshotFile(work, folder)
    try:
        options = f"BLOCK_SIZE {block_bytes}, RECOVERY_MODE no_wal_writes"
        target.execute(f"ATTACH {literal(path.as_posix())} AS {new_name} ({options})")
        if old is not None:
            target.execute(f"ATTACH {literal(old.as_posix())} AS {old_name} (READ_ONLY)")
        yield target
        target.execute(f"DETACH {new_name}")
    finally:
        for name in (new_name, old_name):  # after a fatal fault the engine refuses, and the first error stands
            with suppress(WarehouseError):
                target.execute(f"DETACH DATABASE IF EXISTS {name}")


@contextmanager
def filling(target: SnapshotFile) -> Iterator[None]:
    """Store tables and views in the file, on any connections: on return it is complete.

    Raises:
        WarehouseError: the engine refused; disk and memory faults among them.
    """
    work = target.work
    settings = {**writing, "file_search_path": search_folder(target.folder)}
    before = work.rows(f"SELECT {comma(f'current_setting({literal(name)})' for name in settings)}", portable=False)[0]
    try:
        set_all(target, settings)
        target.execute(f"CREATE SCHEMA {new_name}.stored")
        target.execute(f"CREATE SCHEMA {new_name}.past")
        yield
        target.execute(f"CHECKPOINT {new_name}")
    finally:
        with suppress(WarehouseError):
            set_all(target, dict(zip(settings, before, strict=True)))


def set_all(target: SnapshotFile, settings: Mapping[str, object]) -> None:
    """Change settings of the connection."""
    target.execute("; ".join(f"SET {name} = {literal(str(value))}" for name, value in settings.items()))


def search_folder(folder: Path) -> str:
    """The folder that the views' relative paths start from; the engine takes a list of them parted by commas.

    Raises:
        WarehouseError: the path holds a comma.
    """
    path = folder.resolve().as_posix()
    if "," in path:
        fix = "move the project, or set `warehouse: {path: ...}` to a folder without a comma"
        raise WarehouseError(Fault("store-path", f"the store's path '{path}' holds a comma", fix=fix))
    return path


def bucket_of(path: Path) -> str:
    """The bucket of a file of a partitioned copy: `c360_range=3/c360_month=24291/data_0.parquet` -> `3/24291`."""
    values = dict(
        part.split("=", 1) for part in path.parts if part.startswith((f"{range_column}=", f"{month_column}="))
    )
    return "/".join(values[name] for name in (range_column, month_column) if name in values)


def in_buckets(columns: Sequence[str], buckets: Sequence[str]) -> str:
    """A condition: the columns hold the numbers of one of these buckets."""
    by_range: dict[str, list[str]] = {}
    for bucket in buckets:
        first, *month = bucket.split("/")
        by_range.setdefault(first, []).extend(month)
    if len(columns) == 1:
        return f"{columns[0]} IN ({comma(sorted(by_range))})"
    return " OR ".join(
        f"({columns[0]} = {first} AND {columns[1]} IN ({comma(sorted(months))}))" for first, months in by_range.items()
    )
