"""A stream and an entity in, its newest activities out, each with its place in time: week, day, how long ago."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from c360.govern.reading import Reading
from c360.govern.sql import comma, literal, quote
from c360.records import dataclass

weeks_shown = 26
days_compared = 28
most_at_once = 400  # of most entities everything, read once for the chart, the figures and the timeline
own_columns = (
    "activity_uuid", "entity_id", "activity", "activity_ts", "occurrence", "activity_repeated_at",
    "activity_occurence", "updated_at",
)  # fmt: skip


def stream_of(reading: Reading, entity: str) -> str | None:
    """The stream of an entity; None when nothing of it is recorded."""
    name = f"{entity}_stream"
    return name if name in reading.tables() else None


def data_end(reading: Reading, entity: str) -> datetime:
    """Up to when activities are known: the run's "now", or the newest activity when it is more than a day older."""
    at, stream = reading.as_of.replace(tzinfo=None), stream_of(reading, entity)
    if stream is None:
        return at
    sql = f"SELECT max(activity_ts) FROM {quote(stream)} WHERE activity_ts <= ?"
    newest: datetime | None = reading.memory.once(("data end", entity), lambda: reading.rows(sql, (at,))[0][0])
    return at if newest is None or at - newest < timedelta(days=1) else newest


@dataclass(frozen=True)
class Past:
    """What an entity did, newest first: id, time, activity, occurrence, week, age, day, then the stream's own columns.

    Attributes:
        is_whole: whether there is no more than that, so that nothing about it needs to be asked again.
    """

    rows: tuple[tuple[Any, ...], ...]
    is_whole: bool


def newest(reading: Reading, entity: str, entity_id: int) -> Past | None:
    """The newest activities of an entity, of most entities all; None when nothing of its kind is recorded."""
    stream = stream_of(reading, entity)
    if stream is None:
        return None
    named, params = placed(reading, entity)
    rows = reading.rows(
        f"SELECT {shown_columns(reading, stream, named)} FROM {reading.of(stream, [entity_id])} WHERE entity_id = ? "
        f"ORDER BY activity_ts DESC, CAST(activity_uuid AS VARCHAR) LIMIT {most_at_once + 1}",
        (*params, entity_id),
        narrow=True,
    )
    return Past(tuple(rows[:most_at_once]), len(rows) <= most_at_once)


def placed(reading: Reading, entity: str) -> tuple[str, list[datetime]]:
    """SQL of an activity's week, age (1: of late, 2: just before) and day, as far as they are counted; its parameters."""
    at = data_end(reading, entity)
    local = "activity_ts"
    if reading.project.timezone != "UTC":
        local = f"(activity_ts AT TIME ZONE 'UTC' AT TIME ZONE {literal(reading.project.timezone)})"
    age = (
        f"CASE WHEN activity_ts > ? THEN 0 WHEN activity_ts >= CAST(? AS TIMESTAMP) - INTERVAL {days_compared} DAY THEN 1 "
        f"WHEN activity_ts >= CAST(? AS TIMESTAMP) - INTERVAL {2 * days_compared} DAY THEN 2 ELSE 0 END"
    )
    sql = (
        f"CASE WHEN activity_ts >= ? THEN CAST(date_trunc('week', {local}) AS DATE) END AS week, {age} AS age, "
        f"CASE WHEN {age} > 0 THEN CAST({local} AS DATE) END AS day"
    )
    zone = ZoneInfo(reading.project.timezone)
    start = datetime.combine(first_week(reading, at), datetime.min.time(), zone).astimezone(UTC).replace(tzinfo=None)
    return sql, [start, *[at] * 6]


def shown_columns(reading: Reading, stream: str, named: str) -> str:
    """What is read of an activity."""
    own = [quote(name) for name in detail_columns(reading, stream)]
    return comma(["CAST(activity_uuid AS VARCHAR)", "activity_ts", "activity", "occurrence", named, *own])


def detail_columns(reading: Reading, stream: str) -> list[str]:
    """The columns of a stream that the project put there."""
    return [column.name for column in reading.columns(stream) if column.name not in own_columns]


def first_week(reading: Reading, at: datetime) -> date:
    """The Monday with which the half year begins that a chart shows, in the project's time zone."""
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo(reading.project.timezone))
    return monday(local.date()) - timedelta(weeks=weeks_shown - 1)


def monday(day: date) -> date:
    """The first day of a week."""
    return day - timedelta(days=day.weekday())
