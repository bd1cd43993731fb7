"""Some columns of large published tables in, a copy in memory out, in an order in which texts are found in milliseconds.

Tables lie in the order of their entities. A text that may stand anywhere is asked of every part of them (20 ms for two
million identifiers), and each name is decoded anew; a copy in the order of its texts answers in one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from c360.warehouse.connection import Row
from c360.warehouse.engines.duckdb import open_memory
from c360.warehouse.engines.duckdb_snapshots import search_folder
from c360.warehouse.names import literal, quote
from c360.warehouse.snapshots.manifest import TableEntry
from c360.warehouse.snapshots.reader import SnapshotReader

relation = "{table}"


class Copy:
    """What is kept in memory of a snapshot; asked from any thread, gone when it is closed."""

    def __init__(self, reader: SnapshotReader, selects: Mapping[str, tuple[TableEntry, str]]) -> None:
        """Read the tables.

        Args:
            reader: the snapshot, which stays open as long as the copy is made.
            selects: name of the copy -> a large table and the SELECT of the copy, with `{table}` for the table.
        """
        self.connection = open_memory(threads=1)
        try:
            folder = literal(search_folder(reader.folder))
            self.connection.execute(f"SET file_search_path = {folder}", portable=False)
            for name, (entry, select) in selects.items():
                source = select.replace(relation, f"({entry.select(entry.parts)})")
                self.connection.execute(f"CREATE TABLE {quote(name)} AS {source}", portable=False)
            self.connection.execute("SET enable_external_access = false", portable=False)
        except BaseException:
            self.connection.close()
            raise

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Ask."""
        with self.connection.beside() as session:
            return session.rows(sql, params)

    def close(self) -> None:
        """Forget everything."""
        self.connection.close()
