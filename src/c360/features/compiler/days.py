"""Features that merge, at one date, in: sums per identifier and day are put together, and who is who is joined to them.

The sums are kept from run to run (`update.days`), keyed by the identifier that an activity names, so that a merge of
people reads no activity. Days are those of UTC. A day in which a window begins or ends is not taken from the sums but
from the activities themselves, so that every value is exact at any moment. What counts all time takes all days but the
latest from one row per identifier (`update.settled`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

from c360.features.compiler.cells import Cells, can_merge
from c360.features.compiler.frame import stamp, walk
from c360.features.compiler.rows import Tables, chain_sql
from c360.features.language.reads import Read, Steps
from c360.records import dataclass
from c360.warehouse import comma, qualified, quote

of_the_person = ('s."occurrence"', 's."activity_repeated_at"', 's."entity_id"')  # a merge changes these
day_sql = "date_trunc('day', s.activity_ts)"


def can_be_daily(read: Read, tables: Tables) -> bool:
    """Whether a feature can be put together from sums per identifier and day."""
    texts = f"{read.value} {read.condition}"
    return can_merge(read, tables) and not any(column in texts for column in of_the_person)


def by_day(read: Read, tables: Tables) -> bool:
    """Whether a feature is put together from them."""
    return read.source in tables.days and not tables.frame.is_panel and can_be_daily(read, tables)


@dataclass(frozen=True)
class Days(Cells):
    """The sums per identifier and day, and the features put together from them; a cell has the same name in every run."""

    def named(self, sql: str) -> str:
        """The column of a cell."""
        return f"c_{blake2b(sql.encode(), digest_size=6).hexdigest()}"

    def bounds(self, since: Steps | None, until: Steps) -> list[str]:
        """SQL conditions: a day, or a moment of a day that is cut, lies between two moments."""
        frame = self.tables.frame
        parts = [f"b.moment < {frame.back(until)}"] if until else []
        return [*parts, f"b.moment >= {frame.back(since)}"] if since is not None and since != self.floor else parts


def cells_of(reads: Iterable[Read], tables: Tables) -> dict[str, dict[str, str]]:
    """Stream -> the cells that its features need: column -> SQL."""
    found: dict[str, Days] = {}
    for read in reads:
        if can_be_daily(read, tables):
            found.setdefault(read.source, Days(tables)).feature(read)
    return {source: days.cells for source, days in found.items()}


def settled_table(stream: str) -> str:
    """The quoted name of the sums per identifier of all days but the latest."""
    return qualified("features", f"_settled_{stream}")


def settled_day(read: Read, tables: Tables) -> datetime | None:
    """The last day of the sums per identifier, when a feature counts everything up to it."""
    last, frame = tables.settled.get(read.source), tables.frame
    if last is None or read.reach is not None or walk(read.until, frame.as_of, frame.zone) < last + timedelta(days=1):
        return None
    return last


def merged(sql: str, column: str) -> str:
    """SQL of a cell put together from those of pieces."""
    side = sql.partition("(")[0]
    return f"{'sum' if side == 'CAST' else side}({column})"


def sums_sql(rows: str, moment: str, cells: Mapping[str, str]) -> str:
    """SQL of the cells of rows `s`, per identifier and moment: `node_id, moment` and one column per cell."""
    columns = comma(
        ["s.node_id AS node_id", f"{moment} AS moment", *(f"{sql} AS {name}" for name, sql in cells.items())]
    )
    return f"SELECT {columns} FROM {rows} GROUP BY s.node_id, {moment}"


def days_sql(reads: list[Read], tables: Tables) -> str:
    """SQL of `entity_id` and one column per feature of a pass."""
    first, reaches = reads[0], [read.reach for read in reads]
    since = tables.frame.widest([reach for reach in reaches if reach])[0] if all(reaches) else None
    days = Days(tables, floor=since)
    features = [f"{days.feature(read)} AS {quote(read.definition.name)}" for read in reads]
    pieces = pieces_sql(days, reads)
    names = comma(["m.entity_id", "p.moment", *(f"p.{name}" for name in days.cells)])
    joined = f"SELECT {names} FROM ({pieces}) p JOIN identity.member m ON m.node_id = p.node_id"
    source, target = f"({joined}) b", "b.entity_id"
    if first.chain:
        pairs, _ = chain_sql(tables.project, first.source, first.chain, tables.frame)
        source, target = f"{source} JOIN ({pairs}) w ON w.member_id = b.entity_id", "w.target_id"
    where = [f"b.moment < {tables.frame.now()}", *([f"b.moment >= {tables.frame.back(since)}"] if since else [])]
    where += tables.chosen(first.definition.entity, target)
    return (
        f"SELECT {target} AS entity_id, {comma(features)} FROM {source} WHERE {' AND '.join(where)} GROUP BY {target}"
    )


def edges(reads: list[Read], tables: Tables) -> list[datetime]:
    """The moments at which a window begins or ends."""
    frame, steps = tables.frame, dict[Steps, None]()
    for read in reads:
        times = (1, 2) if read.definition.feature.verb == "trend" else (1,)
        steps |= dict.fromkeys([(), read.until, *(since for number in times if (since := read.since(number)))])
    return sorted({walk(one, frame.as_of, frame.zone) for one in steps})


def cut_days(reads: list[Read], tables: Tables) -> list[datetime]:
    """The days in which a window begins or ends, other than at midnight."""
    return sorted({day for moment in edges(reads, tables) if (day := midnight(moment)) != moment})


def midnight(moment: datetime) -> datetime:
    """The day of a moment."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def pieces_sql(days: Days, reads: list[Read]) -> str:
    """SQL of the cells of whole days, and of the stretches between windows' edges of days that are cut."""
    rows = cut_rows(reads, days.tables)
    if rows is None:
        return whole_sql(days, reads)
    moments = edges(reads, days.tables)
    cases = "".join(f" WHEN s.activity_ts >= {stamp(edge)} THEN {stamp(edge)}" for edge in reversed(moments))
    stretch = f"CASE{cases} ELSE {stamp(midnight(moments[0]))} END"
    return f"{whole_sql(days, reads)} UNION ALL {sums_sql(rows, stretch, days.cells)}"


def whole_sql(days: Days, reads: list[Read]) -> str:
    """SQL of the cells of days that are not cut, or of all that are settled at once."""
    tables, cut = days.tables, cut_days(reads, days.tables)
    source, settled = reads[0].source, settled_day(reads[0], tables)
    columns = comma(["d.node_id", "d.moment", *(f"d.{name}" for name in days.cells)])
    where = [f"d.moment > {stamp(settled)}"] if settled else []
    where += [f"d.moment NOT IN ({comma(map(stamp, cut))})"] if cut else []
    whole = f"SELECT {columns} FROM {tables.days[source]} d{' WHERE ' if where else ''}{' AND '.join(where)}"
    return f"SELECT {columns} FROM {settled_table(source)} d UNION ALL {whole}" if settled else whole


def cut_rows(reads: list[Read], tables: Tables) -> str | None:
    """SQL of the activities `s` of the days that are cut.

    They are taken from the whole stream: what is set aside of it for other features may lack activities.
    """
    first, cut = reads[0], cut_days(reads, tables)
    if not cut:
        return None
    inside = " OR ".join(
        f"s.activity_ts >= {stamp(day)} AND s.activity_ts < {stamp(day + timedelta(days=1))}" for day in cut
    )
    mine = [] if first.chain else tables.chosen(first.definition.entity, "s.entity_id")
    return f"{qualified('activity', first.source)} s WHERE {' AND '.join([f'({inside})', *mine])}"
