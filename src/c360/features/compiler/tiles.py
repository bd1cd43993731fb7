"""Features that merge, at many dates, in: rows are read once and added up between dates, then the sums are put together.

All dates and window starts of a panel cut time into segments. A row falls into one segment; counts, sums, least and
greatest values per entity and segment are small, and a window of a date is a run of segments. So ten dates cost little
more than one, and every value is exact.
"""

from dataclasses import dataclass, field, replace

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


@dataclass
class Tiles:
    """The sums between dates that a pass needs, each once, and the features put together from them."""

    tables: Tables
    cells: dict[str, str] = field(default_factory=dict)

    def cell(self, side: str, value: str) -> tuple[str, str]:
        """A sum per segment: its column, made when it is new."""
        sql = f"{side}({value})"
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
            what = read.value or "1"
            counted = f"CASE WHEN {self.condition(read)} THEN {what} END"
            return f"coalesce(CAST({self.over(self.cell('count', counted), since, until)} AS BIGINT), 0)"
        kind = self.tables.type_of(read.value_key, space_of(read)).upper()
        if kind in binary_types:
            return f"CAST({self.over(self.cell('sum', f'CAST({value} AS DECIMAL(38, 9))'), since, until)} AS DOUBLE)"
        found = self.over(self.cell("sum", value), since, until)
        return f"CAST({found} AS BIGINT)" if kind in whole_types else found

    def mean_gap(self, read: Read, since: Steps | None) -> str:
        """SQL of the mean days between activities."""
        time = f"CASE WHEN {self.condition(read)} THEN s.activity_ts END"
        first, last, count = (self.over(self.cell(side, time), since, read.until) for side in ("min", "max", "count"))
        span = f"CAST(date_diff('second', {first}, {last}) AS DOUBLE)"
        return f"CASE WHEN {count} > 1 THEN {span} / {day_seconds} / ({count} - 1) END"

    def condition(self, read: Read) -> str:
        """SQL: a row counts for a feature, whatever its time."""
        feature = read.definition.feature.model_copy(update={"window": None, "ago": None})
        timeless = replace(read, definition=replace(read.definition, feature=feature))
        return condition_sql(timeless, replace(self.tables, frame=single(self.tables.frame)))

    def value(self, read: Read) -> str:
        """SQL of a feature's value in the rows that count for it."""
        return f"CASE WHEN {self.condition(read)} THEN {read.value} END"

    def over(self, cell: tuple[str, str], since: Steps | None, until: Steps) -> str:
        """SQL of a sum over the segments between two moments; counts of segments are added."""
        name, side = cell
        parts = [f"b.{start_segment} < c.{quote(segment_column(until))}"]
        if since is not None:
            parts.append(f"b.{start_segment} >= c.{quote(segment_column(since))}")
        return f"{'sum' if side == 'count' else side}(CASE WHEN {' AND '.join(parts)} THEN b.{name} END)"


def tile_sql(reads: list[Read], tables: Tables) -> str:
    """SQL of `entity_id, cut` and one column per feature."""
    tiles, frame = Tiles(tables), tables.frame
    features = [f"{tiles.feature(read)} AS {quote(read.definition.name)}" for read in reads]
    timeless = [
        replace(
            read,
            definition=replace(
                read.definition, feature=read.definition.feature.model_copy(update={"window": None, "ago": None})
            ),
        )
        for read in reads
    ]
    rows = stream_rows(timeless, replace(tables, frame=single(frame)), None)
    cases = " ".join(
        f"WHEN s.activity_ts >= {stamp(moment)} THEN {number}"
        for number, moment in reversed(list(enumerate(frame.boundaries, 1)))
    )
    segment = f"CASE {cases} ELSE 0 END AS {start_segment}"
    cells = [f"{sql} AS {name}" for name, sql in tiles.cells.items()]
    sums = (
        f"SELECT {rows.target} AS entity_id, {segment}, {comma(cells)} FROM {rows.source}{rows.filter()} GROUP BY 1, 2"
    )
    return (
        f"SELECT b.entity_id, c.cut, {comma(features)} FROM ({sums}) b "
        f"JOIN features._cut c ON b.{start_segment} < c.{quote(segment_column(()))} GROUP BY b.entity_id, c.cut"
    )


def single(frame: Frame) -> Frame:
    """A frame of one date: the last of the panel."""
    return Frame(max(frame.cuts), frame.zone)
