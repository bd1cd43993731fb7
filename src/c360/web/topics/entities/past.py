"""A stream and an entity in, its newest activities out; and the place in time of each: week, day, how long ago."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from c360.govern.reading import Reading
from c360.govern.sql import literal, quote
from c360.records import dataclass
from c360.web.topics.entities.ordering import By, first_rows

weeks_shown = 26
days_compared = 28
most_at_once = 400  # of most entities everything, read once for the chart, the figures and the timeline
newest_first = (By(1, is_descending=True), By(0))
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
    """What an entity did, newest first: id, time, activity, occurrence, then the stream's own columns.

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
    columns = shown_columns(reading, stream)
    rows = first_rows(reading, stream, entity_id, columns, newest_first, most_at_once + 1)
    return Past(tuple(rows[:most_at_once]), len(rows) <= most_at_once)


@dataclass(frozen=True)
class Calendar:
    """Where a time lies in what is counted of an entity.

    Attributes:
        at: up to when activities are known (UTC, as they are stored).
        start: the first moment of the first week that is shown (UTC).
        zone: the project's time zone.
    """

    at: datetime
    start: datetime
    zone: ZoneInfo

    def place(self, time: datetime) -> tuple[date | None, int, date | None]:
        """Week, age (1: of late, 2: just before) and day of an activity, as far as they are counted."""
        week = monday(self.day(time)) if time >= self.start else None
        if time > self.at or time < self.at - timedelta(days=2 * days_compared):
            return week, 0, None
        return week, 1 if time >= self.at - timedelta(days=days_compared) else 2, self.day(time)

    def day(self, time: datetime) -> date:
        """The day in the project's time zone."""
        return time.replace(tzinfo=UTC).astimezone(self.zone).date()

    @property
    def sql(self) -> str:
        """The same as SQL of three columns, for those who did too much to be read."""
        local = "activity_ts"
        if self.zone.key != "UTC":
            local = f"(activity_ts AT TIME ZONE 'UTC' AT TIME ZONE {literal(self.zone.key)})"
        age = (
            f"CASE WHEN activity_ts > {moment(self.at)} THEN 0 "
            f"WHEN activity_ts >= {moment(self.at - timedelta(days=days_compared))} THEN 1 "
            f"WHEN activity_ts >= {moment(self.at - timedelta(days=2 * days_compared))} THEN 2 ELSE 0 END"
        )
        return (
            f"CASE WHEN activity_ts >= {moment(self.start)} THEN CAST(date_trunc('week', {local}) AS DATE) END AS week, "
            f"{age} AS age, CASE WHEN {age} > 0 THEN CAST({local} AS DATE) END AS day"
        )


def calendar_of(reading: Reading, entity: str) -> Calendar:
    """The weeks and days that are counted of an entity's members."""
    at, zone = data_end(reading, entity), ZoneInfo(reading.project.timezone)
    start = datetime.combine(first_week(reading, at), datetime.min.time(), zone)
    return Calendar(at, start.astimezone(UTC).replace(tzinfo=None), zone)


def moment(at: datetime) -> str:
    """A time as an SQL literal."""
    return f"CAST({literal(at.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"


def shown_columns(reading: Reading, stream: str) -> list[str]:
    """What is read of an activity."""
    own = [quote(name) for name in detail_columns(reading, stream)]
    return ["CAST(activity_uuid AS VARCHAR)", "activity_ts", "activity", "occurrence", *own]


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
