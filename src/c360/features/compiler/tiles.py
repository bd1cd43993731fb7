"""Features that merge, at many dates, in: rows are read once and added up between dates, then the sums are put together.

All dates and window starts of a panel cut time into segments. A row falls into one segment; counts, sums, least and
greatest values per entity and segment are small, and a window of a date is a run of segments. So ten dates cost little
more than one, and every value is exact. Counts are added as DOUBLE, which is exact up to 2^53 and several times as fast
as the wide integers that engines sum counts with.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from c360.entities import is_many
from c360.features.compiler.frame import Frame, segment_column, stamp
from c360.features.compiler.measures import binary_types, condition_sql, day_seconds, is_grouped, space_of, whole_types
from c360.features.compiler.rows import Tables, stream_rows
from c360.features.language.reads import Read, Steps
from c360.features.language.scope import clock_sql
from c360.warehouse import comma, quote

start_segment = "segment"


def can_tile(read: Read, tables: Tables) -> bool:
    """Whether a feature of a panel can be put together from sums between dates."""
    plain = read.kind == "stream" and not (read.anchor or read.following or read.sessions or {"o", "m"} & read.aliases)
    here, fixed = read.source, True
    for step in read.chain:
        fixed = fixed and not is_many(tables.project.file.entities[here].belongs_to[step])
        here = step
    return tables.frame.is_panel and plain and fixed and is_grouped(read) and clock_sql not in (read.condition or "")


@dataclass(frozen=True)
class Tiles:
    """The sums between dates that some passes need, each once, and the features put together from them.

    Attributes:
        name: the sub-select that holds the sums.
        floor: where all windows of the pass begin, when it is one moment: rows before it are not there.
    """

    tables: Tables
    name: str
    cells: dict[str, str] = field(default_factory=dict)
    floor: Steps | None = None

    def cell(self, side: str, value: str) -> tuple[str, str]:
        """A sum per segment: its column, made when it is new."""
        sql = f"CAST(count({value}) AS DOUBLE)" if side == "count" else f"{side}({value})"
        name = next((name for name, known in self.cells.items() if known == sql), f"t{len(self.cells)}")
        self.cells[name] = sql
        return name, side

    def feature(self, read: Read) -> str:
        """SQL of a feature from the sums of the segments in its window."""
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
        """SQL of a sum over the segments between two moments; counts of segments are added."""
        name, side = cell
        parts = [f"b.{start_segment} < c.{quote(segment_column(until))}"] if until else []
        if since is not None and since != self.floor:
            parts.append(f"b.{start_segment} >= c.{quote(segment_column(since))}")
        value = f"CASE WHEN {' AND '.join(parts)} THEN b.{name} END" if parts else f"b.{name}"
        return f"{'sum' if side == 'count' else side}({value})"

    def windows_sql(self, reads: list[Read]) -> str:
        """SQL of `entity_id, cut` and one column per feature: each date takes the segments within its widest window."""
        reaches = [read.reach for read in reads]
        join, tiles = f"c.{start_segment} = b.{start_segment}", self
        if all(reaches):
            widest = self.tables.frame.widest([reach for reach in reaches if reach])
            starts = [f"c.{quote(segment_column(steps))}" for steps in widest]
            join += f" AND c.{start_segment} >= {starts[0] if len(starts) == 1 else f'least({comma(starts)})'}"
            tiles = replace(self, floor=widest[0] if len(widest) == 1 else None)
        features = [f"{tiles.feature(read)} AS {quote(read.definition.name)}" for read in reads]
        return (
            f"SELECT b.entity_id, c.cut, {comma(features)} FROM {self.name} b "
            f"JOIN {self.name}_cuts c ON {join} GROUP BY b.entity_id, c.cut"
        )

    def cuts_sql(self) -> str:
        """SQL of each date with every segment before it: an equality, which engines join several times as fast as a range."""
        segments = comma(f"({number})" for number in range(len(self.tables.frame.boundaries) + 1))
        return (
            f"SELECT c.*, g.{start_segment} FROM features._cut c JOIN (VALUES {segments}) AS g ({start_segment}) "
            f"ON g.{start_segment} < c.{quote(segment_column(()))}"
        )

    def sums_sql(self, reads: list[Read]) -> str:
        """SQL of the sums that the passes so far need: `entity_id, segment` and one column per sum."""
        frame = self.tables.frame
        rows = stream_rows([timeless(read) for read in reads], replace(self.tables, frame=single(frame)), None)
        columns = [f"{rows.target} AS entity_id", f"{segment_sql(frame.boundaries)} AS {start_segment}"]
        columns += [f"{sql} AS {name}" for name, sql in self.cells.items()]
        return f"SELECT {comma(columns)} FROM {rows.source}{rows.filter()} GROUP BY 1, 2"


def segment_sql(boundaries: list[datetime], first: int = 0) -> str:
    """SQL of the segment that a row lies in, found by halving: 0 before the first boundary, then 1, 2, ..."""
    if not boundaries:
        return str(first)
    middle = len(boundaries) // 2
    later, earlier = boundaries[middle + 1 :], boundaries[:middle]
    above, below = segment_sql(later, first + middle + 1), segment_sql(earlier, first)
    return f"CASE WHEN s.activity_ts >= {stamp(boundaries[middle])} THEN {above} ELSE {below} END"


def timeless(read: Read) -> Read:
    """The same read over all time."""
    feature = read.definition.feature.model_copy(update={"window": None, "ago": None})
    return replace(read, definition=replace(read.definition, feature=feature))


def single(frame: Frame) -> Frame:
    """A frame of one date: the last of the panel."""
    return Frame(max(frame.cuts), frame.zone)
