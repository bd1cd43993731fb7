"""A stream and an entity in, its newest activities out, page by page; and how many of each there were per week."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta
from typing import Any

from c360.govern.reading import Reading
from c360.govern.sql import comma
from c360.profiles.columns import label_of
from c360.project import Project
from c360.records import dataclass
from c360.web.topics.entities.cursors import Cursor, parse_cursor, unknown_cursor
from c360.web.topics.entities.past import (
    Past,
    calendar_of,
    data_end,
    detail_columns,
    first_week,
    shown_columns,
    stream_of,
    weeks_shown,
)

page_rows = 12
most_series = 5


@dataclass(frozen=True)
class Happened:
    """One activity.

    Attributes:
        shade: which of the colours its kind has, the same as in the chart.
        details: attributes with their labels.
        sources: where its kind is read from.
    """

    uuid: str
    at: datetime
    activity: str
    label: str
    shade: int
    occurrence: int
    details: tuple[tuple[str, Any], ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """One page of a timeline."""

    items: tuple[Happened, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class KindCount:
    """How often something was done."""

    activity: str
    label: str
    shade: int
    count: int


@dataclass(frozen=True)
class Weeks:
    """Activities per week: one row per week, one column per kind."""

    kinds: tuple[str, ...]
    shades: tuple[int, ...]
    rows: tuple[tuple[date, tuple[int, ...]], ...]


def shades(counts: Sequence[tuple[str, int]]) -> dict[str, int]:
    """A colour for each kind: the most frequent ones have their own, the rest share the last."""
    return {activity: min(place, most_series) for place, (activity, _) in enumerate(counts)}


@dataclass(frozen=True)
class Tally:
    """What an entity did, counted in one pass over its part of the stream.

    Attributes:
        counts: activity -> how often, most frequent first.
        weeks: (Monday in the project's time zone, activity) -> how often, within the half year that is shown.
        active, active_before: on how many of the last four weeks' days it did anything, and of the four weeks before.
    """

    counts: tuple[tuple[str, int], ...] = ()
    weeks: Mapping[tuple[date, str], int] = field(default_factory=dict)
    active: int = 0
    active_before: int = 0


def tally(reading: Reading, entity: str, entity_id: int, past: Past | None) -> Tally | None:
    """Count what an entity did; None when nothing of its kind is recorded."""
    stream = stream_of(reading, entity)
    if stream is None or past is None:
        return None
    calendar = calendar_of(reading, entity)
    if past.is_whole:
        return tally_of([(row[2], *calendar.place(row[1]), 1) for row in past.rows])
    sql = (
        f"SELECT activity, {calendar.sql}, count(*) FROM {reading.of(stream, [entity_id])} "
        "WHERE entity_id = ? GROUP BY 1, 2, 3, 4"
    )
    return tally_of(reading.rows(sql, (entity_id,)))


def tally_of(rows: Sequence[tuple[Any, ...]]) -> Tally:
    """Add up counts per activity, week, age and day."""
    counts: Counter[str] = Counter()
    weeks: Counter[tuple[date, str]] = Counter()
    days: dict[int, set[date]] = {0: set(), 1: set(), 2: set()}
    for activity, week, age, day, count in rows:
        counts[str(activity)] += count
        days[age].add(day)
        if week is not None:
            weeks[week, str(activity)] += count
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Tally(tuple(ordered), weeks, len(days[1]), len(days[2]))


def sources_by_activity(project: Project) -> Mapping[str, tuple[str, ...]]:
    """Where each activity is read from."""
    return {
        name: tuple(dict.fromkeys(item.source for item in activity.from_))
        for name, activity in project.file.activities.items()
    }


def timeline(
    reading: Reading,
    entity: str,
    entity_id: int,
    past: Past | None,
    counts: Sequence[tuple[str, int]],
    kinds: Sequence[str],
    cursor: str | None,
) -> Timeline:
    """One page of the newest activities, only of some `kinds` when there are any."""
    stream = stream_of(reading, entity)
    if stream is None or past is None:
        return Timeline((), None)
    after = place_of(cursor) if cursor else None
    if past.is_whole or not (kinds or after):
        rows = [row for row in past.rows if (not kinds or row[2] in kinds) and is_after(row, after)]
    else:
        rows = older(reading, entity, entity_id, kinds, after)
    columns, shade, sources = detail_columns(reading, stream), shades(counts), sources_by_activity(reading.project)
    items = tuple(happened(row, columns, shade, sources) for row in rows[:page_rows])
    more = Cursor(reading.snapshot_id, (items[-1].at, items[-1].uuid)).text() if len(rows) > page_rows else None
    return Timeline(items, more)


def place_of(cursor: str) -> tuple[datetime, str]:
    """Time and id of the last activity of the page before.

    Raises:
        ProjectError: the cursor is none of ours.
    """
    at, uuid = parse_cursor(cursor, 2).after
    if not isinstance(at, datetime) or at.tzinfo is not None or not isinstance(uuid, str):
        raise unknown_cursor()
    return at, uuid


def is_after(row: tuple[Any, ...], after: tuple[datetime, str] | None) -> bool:
    """Whether an activity comes after the last one of the page before."""
    uuid, at = row[:2]
    return after is None or at < after[0] or (at == after[0] and uuid > after[1])


def older(
    reading: Reading, entity: str, entity_id: int, kinds: Sequence[str], after: tuple[datetime, str] | None
) -> list[tuple[Any, ...]]:
    """The next activities of an entity that did too much for one look."""
    stream = f"{entity}_stream"
    parts: list[str] = ["entity_id = ?"]
    values: list[Any] = [entity_id, *kinds]
    if kinds:
        parts.append(f"activity IN ({comma('?' for _ in kinds)})")
    if after:
        parts.append("(activity_ts < ? OR (activity_ts = ? AND CAST(activity_uuid AS VARCHAR) > ?))")
        values += [after[0], *after]
    sql = (
        f"SELECT {comma(shown_columns(reading, stream))} FROM {reading.of(stream, [entity_id])} WHERE {' AND '.join(parts)} "
        f"ORDER BY activity_ts DESC, CAST(activity_uuid AS VARCHAR) LIMIT {page_rows + 1}"
    )
    return reading.rows(sql, values)


def happened(
    row: tuple[Any, ...], columns: Sequence[str], shade: Mapping[str, int], sources: Mapping[str, tuple[str, ...]]
) -> Happened:
    """One row of a stream."""
    uuid, at, activity, occurrence, *values = row
    details = tuple(
        (label_of(name, None), value) for name, value in zip(columns, values, strict=True) if value is not None
    )
    base = str(activity).partition(": ")[0]
    return Happened(
        str(uuid), at, str(activity), label_of(str(activity), None), shade.get(str(activity), most_series),
        int(occurrence), details, sources.get(base, ()),
    )  # fmt: skip


def per_week(reading: Reading, entity: str, found: Tally | None) -> Weeks | None:
    """Activities of the last half year, week by week in the project's time zone; None when there were none."""
    if found is None or not found.counts:
        return None
    first = first_week(reading, data_end(reading, entity))
    named = [activity for activity, _ in found.counts[:most_series]]
    has_others = len(found.counts) > most_series
    others: Counter[date] = Counter()
    for (week, activity), count in found.weeks.items():
        others[week] += count if activity not in named else 0
    rows = []
    for week in (first + timedelta(weeks=number) for number in range(weeks_shown)):
        values = [found.weeks.get((week, activity), 0) for activity in named]
        rows.append((week, tuple([*values, others[week]] if has_others else values)))
    kinds = [*(label_of(activity, None) for activity in named), *(["Other"] if has_others else [])]
    return Weeks(tuple(kinds), tuple(range(len(kinds))), tuple(rows))
