"""The identifiers of an entity in, how many of it there were at the end of each month or week out."""

from datetime import date, timedelta

from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.records import dataclass

most_points = 26


@dataclass(frozen=True)
class Growth:
    """How many there were, over time.

    Attributes:
        unit: week or month.
        points: (first day of the period, how many at its end).
    """

    entity: str
    unit: str
    points: tuple[tuple[date, int], ...]


def growth(reading: Reading, entity: str) -> Growth | None:
    """How an entity grew, by the time of its first record; None when nothing says so."""
    found: Growth | None = reading.memory.once(("growth", entity), lambda: count_growth(reading, entity))
    return found


def count_growth(reading: Reading, entity: str) -> Growth | None:
    """Count new members per period and add them up."""
    table = f"{entity}_identifier"
    if table not in reading.tables():
        return None
    first = f"SELECT entity_id, min(first_seen) AS began FROM {quote(table)} GROUP BY entity_id"
    low, high = reading.rows(f"SELECT min(began), max(began) FROM ({first})")[0]
    if low is None or high is None:
        return None
    unit = "week" if high - low < timedelta(weeks=most_points + 4) else "month"
    sql = f"SELECT CAST(date_trunc('{unit}', began) AS DATE), count(*) FROM ({first}) GROUP BY 1 ORDER BY 1 NULLS FIRST"
    total, points = 0, []
    for day, count in reading.rows(sql):
        total += int(count)
        if day is not None:
            points.append((day, total))
    return Growth(entity, unit, tuple(points[-most_points:]))
