"""A feature and past dates in, its values at those dates out: what history would hold had the feature been there then.

Every value is computed as of its date from the activities before it, never looked up; who is who is taken as it is known
now. Dates are those of the project's time zone, at its midnight.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from c360.errors import Fault, ProjectError
from c360.features.language.definition import Key
from c360.features.language.windows import end_of
from c360.features.panel import PanelRequest, panel_table, write_panel
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, qualified, quote

backfill_table = qualified("features", "_backfill")
at_once = 40  # dates in one panel: few enough for the memory of a laptop
most_dates = 5000
periods = {"day": "1d", "week": "1w", "month": "1mo"}


@dataclass(frozen=True)
class Backfilled:
    """What was written.

    Attributes:
        version: `name@version`, the definition that was used.
        first, last: the dates, naive UTC.
    """

    entity: str
    version: str
    first: datetime
    last: datetime
    dates: int
    rows: int


def dates_of(first: datetime, last: datetime, every: str, zone: str) -> Iterator[datetime]:
    """Local midnights from the first date on, as naive UTC."""
    local = first.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if midnight < local:
        midnight = (midnight + timedelta(days=1)).replace(fold=0)
    start = midnight.astimezone(UTC).replace(tzinfo=None)
    number, at = 0, start
    while at <= last:
        yield at
        number += 1
        at = end_of(times(periods[every], number), start, zone)


def times(window: str, number: int) -> str:
    """So many windows as one, so that the end of a month is not lost in February."""
    return f"{number}{window[1:]}"


def backfill(
    work: Connection, project: Project, key: Key, dates: list[datetime], as_of: datetime, *, state: bool = False
) -> Backfilled:
    """Compute a feature at past dates.

    Grain:  one row per entity and date at which it had done anything before.
    Reads:  activity.<entity>, entities.<entity>, entities.member_<a>_<b>
    Writes: features._backfill(entity_id, at, <feature>)

    Args:
        work: a store that holds streams and entity tables, and whose schema `features` may be written.
        project: the declarations.
        key: entity and feature; `name@1` for an older version.
        dates: the dates, naive UTC.
        as_of: until when the data are complete.
        state: also read traits, of which only today's value is known.

    Raises:
        ProjectError: no date, too many, or a feature that does not tell what was known then.
    """
    entity, name = key
    if not dates or len(dates) > most_dates:
        message = f"{len(dates):,} dates from the first one to {as_of:%Y-%m-%d}"
        fix = f"take an earlier date, or --every week or month (at most {most_dates:,} dates)"
        raise ProjectError(Fault("backfill-dates", message, fix=fix))
    version = 1
    for start in range(0, len(dates), at_once):
        request = PanelRequest(entity, tuple(dates[start : start + at_once]), (name,), state=state)
        work.execute("DROP TABLE IF EXISTS features._cut")
        version = write_panel(work, project, request, as_of).features[name]
        select = f"SELECT entity_id, cut_at AS {quote('at')}, {quote(name)} FROM {panel_table}"
        if start:
            work.execute(f"INSERT INTO {backfill_table} {select}")
        else:
            work.replace_table(backfill_table, select)
    rows = int(work.scalar(f"SELECT count(*) FROM {backfill_table}"))
    return Backfilled(entity, f"{name.partition('@')[0]}@{version}", dates[0], dates[-1], len(dates), rows)
