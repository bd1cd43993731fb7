"""The first page: how many there are and how that changed, whether the data is fresh and healthy, what to look at."""

from datetime import date, datetime

from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.records import dataclass
from c360.web.frame.navigation import entity_label
from c360.web.frame.page import Context, Page, shown
from c360.web.frame.visit import Visit
from c360.web.topics.entities.figures import totals
from c360.web.topics.entities.past import data_end, stream_of
from c360.web.topics.health.clusters import Clusters, clusters
from c360.web.topics.health.growth import growth
from c360.web.topics.health.problems import Light, Problem, lights, problems


@dataclass(frozen=True)
class Count:
    """How many there are of an entity.

    Attributes:
        change: against the snapshot before; None for the first.
        active: how many did anything in the last seven days of which activities are known.
        active_to: the end of those days.
    """

    entity: str
    label: str
    total: int
    change: int | None
    active: int | None
    active_to: datetime | None


@dataclass(frozen=True)
class GrowthTable:
    """How the entities grew: one row per period, one column per entity."""

    unit: str
    labels: tuple[str, ...]
    rows: tuple[tuple[date, tuple[int | None, ...]], ...]


@dataclass(frozen=True)
class OverviewContext(Context):
    """The overview."""

    counts: tuple[Count, ...] = shown("How many there are of each entity.")
    lights: tuple[Light, ...] = shown("The health strip.")
    growth: GrowthTable | None = shown("How the entities grew.")
    clusters: tuple[Clusters, ...] = shown("The identity health of each entity.")
    problems: tuple[Problem, ...] = shown("What needs attention, the worst first, with the fix.")
    compared_with: datetime | None = shown("The time of the data that changes are counted against.")


def show(visit: Visit) -> OverviewContext:
    """Read the overview."""
    reading = visit.reading
    order = ("person", "group", "account", "thing")
    entities = sorted(
        (name for name in visit.project.file.entities if reading.sees(name)),
        key=lambda name: order.index(visit.project.kind(name)),
    )
    before, at = visit.site.readings.before(reading.snapshot_id)
    found = problems(reading)
    now = totals(reading, entities)
    can_compare = reading.viewer.rights is None or reading.viewer.rights.rows is None
    counts = [
        Count(
            name,
            entity_label(visit.project, name),
            total,
            total - before[name] if can_compare and name in before else None,
            active(reading, name),
            data_end(reading, name) if stream_of(reading, name) else None,
        )
        for name, total in now.items()
    ]
    health = [clusters(reading, name) for name in entities]
    return OverviewContext(
        title="Overview",
        counts=tuple(counts),
        lights=lights(reading, found),
        growth=growth_table(visit, entities),
        clusters=tuple(one for one in health if one is not None and one.identifiers > one.entities),
        problems=found,
        compared_with=at if before else None,
    )


def active(reading: Reading, entity: str) -> int | None:
    """How many did anything in the last week of which activities are known."""
    stream = stream_of(reading, entity)
    if stream is None:
        return None
    sql = (
        f"SELECT count(DISTINCT entity_id) FROM {quote(stream)} "
        "WHERE activity_ts >= CAST(? AS TIMESTAMP) - INTERVAL 7 DAY AND activity_ts <= ?"
    )
    at = data_end(reading, entity)
    found: int = reading.memory.once(("active", entity), lambda: int(reading.rows(sql, (at, at))[0][0]))
    return found


def growth_table(visit: Visit, entities: list[str]) -> GrowthTable | None:
    """The growth of people and accounts side by side."""
    wanted = [name for name in entities if visit.project.kind(name) != "thing"] or entities
    found = [
        one for one in (growth(visit.reading, name) for name in wanted[:3]) if one is not None and len(one.points) > 1
    ]
    if not found:
        return None
    unit = found[0].unit
    same = [one for one in found if one.unit == unit]
    days = sorted({day for one in same for day, _ in one.points})
    columns = [carried(dict(one.points), days) for one in same]
    rows = tuple((day, tuple(column[place] for column in columns)) for place, day in enumerate(days))
    return GrowthTable(unit, tuple(entity_label(visit.project, one.entity) for one in same), rows)


def carried(points: dict[date, int], days: list[date]) -> list[int | None]:
    """A value for each day: that of the last day which has one."""
    found, last = [], None
    for day in days:
        last = points.get(day, last)
        found.append(last)
    return found


endpoints = (
    Page("/", "overview.html", "customers", OverviewContext, show, "Counts, health and problems.", group="Customers", label="Overview",
        is_kept=True),
)  # fmt: skip
