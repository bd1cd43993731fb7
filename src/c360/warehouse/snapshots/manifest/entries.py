"""What a snapshot consists of: tables, columns, parts and content hashes, as frozen objects."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime
from hashlib import blake2b

from c360.records import dataclass
from c360.warehouse.engines.duckdb_rows import live_rows, parquet
from c360.warehouse.names import comma, quote

two_to_64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Content:
    """An order-independent hash of rows: how many, and the sums modulo 2^64 of both halves of each row's MD5.

    The contents of parts add up to the content of the table, so that nothing unchanged is read again.
    """

    rows: int = 0
    low: int = 0
    high: int = 0

    def __add__(self, other: "Content") -> "Content":
        return Content(self.rows + other.rows, (self.low + other.low) % two_to_64, (self.high + other.high) % two_to_64)

    def __sub__(self, other: "Content") -> "Content":
        return Content(self.rows - other.rows, (self.low - other.low) % two_to_64, (self.high - other.high) % two_to_64)

    @classmethod
    def of(cls, rows: int, low: int | None, high: int | None) -> "Content":
        """The content from the engine's sums; the sums over no rows are NULL."""
        return cls(rows, (low or 0) % two_to_64, (high or 0) % two_to_64)

    @classmethod
    def total(cls, contents: Iterable["Content"]) -> "Content":
        """The content of all together."""
        return sum(contents, cls())

    @property
    def hex(self) -> str:
        """32 hexadecimal digits, without the row count."""
        return f"{self.high:016x}{self.low:016x}"

    @classmethod
    def parse(cls, rows: int, text: str) -> "Content":
        """The inverse of `hex`."""
        return cls(rows, int(text[16:], 16), int(text[:16], 16))


@dataclass(frozen=True, slots=True)
class Part:
    """One immutable Parquet file; `file` is relative to the folder of the snapshots, `bucket` names its slice."""

    file: str
    bucket: str
    content: Content
    bytes: int


@dataclass(frozen=True, slots=True)
class Delta:
    """What one publication, or several, changed of the rows in parts.

    Attributes:
        rows: a part of rows that came, or came in another version; None when there are none.
        gone: a part of the key and `updated_at` of versions that no longer count, in any part or earlier delta.
        buckets: the slices of all of these rows.
    """

    rows: Part | None
    gone: Part | None
    buckets: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its files."""
        return tuple(part for part in (self.rows, self.gone) if part is not None)

    @property
    def size(self) -> int:
        """How many rows its files have."""
        return sum(part.content.rows for part in self.parts)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a large table is cut: ranges of `width` of an integer column, and optionally calendar months."""

    bucket_by: str
    width: int
    month_by: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A column as published, with what its room declared of it."""

    name: str
    type: str
    description: str | None = None
    owner: str | None = None
    pii: str | None = None
    lineage: tuple[str, ...] = ()
    definition: str | None = None
    null: str | None = None
    volatile: bool = False
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Versions that are no longer current: `embedded` rows in the snapshot's own file, the others in parts.

    `schemas` holds the columns of the parts as they were when written; `of_part` says which a part has.
    """

    columns: dict[str, str]
    embedded: int = 0
    parts: tuple[Part, ...] = ()
    schemas: dict[str, dict[str, str]] = field(default_factory=dict)
    of_part: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many versions are past."""
        return self.embedded + sum(part.content.rows for part in self.parts)


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table of a snapshot.

    Attributes:
        columns: as readers see them, in order, with `updated_at`.
        stored: name -> type of the columns whose values the content hash covers.
        layout: how it is cut into parts; None when it lies in the snapshot's own file.
        deltas: what changed since the parts were written, oldest first.
        state: names what its room had followed when it was published; empty when the room does not tell.
        quick: bucket -> `rows:hash` in the engine's own fast hash, meaningful only to the engine version `quick_by`.
        definition: what the table's SQL, columns and key hash to.
    """

    name: str
    kind: str
    key: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]
    stored: dict[str, str]
    content: Content
    layout: Layout | None = None
    parts: tuple[Part, ...] = ()
    quick_by: str = ""
    quick: dict[str, str] = field(default_factory=dict)
    history: HistoryEntry | None = None
    grain: str | None = None
    description: str | None = None
    owner: str | None = None
    aliases: tuple[str, ...] = ()
    definition: str = ""
    deltas: tuple[Delta, ...] = ()
    state: str = ""

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.content.rows

    @property
    def delta_files(self) -> list[str]:
        """The files of rows that came since the parts were written."""
        return [delta.rows.file for delta in self.deltas if delta.rows]

    @property
    def row_files(self) -> list[str]:
        """All files of rows; those that `gone_files` name do not count."""
        return [*(part.file for part in self.parts), *self.delta_files]

    @property
    def gone_files(self) -> list[str]:
        """The files of versions that no longer count."""
        return [delta.gone.file for delta in self.deltas if delta.gone]

    @property
    def hash(self) -> str:
        """The content hash: column names and values, without `updated_at` and independent of order and layout."""
        text = json.dumps([sorted(self.stored), self.content.rows, self.content.hex])
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def parts_of(self, column: str, ids: Iterable[int]) -> tuple[Part, ...] | None:
        """The parts that may hold rows with these values of a column; None when it is not cut by that column."""
        if self.layout is None or self.layout.bucket_by != column:
            return None
        ranges = {str(number // self.layout.width) for number in ids}
        return tuple(part for part in self.parts if part.bucket.partition("/")[0] in ranges)

    def relation(self, parts: Sequence[Part], needed: Sequence[str] = ()) -> str:
        """Some of its parts, and all that came since, as a relation from which SQL over its columns reads.

        A relation that names columns takes the engine longer to understand than one that is the files themselves, which
        it therefore is when none of the `needed` SQL speaks of a column that is computed from others.
        """
        computed = [column.name for column in self.columns if column.expression]
        files = [*(part.file for part in parts), *self.delta_files]
        if not files or not needed or any(name in sql for name in computed for sql in needed):
            return f"({self.select(parts)})"
        return live_rows(parquet, files, self.gone_files, self.key)

    def select(self, parts: Sequence[Part]) -> str:
        """What readers see of some of its parts, and of all that came since, as a SELECT like that of its view."""
        shown = comma(
            f"{column.expression} AS {quote(column.name)}" if column.expression else quote(column.name)
            for column in self.columns
        )
        files = [*(part.file for part in parts), *self.delta_files]
        if not files:
            return f"SELECT {shown} FROM {parquet([self.parts[0].file])} WHERE false"
        return f"SELECT {shown} FROM {live_rows(parquet, files, self.gone_files, self.key)}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A published snapshot: which run made it from which inputs and definitions, and all of its tables."""

    snapshot: str
    run_id: str
    as_of: datetime
    published_at: datetime
    previous: str | None
    definition: str
    inputs: dict[str, str]
    engine: str
    tables: dict[str, TableEntry]

    @property
    def hashes(self) -> dict[str, str]:
        """Table -> content hash."""
        return {name: table.hash for name, table in sorted(self.tables.items())}

    @property
    def files(self) -> set[str]:
        """Every part that this snapshot needs."""
        needed: set[str] = set()
        for table in self.tables.values():
            past = [part.file for part in table.history.parts] if table.history else []
            needed.update((*table.row_files, *table.gone_files, *past))
        return needed
