"""A time zone in, the SQL that turns its wall-clock times into UTC out.

The rule, which is Python's `fold=0`: a time that summer time skips (the gap) is read with the offset before the change,
so it moves forward; a time that happens twice (the overlap) is the first of the two. Before 1970 and after 2070 the
nearest known offset holds. The first and the last day that can be written (0001-01-01, 9999-12-31) are not shifted.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

first_year, last_year = 1970, 2070
step = timedelta(days=7)
always_utc = ("UTC", "Etc/UTC", "GMT", "Etc/GMT")
Change = tuple[datetime, int]


def local_to_utc_sql(moment: str, zone: str) -> str:
    """SQL for the UTC time of a naive TIMESTAMP expression that is written in a zone."""
    offset, changes = (0, ()) if zone in always_utc else changes_of(zone)
    if not changes and offset == 0:
        return moment
    shifted = steps_sql(moment, offset, changes)
    edges = f"{moment} < TIMESTAMP '0001-01-02' OR {moment} >= TIMESTAMP '9999-12-31'"
    return f"(CASE WHEN {edges} THEN {moment} ELSE {shifted} END)"


def steps_sql(moment: str, offset: int, changes: tuple[Change, ...]) -> str:
    """A balanced tree of comparisons over the changes; each leaf subtracts one offset."""
    if not changes:
        return f"{moment} - INTERVAL '{offset}' SECOND"
    middle = len(changes) // 2
    wall, after = changes[middle]
    before_sql = steps_sql(moment, offset, changes[:middle])
    after_sql = steps_sql(moment, after, changes[middle + 1 :])
    return f"CASE WHEN {moment} < TIMESTAMP '{wall:%Y-%m-%d %H:%M:%S}' THEN {before_sql} ELSE {after_sql} END"


@cache
def changes_of(zone: str) -> tuple[int, tuple[Change, ...]]:
    """The offset in seconds before the first change, and (wall-clock time from which it holds, offset) of each."""
    info = ZoneInfo(zone)
    moment, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year, 1, 1, tzinfo=UTC)
    first = current = seconds(info, moment)
    changes: list[Change] = []
    while moment < end:
        following = moment + step
        offset = seconds(info, following)
        if offset != current:
            at = instant_of_change(info, moment, following)
            wall = at.replace(tzinfo=None) + timedelta(seconds=max(current, offset))
            changes.append((wall, offset))
            current = offset
        moment = following
    return first, tuple(changes)


def seconds(info: ZoneInfo, moment: datetime) -> int:
    """The zone's offset from UTC at an instant."""
    offset = info.utcoffset(moment.astimezone(info))
    return int(offset.total_seconds()) if offset else 0


def instant_of_change(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the new offset between two instants."""
    low, high, old = 0, int((after - before).total_seconds()), seconds(info, before)
    while high - low > 1:
        middle = (low + high) // 2
        if seconds(info, before + timedelta(seconds=middle)) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
