"""Features that merge in, sums over pieces of time and the features put together from those sums out.

Counts, sums, least and greatest values of an entity's activities within a piece of time are its cells; a window is a run
of pieces, so that every value is exact. Pieces are the segments between the dates of a panel, or days. Counts are added
as DOUBLE, which is exact up to 2^53 and several times as fast as the wide integers that engines sum counts with.
"""

from abc import ABC, abstractmethod
from dataclasses import field, replace

from c360.entities import is_many
from c360.features.compiler.frame import Frame
from c360.features.compiler.measures import binary_types, condition_sql, day_seconds, is_grouped, space_of, whole_types
from c360.features.compiler.rows import Tables
from c360.features.language.reads import Read, Steps
from c360.features.language.scope import clock_sql
from c360.records import dataclass


def can_merge(read: Read, tables: Tables) -> bool:
    """Whether a feature can be put together from sums over pieces of time."""
    plain = read.kind == "stream" and not (read.anchor or read.following or read.sessions or {"o", "m"} & read.aliases)
    here, fixed = read.source, True
    for step in read.chain:
        fixed = fixed and not is_many(tables.project.file.entities[here].belongs_to[step])
        here = step
    return plain and fixed and is_grouped(read) and clock_sql not in (read.condition or "")


@dataclass(frozen=True)
class Cells(ABC):
    """The cells that some features need, each once, and the features put together from them.

    Attributes:
        cells: column -> SQL of the sum over the rows of a piece of time.
        floor: where all windows of the pass begin, when it is one moment: rows before it are not there.
    """

    tables: Tables
    cells: dict[str, str] = field(default_factory=dict)
    floor: Steps | None = None

    @abstractmethod
    def named(self, sql: str) -> str:
        """The column of a cell."""

    @abstractmethod
    def bounds(self, since: Steps | None, until: Steps) -> list[str]:
        """SQL conditions: a piece of time `b` lies between two moments."""

    def cell(self, side: str, value: str) -> tuple[str, str]:
        """A cell: its column, made when it is new."""
        sql = f"CAST(count({value}) AS DOUBLE)" if side == "count" else f"{side}({value})"
        name = self.named(sql)
        self.cells[name] = sql
        return name, side

    def feature(self, read: Read) -> str:
        """SQL of a feature from the cells of the pieces in its window."""
        verb, since = read.definition.feature.verb, read.since()
        if verb == "trend":
            near, far = read.since(1), read.since(2)
            now, before = self.amount(read, near, read.until), self.amount(read, far, near or ())
            return f"CAST({now} AS DOUBLE) / nullif({before}, 0)"
        if read.gap:
            return self.mean_gap(read, since)
        if verb in ("count", "sum"):
            return self.amount(read, since, read.until)
        value, flag = self.value(read), read.value or "TRUE"
        if verb == "avg":
            total, count = self.amount(read, since, read.until), self.over(self.cell("count", value), since, read.until)
            return f"CAST({total} AS DOUBLE) / nullif({count}, 0)"
        if verb == "any":
            condition = self.condition(read)
            flags = f"CASE WHEN {condition} AND {flag} THEN 1 WHEN {condition} THEN 0 END"
            return f"{self.over(self.cell('max', flags), since, read.until)} = 1"
        side = {"first": "min", "last": "max"}.get(verb, verb)
        return self.over(self.cell(side, value), since, read.until)

    def amount(self, read: Read, since: Steps | None, until: Steps) -> str:
        """SQL of a count or sum between two moments."""
        value = self.value(read)
        if read.definition.feature.verb == "count" or (read.value is None and read.definition.feature.verb == "trend"):
            counted = self.value(read, read.value or "1")
            return f"coalesce(CAST({self.over(self.cell('count', counted), since, until)} AS BIGINT), 0)"
        kind = self.tables.type_of(read.value_key, space_of(read)).upper()
        if kind in binary_types:
            return f"CAST({self.over(self.cell('sum', f'CAST({value} AS DECIMAL(38, 9))'), since, until)} AS DOUBLE)"
        found = self.over(self.cell("sum", value), since, until)
        return f"CAST({found} AS BIGINT)" if kind in whole_types else found

    def mean_gap(self, read: Read, since: Steps | None) -> str:
        """SQL of the mean days between activities."""
        time = self.value(read, "s.activity_ts")
        first, last, count = (self.over(self.cell(side, time), since, read.until) for side in ("min", "max", "count"))
        span = f"CAST(date_diff('second', {first}, {last}) AS DOUBLE)"
        return f"CASE WHEN {count} > 1 THEN {span} / {day_seconds} / ({count} - 1) END"

    def condition(self, read: Read) -> str:
        """SQL: a row counts for a feature, whatever its time."""
        return condition_sql(timeless(read), replace(self.tables, frame=single(self.tables.frame)))

    def value(self, read: Read, what: str | None = None) -> str:
        """SQL of a feature's value, or of something else, in the rows that count for it."""
        condition, value = self.condition(read), what or str(read.value)
        return value if condition == "TRUE" else f"CASE WHEN {condition} THEN {value} END"

    def over(self, cell: tuple[str, str], since: Steps | None, until: Steps) -> str:
        """SQL of a cell over the pieces between two moments; counts of pieces are added."""
        name, side = cell
        parts = self.bounds(since, until)
        value = f"CASE WHEN {' AND '.join(parts)} THEN b.{name} END" if parts else f"b.{name}"
        return f"{'sum' if side == 'count' else side}({value})"


def timeless(read: Read) -> Read:
    """The same read over all time."""
    feature = read.definition.feature.model_copy(update={"window": None, "ago": None})
    return replace(read, definition=replace(read.definition, feature=feature))


def single(frame: Frame) -> Frame:
    """A frame of one date: the last of a panel."""
    return Frame(max(frame.cuts), frame.zone) if frame.is_panel else frame
