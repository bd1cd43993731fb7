"""The sums per identifier and day of the last run and the days that changed since in, those of now out, where they pay.

They pay where the activities of an identifier come in bunches: then there are far fewer days than activities. A project
that is short or sparse keeps none. What is computed anew is computed from the activities; the sums serve the runs after.
"""

from collections.abc import Mapping
from datetime import datetime

from c360.activity import changed_days_sql
from c360.features.compiler.days import cells_of, day_sql, midnight, settled_table, sums_sql
from c360.features.compiler.rows import Tables
from c360.features.language.definition import Key
from c360.features.language.reads import Read
from c360.features.update.past import Past
from c360.features.update.settled import follow_settled, settle
from c360.records import dataclass
from c360.warehouse import Connection, comma, qualified, quote

least_rows = 1_000_000  # shorter streams are read as quickly as they are
least_events = 3.0  # per identifier and day
sampled_nodes = 20_000
changed_day = quote("c360_changed_day")


def day_table(stream: str) -> str:
    """The quoted name of the sums per identifier and day."""
    return qualified("features", f"_day_{stream}")


@dataclass(frozen=True)
class Keeping:
    """The sums per identifier and day of a run: which are wanted, and what the last run decided."""

    work: Connection
    tables: Tables
    reads: Mapping[Key, Read]
    past: Past | None
    now: Past

    @property
    def wanted(self) -> dict[str, dict[str, str]]:
        """Stream -> the cells that its features need."""
        return cells_of(self.reads.values(), self.tables)

    @property
    def steady(self) -> dict[str, tuple[int, float]]:
        """Streams of the last run that were brought up to date -> their version then, activities per identifier and day."""
        past, now = self.past, self.now
        if past is None or past.code != now.code:
            return {}
        return {
            stream: (version, past.days[stream])
            for stream, (build, version) in past.streams.items()
            if stream in past.days and build == now.streams.get(stream, ("",))[0]
        }


def renew_days(keeping: Keeping) -> dict[str, str]:
    """Bring the sums up to date that are kept: only the days that changed are added up again.

    Reads:  activity.<entity>, activity._change_day
    Writes: features._day_<entity>, features._settled_<entity>

    Returns:
        Stream -> the table of its sums, where all are there that its features need.
    """
    steady, found, past = keeping.steady, {}, keeping.past
    for stream, cells in keeping.wanted.items():
        kept = kept_cells(keeping.work, stream) if stream in steady else set()
        if not cells.keys() <= kept:
            continue
        last = past.settled.get(stream) if past else None
        for name in sorted(kept - cells.keys()):
            for table in (day_table(stream), *([settled_table(stream)] if last else [])):
                keeping.work.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        follow_days(keeping.work, stream, cells, steady[stream][0], last)
        keep_settled(keeping, stream, cells, last)
        found[stream] = day_table(stream)
    return found


def keep_settled(keeping: Keeping, stream: str, cells: Mapping[str, str], last: datetime | None) -> None:
    """See to the sums per identifier of all days but the latest."""
    today = midnight(keeping.now.as_of)
    keeping.tables.settled[stream] = settle(keeping.work, stream, day_table(stream), cells, last, today)


def kept_cells(work: Connection, stream: str) -> set[str]:
    """The cells of which there are sums."""
    if not work.table_exists("features", f"_day_{stream}"):
        return set()
    return work.describe(f"SELECT * FROM {day_table(stream)}").keys() - {"node_id", "moment"}


def follow_days(
    work: Connection, stream: str, cells: Mapping[str, str], after: int, last: datetime | None = None
) -> None:
    """Add up the days that changed after a version of the stream, and all that are settled of who did something then."""
    table = day_table(stream)
    work.execute(f"DROP TABLE IF EXISTS {changed_day}")
    work.execute(f"CREATE TEMP TABLE {changed_day} AS {changed_days_sql(stream, after)}")
    count, first, end = work.rows(f"SELECT count(*), min(day), max(day) FROM {changed_day}")[0]
    if count:
        same = f"SELECT 1 FROM {changed_day} c WHERE c.node_id = {table}.node_id AND c.day = {table}.moment"
        work.execute(f"DELETE FROM {table} WHERE moment >= ? AND moment <= ? AND EXISTS ({same})", (first, end))
        rows = (
            f"{qualified('activity', stream)} s JOIN {changed_day} c ON c.node_id = s.node_id AND c.day = {day_sql} "
            "WHERE s.activity_ts >= ? AND s.activity_ts < ? + INTERVAL '1' DAY"
        )
        names = comma(["node_id", "moment", *cells])
        work.execute(f"INSERT INTO {table} ({names}) {sums_sql(rows, day_sql, cells)}", (first, end))
        if last is not None and first <= last:
            follow_settled(work, stream, table, cells, changed_day, last)
    work.execute(f"DROP TABLE {changed_day}")


def keep_days(keeping: Keeping) -> dict[str, float]:
    """Make the sums that are not there and pay, and let go of those that nobody needs.

    Grain:  one row per identifier and day (UTC) on which it did something.
    Reads:  activity.<entity>
    Writes: features._day_<entity>(node_id, moment, one column per cell), features._settled_<entity>

    Returns:
        Stream -> activities per identifier and day, where there are enough to ask.
    """
    work, wanted, steady, found = keeping.work, keeping.wanted, keeping.steady, dict[str, float]()
    for stream in {**(keeping.past.streams if keeping.past else {}), **keeping.now.streams}:
        table, cells = day_table(stream), wanted.get(stream)
        if stream in keeping.tables.days:
            found[stream] = steady[stream][1]
            continue
        for name in (table, settled_table(stream)):
            work.execute(f"DROP TABLE IF EXISTS {name}")
        if cells is None or int(work.scalar(f"SELECT count(*) FROM {qualified('activity', stream)}")) < least_rows:
            continue
        found[stream] = steady[stream][1] if stream in steady else events_per_day(work, stream)
        if found[stream] >= least_events:
            sums = sums_sql(f"{qualified('activity', stream)} s", day_sql, cells)
            work.replace_table(table, f"SELECT * FROM ({sums}) d ORDER BY moment")
            keep_settled(keeping, stream, cells, None)
    return found


def events_per_day(work: Connection, stream: str) -> float:
    """How many activities an identifier has on a day on which it has any, in a sample of the identifiers."""
    every = max(1, int(work.scalar("SELECT count(*) FROM identity.member")) // sampled_nodes)
    days = (
        f"SELECT count(*) AS n FROM {qualified('activity', stream)} s WHERE s.node_id % {every} = 0 "
        f"GROUP BY s.node_id, {day_sql}"
    )
    return float(work.scalar(f"SELECT coalesce(avg(n), 0) FROM ({days}) d"))
