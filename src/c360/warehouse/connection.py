"""One open store: SQL in, rows out; what the engine refuses comes back as a `WarehouseError` that shows the SQL."""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from c360.errors import Fault, WarehouseError
from c360.warehouse.names import literal, qualified, quote

if TYPE_CHECKING:
    import duckdb

Row = tuple[Any, ...]
Statement = Callable[[str], None]


class Connection:
    """A session on a store.

    Statements are written once, in DuckDB's dialect, in the portable subset that tests/engines holds to every engine.
    `on_statement` sees each of them before it runs (progress, tests); `portable=False` marks the few that only this
    engine understands, which live in `warehouse.engines` and `sources.files`.

    Attributes:
        logged: whether what is committed survives the process at once; otherwise it does from the next checkpoint on.
    """

    dialect = "duckdb"
    logged = True

    def __init__(self, raw: "duckdb.DuckDBPyConnection") -> None:
        self.raw = raw
        self.on_statement: Statement | None = None

    def execute(self, sql: str, params: Sequence[Any] = (), *, portable: bool = True) -> None:
        """Run a statement for its effect."""
        self.rows(sql, params, portable=portable)

    def rows(self, sql: str, params: Sequence[Any] = (), *, portable: bool = True) -> list[Row]:
        """Run a statement and read its whole result (an unread result blocks the connection)."""
        if portable and self.on_statement is not None:
            self.on_statement(sql)
        try:
            result: list[Row] = (
                self.raw.execute(sql, list(params)).fetchall() if params else self.raw.execute(sql).fetchall()
            )
        except Exception as error:
            raise refused(error, sql) from error
        return result

    def scalar(self, sql: str, params: Sequence[Any] = (), *, portable: bool = True) -> Any:
        """The first value of the first row, or None."""
        found = self.rows(sql, params, portable=portable)
        return found[0][0] if found else None

    def columns(self, sql: str, params: Sequence[Any] = ()) -> dict[str, Any]:
        """The result as numpy arrays by column name: the bulk way out for in-memory algorithms (DuckDB only)."""
        try:
            arrays: dict[str, Any] = self.raw.execute(sql, list(params)).fetchnumpy()
        except Exception as error:
            raise refused(error, sql) from error
        return arrays

    def write_columns(self, table: str, arrays: dict[str, Any], *, temporary: bool = False) -> None:
        """Create a table from numpy arrays: the bulk way in (DuckDB only). `table` is quoted SQL text."""
        from numpy import ndarray

        if not all(isinstance(array, ndarray) for array in arrays.values()):
            raise TypeError("write_columns takes numpy arrays")
        self.raw.register("_c360_columns", arrays)
        try:
            self.execute(f"DROP TABLE IF EXISTS {table}")
            kind = "TEMP TABLE" if temporary else "TABLE"
            self.execute(f"CREATE {kind} {table} AS SELECT * FROM _c360_columns", portable=False)
        finally:
            self.raw.unregister("_c360_columns")

    def replace_table(
        self, table: str, select: str, params: Sequence[Any] = (), *, quicker: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Make `table` (quoted SQL text) hold what `select` gives.

        Args:
            table: quoted SQL text.
            select: in the portable subset.
            params: its parameters.
            quicker: expressions in it -> the same as this engine alone understands it.
        """
        self.execute(f"DROP TABLE IF EXISTS {table}")
        sql = f"CREATE TABLE {table} AS {select}"
        if quicker and self.on_statement is not None:
            self.on_statement(sql)
        for portable, own in quicker.items():
            sql = sql.replace(portable, own)
        self.execute(sql, params, portable=not quicker)

    def create_schema(self, name: str) -> None:
        """Make a schema if it is not there."""
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")

    def table_exists(self, schema: str, name: str) -> bool:
        """Whether a table or view is there."""
        where = f"schema_name = {literal(schema)} AND"
        sql = (
            f"SELECT 1 FROM duckdb_tables() WHERE {where} table_name = {literal(name)} "
            f"UNION ALL SELECT 1 FROM duckdb_views() WHERE {where} view_name = {literal(name)}"
        )
        return bool(self.rows(sql, portable=False))

    def column_exists(self, schema: str, table: str, name: str) -> bool:
        """Whether a table is there and has the column."""
        return self.table_exists(schema, table) and name in self.describe(f"SELECT * FROM {qualified(schema, table)}")

    def describe(self, select: str) -> dict[str, str]:
        """The columns of a SELECT with their types, in order, without running it."""
        return {str(row[0]): str(row[1]) for row in self.rows(f"DESCRIBE {select}", portable=False)}

    def columns_of(self, schema: str, name: str) -> dict[str, str]:
        """The columns of a table with their types, in order; empty when there is no such table."""
        sql = (
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position"
        )
        return dict(self.rows(sql, (schema, name), portable=False))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's writes, or none."""
        self.execute("BEGIN TRANSACTION", portable=False)
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.execute("COMMIT", portable=False)

    def rollback(self) -> None:
        """Give up the open transaction; a store that is already broken keeps its first error."""
        try:
            self.execute("ROLLBACK", portable=False)
        except WarehouseError:
            return

    def beside(self) -> "Connection":
        """Another session on the same store, for a thread of its own; it does not see what is not committed."""
        other = type(self)(self.raw.cursor())
        other.on_statement = self.on_statement
        return other

    def interrupt(self) -> None:
        """Stop what runs on this session, from another thread."""
        self.raw.interrupt()

    def close(self) -> None:
        """End the session."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def refused(error: Exception, sql: str) -> Exception:
    """An engine's refusal in the user's terms; anything that is not one of its errors is returned as it is."""
    if not type(error).__module__.startswith(("duckdb", "_duckdb")):
        return error
    reason = str(error).strip().splitlines()[0]
    statement = sql if len(sql) <= 4000 else f"{sql[:4000]} ..."
    if is_disk_full(str(error)):
        return WarehouseError(disk_full(reason))
    if type(error).__name__ == "OutOfMemoryException":
        fix = "raise `warehouse: {memory: ...}`, give the machine more, or free disk space for what is set aside"
        return WarehouseError(Fault("out-of-memory", f"the memory was not enough: {reason}", fix=fix))
    if type(error).__name__ == "FatalException":
        fix = "run again: what was published stays, and the run goes on where it stopped"
        return WarehouseError(
            Fault("warehouse-fatal", f"the warehouse gave up: {reason}", fix=fix, looked=(statement,))
        )
    return WarehouseError(
        Fault("warehouse-refused", f"the warehouse refused a statement: {reason}", looked=(statement,))
    )


def disk_fault(error: OSError) -> Exception:
    """A disk that is full or refuses, in the user's terms; other errors of the system are returned as they are."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WarehouseError(disk_full(str(error)))
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO):
        fix = "check the folder's rights and the disk; what was published stays"
        return WarehouseError(Fault("store-write", f"the store cannot be written: {error}", fix=fix))
    return error


def is_disk_full(text: str) -> bool:
    """Whether an engine's message says that the disk is full, or that its share for set-aside data is."""
    return "No space left on device" in text or "max_temp_directory_size" in text


def disk_full(reason: str) -> Fault:
    """The fault of a full disk."""
    fix = "free some space and run again: what was published stays, and the run goes on where it stopped"
    return Fault("disk-full", f"the disk is full: {reason}", fix=fix)
