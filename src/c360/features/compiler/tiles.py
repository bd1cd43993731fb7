"""Features that merge, at many dates, in: rows are read once and added up between dates, then the sums are put together.

All dates and window starts of a panel cut time into segments. A row falls into one segment; the sums per entity and
segment are small, and a window of a date is a run of segments. So ten dates cost little more than one.
"""

from dataclasses import replace
from datetime import datetime

from c360.features.compiler.cells import Cells, can_merge, single, timeless
from c360.features.compiler.frame import segment_column, stamp
from c360.features.compiler.rows import Tables, stream_rows
from c360.features.language.reads import Read, Steps
from c360.records import dataclass
from c360.warehouse import comma, quote

start_segment = "segment"


def can_tile(read: Read, tables: Tables) -> bool:
    """Whether a feature of a panel can be put together from sums between dates."""
    return tables.frame.is_panel and can_merge(read, tables)


@dataclass(frozen=True)
class Tiles(Cells):
    """The sums between dates that some passes need, each once, and the features put together from them.

    Attributes:
        name: the sub-select that holds the sums.
    """

    name: str = ""

    def named(self, sql: str) -> str:
        """The column of a cell."""
        return next((name for name, known in self.cells.items() if known == sql), f"t{len(self.cells)}")

    def bounds(self, since: Steps | None, until: Steps) -> list[str]:
        """SQL conditions: a segment lies between two moments."""
        parts = [f"b.{start_segment} < c.{quote(segment_column(until))}"] if until else []
        if since is not None and since != self.floor:
            parts.append(f"b.{start_segment} >= c.{quote(segment_column(since))}")
        return parts

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
