"""A query on a snapshot in, a Parquet file out."""

from pathlib import Path

from c360.errors import Fault, WarehouseError
from c360.warehouse.names import literal
from c360.warehouse.snapshots.reader import SnapshotReader


def write_parquet(reader: SnapshotReader, sql: str, to: Path) -> int:
    """Write the rows of a SELECT to a Parquet file; returns how many.

    Args:
        reader: a snapshot that was opened with `sealed=False`.
        sql: one SELECT that c360 wrote itself.
        to: the file; it appears whole or not at all.

    Raises:
        WarehouseError: the file cannot be written.
    """
    partial = to.with_name(f".{to.name}.partial")
    try:
        statement = f"COPY ({sql}) TO {literal(str(partial.resolve()))} (FORMAT parquet, COMPRESSION zstd)"
        rows = reader.connection.rows(statement, portable=False)
        partial.replace(to)
    except OSError as error:
        raise WarehouseError(Fault("export-failed", f"'{to}' cannot be written: {error.strerror}")) from error
    finally:
        partial.unlink(missing_ok=True)
    return int(rows[0][0])
