"""A run's intermediate tables: SQL in, temporary tables out, all of them gone when the block ends."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from c360.warehouse import Connection, Row, quote


class Scratch:
    """Temporary tables of one step.

    A name may be written again: the older table of that name is dropped. `table` gives the quoted name.
    """

    prefix = "c360_identity_"

    def __init__(self, work: Connection) -> None:
        self.work = work
        self.made: dict[str, None] = {}

    def table(self, name: str) -> str:
        """The quoted SQL name of a scratch table."""
        return quote(self.prefix + name)

    def make(self, name: str, select: str, *, portable: bool = True) -> str:
        """Make a scratch table of a query and return its quoted name."""
        self.drop(name)
        self.work.execute(f"CREATE TEMP TABLE {self.table(name)} AS {select}", portable=portable)
        self.made[name] = None
        return self.table(name)

    def empty(self, name: str, columns: str) -> str:
        """Make a scratch table without rows, which costs less than a query that gives none, and return its quoted name.

        Args:
            name: of the table.
            columns: its columns as SQL.
        """
        self.drop(name)
        self.work.execute(f"CREATE TEMP TABLE {self.table(name)} ({columns})")
        self.made[name] = None
        return self.table(name)

    def write(self, name: str, arrays: dict[str, Any]) -> str:
        """Make a scratch table of numpy arrays and return its quoted name."""
        self.drop(name)
        self.work.write_columns(self.table(name), arrays, temporary=True)
        self.made[name] = None
        return self.table(name)

    def drop(self, *names: str) -> None:
        """Drop scratch tables that are no longer needed."""
        for name in names:
            if name in self.made:
                self.work.execute(f"DROP TABLE {self.table(name)}")
                del self.made[name]

    def rows(self, sql: str) -> list[Row]:
        """Read a query."""
        return self.work.rows(sql)

    def count(self, table: str) -> int:
        """How many rows a table (quoted SQL text) has."""
        return int(self.work.scalar(f"SELECT count(*) FROM {table}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        if kind is None:  # a failed statement has ended the transaction, and the tables with it
            self.drop(*list(self.made))


def values_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A constant table as a query; cells are SQL text, those of the first row typed."""
    lines = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"SELECT {', '.join(columns)} FROM (VALUES {lines}) AS given ({', '.join(columns)})"
