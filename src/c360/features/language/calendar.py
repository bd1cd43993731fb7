"""A UTC timestamp in SQL in, its day, week, month, hour and weekday on the clock of the project's zone out."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Period = Literal["day", "week", "month"]
base = datetime(1970, 1, 5)  # noqa: DTZ001  (naive UTC; a Monday, so that weeks are whole sevens of days)
first, last = datetime(1970, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


def period_sql(moment: str, period: Period, zone: str) -> str:
    """SQL of the number of a period, counted from Monday 1970-01-05 (days, weeks) or from year 0 (months)."""
    day = day_sql(moment, zone)
    if period == "day":
        return day
    if period == "week":
        return f"CAST(floor({day} / 7.0) AS BIGINT)"
    date = date_sql(day)
    return f"(extract(year FROM {date}) * 12 + extract(month FROM {date}))"


def day_sql(moment: str, zone: str) -> str:
    """SQL of the number of a local day."""
    return f"CAST(floor({seconds_sql(moment, zone)} / 86400.0) AS BIGINT)"


def local_date_sql(moment: str, zone: str) -> str:
    """SQL of the local date of a moment."""
    start, changes = offsets(zone)
    return f"CAST({moment} AS DATE)" if not (start or changes) else date_sql(day_sql(moment, zone))


def date_sql(day: str) -> str:
    """SQL of the date of a day's number."""
    return f"(CAST('1970-01-05' AS DATE) + CAST({day} AS INTEGER))"


def hour_sql(moment: str, zone: str) -> str:
    """SQL of the hour on the clock, 0-23."""
    hours = f"CAST(floor({seconds_sql(moment, zone)} / 3600.0) AS BIGINT)"
    return f"({hours} - CAST(floor({hours} / 24.0) AS BIGINT) * 24)"


def weekday_sql(moment: str, zone: str) -> str:
    """SQL of the day of the week, 1 for Monday to 7 for Sunday."""
    day = day_sql(moment, zone)
    return f"({day} - CAST(floor({day} / 7.0) AS BIGINT) * 7 + 1)"


def seconds_sql(moment: str, zone: str) -> str:
    """SQL of the seconds since Monday 1970-01-05 00:00 on the local clock."""
    seconds = f"date_diff('second', CAST('1970-01-05 00:00:00' AS TIMESTAMP), {moment})"
    return f"({seconds} + {offset_sql(moment, zone)})"


def offset_sql(moment: str, zone: str) -> str:
    """SQL of the seconds that a zone is ahead of UTC at a moment; most rows are recent, so the latest change is asked first."""
    start, changes = offsets(zone)
    if not changes:
        return str(start)
    cases = " ".join(
        f"WHEN {moment} >= CAST('{at:%Y-%m-%d %H:%M:%S}' AS TIMESTAMP) THEN {offset}"
        for at, offset in reversed(changes)
    )
    return f"CASE {cases} ELSE {start} END"


@lru_cache(maxsize=8)
def offsets(zone: str) -> tuple[int, tuple[tuple[datetime, int], ...]]:
    """A zone's first offset in seconds, and each change from 1970 to 2060: the UTC moment and the offset from then on."""
    if zone == "UTC":
        return 0, ()
    tz, step = ZoneInfo(zone), timedelta(days=7)
    at, here = first, offset_at(tz, first)
    start, changes = here, []
    while at < last:
        there = offset_at(tz, at + step)
        if there != here:
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if offset_at(tz, middle) == here else (low, middle)
            changes.append((high.replace(tzinfo=None), there))
            here = there
        at += step
    return start, tuple(changes)


def offset_at(tz: ZoneInfo, moment: datetime) -> int:
    """Seconds ahead of UTC."""
    found = moment.astimezone(tz).utcoffset()
    return int(found.total_seconds()) if found is not None else 0
