"""Names and identifiers of a large published entity in, a copy in memory out that answers in microseconds.

Tables lie in the order of their entities. A text that may stand anywhere is asked of every part of them (20 ms for two
million identifiers), and each name is decoded anew. Copies lie in the order of their texts, as one block of bytes each:
a statement of the engine would take longer to be read than what is looked for takes to be found.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from c360.warehouse.connection import Connection
from c360.warehouse.engines.duckdb import open_memory
from c360.warehouse.engines.duckdb_snapshots import search_folder
from c360.warehouse.names import comma, literal, quote
from c360.warehouse.snapshots.manifest import TableEntry
from c360.warehouse.snapshots.reader import SnapshotReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

beyond = b"\xff"  # no byte of a text is as large
sorted_at_once = 4096


class Texts(Sequence[bytes]):
    """Texts in the order of their bytes, which is that of the engine."""

    def __init__(self, block: str, lengths: "NDArray[Any]") -> None:
        """Take the texts, one after the other, and how many bytes each has."""
        self.block = block.encode()
        self.ends = lengths.cumsum()

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place: Any) -> Any:
        start = int(self.ends[place - 1]) if place else 0
        return self.block[start : int(self.ends[place])]

    def equal(self, text: str) -> range:
        """The places of a text."""
        wanted = bytes_of(text)
        return range(bisect_left(self, wanted), bisect_right(self, wanted))

    def beginning(self, text: str) -> range:
        """The places of the texts that begin with a text."""
        wanted = bytes_of(text)
        first = bisect_left(self, wanted)
        return range(first, bisect_left(self, wanted + beyond, first))

    def holding(self, text: str, places: range) -> Iterator[int]:
        """The places among some at which a text is held, in order."""
        if not places:
            return
        wanted, end = bytes_of(text), int(self.ends[places[-1]])
        at = int(self.ends[places[0] - 1]) if places[0] else 0
        while (found := self.block.find(wanted, at, end)) >= 0:
            place = int(self.ends.searchsorted(found, side="right"))
            at = int(self.ends[place])
            if found + len(wanted) <= at:
                yield place
            else:  # it ends in the next text
                at = found + 1


class Names:
    """What the members of an entity are called: each name once in small letters, with those who are called so."""

    def __init__(self, engine: Connection, source: str) -> None:
        """Read `name` and `entity_id` of a relation."""
        engine.execute(
            f"CREATE TABLE names AS SELECT lower(name) AS small, name, entity_id FROM {source} WHERE name IS NOT NULL "
            "ORDER BY lower(name), name, entity_id",
            portable=False,
        )
        rows = engine.columns("SELECT strlen(name) AS n, entity_id FROM names ORDER BY rowid")
        self.spelled = Texts(block_of(engine, "name", "names"), rows["n"])
        self.ids = rows["entity_id"]
        once = "(SELECT small, count(*) AS n FROM names GROUP BY small ORDER BY small)"
        counts = engine.columns(f"SELECT strlen(small) AS length, n FROM {once} ORDER BY small")
        block = engine.scalar(f"SELECT string_agg(small, '' ORDER BY small) FROM {once}", portable=False)
        self.small = Texts(block or "", counts["length"])
        self.ends = counts["n"].cumsum()
        engine.execute("DROP TABLE names", portable=False)

    def called(self, text: str, most: int) -> list[tuple[int, str]]:
        """Who is called something that begins with a text, in order, and then who is called something that holds it."""
        wanted, found = small_letters(text), list[tuple[int, str]]()
        first = self.small.beginning(wanted)
        for places in (first, range(first.start), range(first.stop, len(self.small))):
            for place in places if places is first else self.small.holding(wanted, places):
                found += self.members(place, most - len(found))
                if len(found) >= most:
                    return found
        return found

    def members(self, place: int, most: int) -> list[tuple[int, str]]:
        """The first of those who have one name."""
        start = int(self.ends[place - 1]) if place else 0
        rows = range(start, min(int(self.ends[place]), start + most))
        return [(int(self.ids[row]), self.spelled[row].decode()) for row in rows]


class Identifiers:
    """The identifiers of an entity, by value."""

    def __init__(self, engine: Connection, source: str) -> None:
        """Read `id_kind`, `value` and `entity_id` of a relation."""
        engine.execute(
            f"CREATE TABLE identifiers AS SELECT id_kind, value, entity_id FROM {source} WHERE value IS NOT NULL "
            "ORDER BY value, entity_id",
            portable=False,
        )
        kinds = engine.rows("SELECT DISTINCT id_kind FROM identifiers ORDER BY id_kind", portable=False)
        self.kinds = [str(row[0]) for row in kinds]
        place = f"list_position([{comma(literal(kind) for kind in self.kinds) or 'NULL'}], id_kind) - 1"
        rows = engine.columns(f"SELECT strlen(value) AS n, entity_id, {place} AS kind FROM identifiers ORDER BY rowid")
        self.values = Texts(block_of(engine, "value", "identifiers"), rows["n"])
        self.ids, self.kind_of = rows["entity_id"], rows["kind"].astype("uint16")
        engine.execute("DROP TABLE identifiers", portable=False)

    def __len__(self) -> int:
        return len(self.ids)

    def equal(self, texts: Collection[str]) -> list[tuple[int, str, str]]:
        """Entity, kind and value of each identifier that is one of some texts, in order of the entities."""
        found = {
            (int(self.ids[place]), self.kinds[self.kind_of[place]], text)
            for text in texts
            for place in self.values.equal(text)
        }
        return sorted(found)

    def beginning(self, texts: Collection[str], kinds: Collection[str], most: int) -> list[tuple[int, str]]:
        """The first entities with identifiers of some kinds that begin with one of some texts, each with one kind."""
        from numpy import isin

        allowed = [place for place, kind in enumerate(self.kinds) if kind in kinds]
        found: dict[int, str] = {}
        for text in texts:
            span = self.values.beginning(text)
            those = isin(self.kind_of[span.start : span.stop], allowed)
            ids, of = self.ids[span.start : span.stop][those], self.kind_of[span.start : span.stop][those]
            for one in least(ids, most):
                kind = self.kinds[of[ids == one].min()]
                found[int(one)] = min(kind, found.get(int(one), kind))
        return sorted(found.items())[:most]


class Copy:
    """What is kept in memory of an entity; asked from any thread."""

    def __init__(
        self, reader: SnapshotReader, members: TableEntry, identifiers: TableEntry, name_column: str | None
    ) -> None:
        """Read the tables.

        Args:
            reader: the snapshot, which stays open as long as the copy is made.
            members: the entity's table.
            identifiers: that of its identifiers.
            name_column: the column of the members' names, where there is one.
        """
        with open_memory(threads=1) as engine:
            engine.execute("SET preserve_insertion_order = true", portable=False)
            engine.execute(f"SET file_search_path = {literal(search_folder(reader.folder))}", portable=False)
            self.identifiers = Identifiers(engine, f"({identifiers.select(identifiers.parts)})")
            self.name_column, self.names = name_column, None
            if name_column is not None:
                named = f"SELECT entity_id, {quote(name_column)} AS name FROM ({members.select(members.parts)})"
                self.names = Names(engine, f"({named})")


def block_of(engine: Connection, column: str, table: str) -> str:
    """A column's texts one after the other, in the order in which the rows lie."""
    return engine.scalar(f"SELECT string_agg({column}, '' ORDER BY rowid) FROM {table}", portable=False) or ""


def least(ids: "NDArray[Any]", most: int) -> "NDArray[Any]":
    """The least of some numbers, each once; all are put in order only where the least few thousand are not enough."""
    from numpy import partition, unique

    few = partition(ids, sorted_at_once)[:sorted_at_once] if len(ids) > sorted_at_once else ids
    found = unique(few)
    return (found if len(found) > most else unique(ids))[:most]


def bytes_of(text: str) -> bytes:
    """A text as bytes, also one that no file may hold."""
    return text.encode("utf-8", "surrogatepass")


def small_letters(text: str) -> str:
    """A text in small letters as the engine makes them: letter by letter, of which each stays one."""
    return "".join(letter.lower()[0] for letter in text)
