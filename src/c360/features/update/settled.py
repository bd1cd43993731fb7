"""Sums per identifier and day in, one row per identifier for all days but the latest out: what counts all time reads these.

Most of the days lie far back and change no more. Their sums are kept a second time, put together per identifier up to a
day, so that features without a window read that row and the days since. The day moves on every few weeks.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from c360.features.compiler.days import merged, settled_table
from c360.features.compiler.frame import stamp
from c360.warehouse import Connection, comma, qualified, quote

least_days = 31  # that are left out when the sums are made
most_days = 62  # that are left out before the sums move on
new_table = qualified("features", "_settling")


def settle(
    work: Connection, stream: str, days: str, cells: Mapping[str, str], last: datetime | None, today: datetime
) -> datetime:
    """Make the sums of all days but the latest, or move them on when too many days are left out.

    Grain:  one row per identifier that did something by then.
    Reads:  features._day_<entity>
    Writes: features._settled_<entity>(node_id, moment: the last day, one column per cell)

    Args:
        work: the work database.
        stream: whose activities.
        days: the table of its sums per identifier and day.
        cells: column -> SQL of the sum over activities.
        last: the last day that is in the sums as they are; None when there are none.
        today: the day of the run.

    Returns:
        The last day that is in them now.
    """
    if last is not None and today - last <= timedelta(days=most_days):
        return last
    end = today - timedelta(days=least_days)
    columns = comma(["node_id", *cells])
    pieces = f"SELECT {columns} FROM {days} WHERE moment <= {stamp(end)}"
    if last is not None:
        pieces = f"SELECT {columns} FROM {settled_table(stream)} UNION ALL {pieces} AND moment > {stamp(last)}"
    work.replace_table(new_table, f"{settled_sql(pieces, cells, end)} ORDER BY node_id")
    work.execute(f"DROP TABLE IF EXISTS {settled_table(stream)}")
    work.execute(f"ALTER TABLE {new_table} RENAME TO {quote(f'_settled_{stream}')}")
    return end


def follow_settled(
    work: Connection, stream: str, days: str, cells: Mapping[str, str], changed: str, last: datetime
) -> None:
    """Put together anew the sums of identifiers of which a day changed that is in them; `changed` names (node_id, day)."""
    table, who = settled_table(stream), f"node_id IN (SELECT node_id FROM {changed} WHERE day <= {stamp(last)})"
    work.execute(f"DELETE FROM {table} WHERE {who}")
    pieces = f"SELECT {comma(['node_id', *cells])} FROM {days} WHERE moment <= {stamp(last)} AND {who}"
    names = comma(["node_id", "moment", *cells])
    work.execute(f"INSERT INTO {table} ({names}) {settled_sql(pieces, cells, last)}")


def settled_sql(pieces: str, cells: Mapping[str, str], last: datetime) -> str:
    """SQL of the sums per identifier of some pieces of time."""
    sums = [f"{merged(sql, name)} AS {name}" for name, sql in cells.items()]
    return f"SELECT node_id, {comma([f'{stamp(last)} AS moment', *sums])} FROM ({pieces}) p GROUP BY node_id"
