"""A published snapshot in, an empty database in memory out in which the snapshot's tables can be read and built upon."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from c360.errors import Fault, WarehouseError
from c360.warehouse.connection import Connection
from c360.warehouse.engines.duckdb import open_memory, open_read_only
from c360.warehouse.engines.duckdb_snapshots import search_folder
from c360.warehouse.names import comma, literal, qualified, quote
from c360.warehouse.snapshots import files
from c360.warehouse.snapshots.reader import SnapshotReader


@contextmanager
def open_beside(
    reader: SnapshotReader, *, threads: int | None = None, memory: str | None = None
) -> Iterator[Connection]:
    """Open a database in memory; the snapshot's tables are views in its schema `published`.

    The reader stays open meanwhile: it keeps the snapshot from being collected.
    """
    with open_memory(threads=threads, memory=memory) as work:
        attach(work, reader)
        yield work


def attach(work: Connection, reader: SnapshotReader, schema: str = "published") -> None:
    """Make the tables of a snapshot readable in an open store, as views of a schema of this session."""
    work.execute(f"SET GLOBAL file_search_path = {literal(search_folder(reader.folder))}", portable=False)
    path = reader.folder / reader.snapshot_id / files.database_name
    work.execute(f"ATTACH {literal(str(path))} AS {quote(f'{schema}_snapshot')} (READ_ONLY)", portable=False)
    work.create_schema(schema)
    for name in reader.tables():
        select = f"SELECT * FROM {quote(f'{schema}_snapshot')}.main.{quote(name)}"
        work.execute(f"CREATE VIEW {quote(schema)}.{quote(name)} AS {select}", portable=False)


@contextmanager
def open_upon(path: Path, schemas: Sequence[str], some: Sequence[tuple[str, str]] = ()) -> Iterator[Connection]:
    """Open a database in memory; the tables of some schemas of a work store are views in schemas of the same names.

    Args:
        path: the work store.
        schemas: whose tables are all there.
        some: (schema, how the names begin) of other tables.

    Raises:
        WarehouseError: the store is held by a run, or damaged.
    """
    wanted = [f"table_schema IN ({comma(map(literal, schemas))})"]
    wanted += [f"(table_schema = {literal(one)} AND starts_with(table_name, {literal(start)}))" for one, start in some]
    with open_read_only(path) as store:
        sql = f"SELECT table_schema, table_name FROM information_schema.tables WHERE {' OR '.join(wanted)}"
        tables = store.rows(sql, portable=False)
    with open_memory() as work:
        work.execute(f"ATTACH {literal(str(path))} AS c360_store (READ_ONLY)", portable=False)
        for schema in dict.fromkeys([*schemas, *(schema for schema, _ in some)]):
            work.create_schema(schema)
        for schema, table in tables:
            name = qualified(schema, table)
            work.execute(f"CREATE VIEW {name} AS SELECT * FROM c360_store.{name}", portable=False)
        yield work


def write_file(work: Connection, select: str, to: Path) -> int:
    """Write a SELECT to a CSV file, or to a Parquet file when the name ends so; it appears whole or not at all.

    Raises:
        WarehouseError: the file cannot be written.
    """
    form = "FORMAT parquet, COMPRESSION zstd" if to.suffix.lower() == ".parquet" else "FORMAT csv, HEADER"
    partial = to.with_name(f".{to.name}.partial")
    try:
        rows = work.rows(f"COPY ({select}) TO {literal(str(partial.resolve()))} ({form})", portable=False)
        partial.replace(to)
    except OSError as error:
        raise WarehouseError(Fault("export-failed", f"'{to}' cannot be written: {error.strerror}")) from error
    finally:
        partial.unlink(missing_ok=True)
    return int(rows[0][0])
