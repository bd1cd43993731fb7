"""The inputs of features then and now in, the entities whose features may differ out, each with its members' changes.

An entity is touched by a change of its activities, by an activity that passes the start or end of a window between the
two dates, by a change of a column or membership that features read, and by what is touched among its members or above.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from c360.activity import changed_sql
from c360.entities import is_many
from c360.features.compiler.frame import stamp, walk
from c360.features.compiler.rows import Tables, activity_in
from c360.features.language.definition import Key
from c360.features.language.reads import Read
from c360.features.language.relations import upward
from c360.features.update.past import Past, bridge_columns, inputs_of, steps, uppers, was_bridge, was_table
from c360.records import dataclass
from c360.warehouse import Connection, comma, qualified, quote

period_days = {"day": 1, "week": 7, "month": 31}
Interval = tuple[datetime, datetime]


def touched_table(entity: str) -> str:
    """The quoted name of the ids whose features are computed again."""
    return quote(f"c360_touched_{entity}")


def changed_table(entity: str) -> str:
    """The quoted name of the ids that came, went, or have another value in a column that features read."""
    return quote(f"c360_changed_{entity}")


@dataclass(frozen=True)
class Difference:
    """The two runs between which features are carried over, the features that are, and why the others are not."""

    work: Connection
    tables: Tables
    steady: Mapping[Key, Read]
    past: Past
    now: Past
    moving: Mapping[Key, str]

    @property
    def dates(self) -> Interval:
        """The two dates, the earlier first."""
        first, last = sorted((self.past.as_of, self.now.as_of))
        return first, last

    @property
    def same_entities(self) -> bool:
        """Whether the tables of entities are those of the last run."""
        return self.past.entities is not None and self.past.entities == self.now.entities


def find_touched(difference: Difference) -> list[str]:
    """Find the touched entities of every kind; returns the kinds.

    Reads:  activity.<entity>, activity._change, entities.*, features._was_*
    Writes: scratch c360_changed_<entity>(entity_id), c360_touched_<entity>(entity_id)
    """
    work, tables = difference.work, difference.tables
    inputs = inputs_of(tables.project, difference.steady.values())
    edges = window_edges(difference)
    for entity, columns in inputs.columns.items():
        fill(work, changed_table(entity), [] if difference.same_entities else [changed_rows(entity, columns)])
        causes = [f"SELECT entity_id FROM {changed_table(entity)}"]
        if entity in edges:
            causes += [changed_sql(entity, difference.past.streams[entity][1])]
            causes += crossing(tables, entity, edges[entity])
        causes += [
            sql
            for here, target in inputs.bridges
            if target == entity
            for sql in changed_members(here, target, difference)
        ]
        fill(work, touched_table(entity), causes)
    spread(difference, list(inputs.columns))
    return list(inputs.columns)


def fill(work: Connection, table: str, selects: Sequence[str]) -> None:
    """Make a scratch table of the different ids of several SELECTs."""
    work.execute(f"DROP TABLE IF EXISTS {table}")
    ids = " UNION ALL ".join(f"SELECT entity_id FROM ({sql}) u{number}" for number, sql in enumerate(selects))
    ids = ids or "SELECT CAST(NULL AS BIGINT) AS entity_id"
    work.execute(f"CREATE TEMP TABLE {table} AS SELECT DISTINCT entity_id FROM ({ids}) a WHERE entity_id IS NOT NULL")


def changed_rows(entity: str, columns: Iterable[str]) -> str:
    """SQL of the entities that came, went or differ in one of the columns."""
    differs = [f"n.{quote(column)} IS DISTINCT FROM o.{quote(column)}" for column in sorted(columns)]
    where = " OR ".join(["n.entity_id IS NULL", "o.entity_id IS NULL", *differs])
    return (
        f"SELECT coalesce(n.entity_id, o.entity_id) AS entity_id FROM {qualified('entities', entity)} n "
        f"FULL JOIN {was_table(entity)} o ON o.entity_id = n.entity_id WHERE {where}"
    )


def changed_members(here: str, target: str, difference: Difference) -> list[str]:
    """SQL of the targets of memberships that came, went, changed, began or ended between the dates."""
    own, other = quote(f"{here}_id"), quote(f"{target}_id")
    columns = comma([own, other, *bridge_columns])
    now, was = qualified("entities", f"member_{here}_{target}"), was_bridge(here, target)
    first, last = (stamp(moment) for moment in difference.dates)
    between = " OR ".join(f"({name} >= {first} AND {name} <= {last})" for name in ("joined_at", "left_at"))
    passed = f"SELECT {other} AS entity_id FROM {now} WHERE {between}"
    if difference.same_entities:
        return [passed]
    return [
        f"SELECT {other} AS entity_id FROM (SELECT {columns} FROM {now} EXCEPT SELECT {columns} FROM {was}) b",
        f"SELECT {other} AS entity_id FROM (SELECT {columns} FROM {was} EXCEPT SELECT {columns} FROM {now}) b",
        passed,
    ]


def window_edges(difference: Difference) -> dict[str, dict[Interval, set[str] | None]]:
    """Stream -> the spans that a window's start or end passes between the dates -> the activities that count; None: any."""
    found: dict[str, dict[Interval, set[str] | None]] = {}
    for read in difference.steady.values():
        if read.kind != "stream":
            continue
        spans = found.setdefault(read.source, {})
        names = names_of(read)
        for span in spans_of(read, difference):
            known = spans.setdefault(span, set())
            spans[span] = None if known is None or names is None else known | names
    return found


def names_of(read: Read) -> set[str] | None:
    """The activities that a feature reads in any way; None for any."""
    if read.activities is None:
        return None
    anchor = read.anchor[1] if read.anchor else ()
    following = read.following.names if read.following else ()
    return {*read.activities, *anchor, *following}


def spans_of(read: Read, difference: Difference) -> Iterator[Interval]:
    """The spans of time in which an activity counts at one of the dates and not at the other."""
    dates, zone = difference.dates, difference.tables.frame.zone
    moments = [moments_of(read, at, zone) for at in dates]
    for one, other in zip(*moments, strict=True):
        yield min(one, other), max(one, other)
    if read.definition.feature.verb == "streak":
        days = 2 * period_days.get(read.definition.feature.take or "day", 1) + 1
        first, last = (walk(read.until, at, zone) for at in dates)
        yield min(first, last) - timedelta(days=days), max(first, last)


def moments_of(read: Read, at: datetime, zone: str) -> list[datetime]:
    """Where, at a date, the rows of a feature begin and end."""
    until = walk(read.until, at, zone)
    found = [at, until]
    times = (1, 2) if read.definition.feature.verb == "trend" else (1,)
    found += [walk(steps, at, zone) for number in times if (steps := read.since(number))]
    if read.following is not None:
        found.append(until - timedelta(seconds=read.following.within))
    return found


def crossing(tables: Tables, entity: str, spans: Mapping[Interval, set[str] | None]) -> list[str]:
    """SQL of the entities that have an activity in one of the spans."""
    parts = []
    for (first, last), names in spans.items():
        inside = f"s.activity_ts >= {stamp(first)} AND s.activity_ts <= {stamp(last)}"
        which = f" AND {activity_in(tables.project, sorted(names))}" if names is not None else ""
        parts.append(f"({inside}{which})")
    return [f"SELECT s.entity_id FROM {qualified('activity', entity)} s WHERE {' OR '.join(sorted(parts))}"]


def spread(difference: Difference, kinds: list[str]) -> None:
    """Touch what the touched belong to, and those who read what is touched above them, until nothing more is."""
    ways = [*upwards(difference), *downwards(difference)]
    count = f"SELECT {' + '.join(f'(SELECT count(*) FROM {touched_table(kind)})' for kind in kinds)}"
    before, now = -1, 0
    while ways and before != now:
        before = now
        for entity, sql in ways:
            table = touched_table(entity)
            difference.work.execute(
                f"INSERT INTO {table} SELECT DISTINCT entity_id FROM ({sql}) w WHERE entity_id IS NOT NULL "
                f"AND entity_id NOT IN (SELECT entity_id FROM {table})"
            )
        now = int(difference.work.scalar(count))


def upwards(difference: Difference) -> list[tuple[str, str]]:
    """(entity, SQL of its ids that touched members belong to, or belonged to)."""
    project, found = difference.tables.project, dict[tuple[str, str], None]()
    for read in difference.steady.values():
        for here, step in steps(read.source, read.chain):
            chosen = f"IN (SELECT entity_id FROM {touched_table(here)})"
            if is_many(project.file.entities[here].belongs_to[step]):
                own, tables = f"{here}_id", (qualified("entities", f"member_{here}_{step}"), was_bridge(here, step))
            else:
                own, tables = "entity_id", (qualified("entities", here), was_table(here))
            for table in tables:
                sql = f"SELECT {quote(f'{step}_id')} AS entity_id FROM {table} WHERE {quote(own)} {chosen}"
                found[step, sql] = None
    return list(found)


def downwards(difference: Difference) -> list[tuple[str, str]]:
    """(entity, SQL of its ids for which something changed above them that a formula reads)."""
    project, found = difference.tables.project, dict[tuple[str, str], None]()
    for read in difference.steady.values():
        entity = read.definition.entity
        for target in uppers(read):
            chain = upward(project, entity, target) or (target,)
            computed = any(owner == target and (owner, column) in difference.steady for owner, column in read.needs)
            joins, link = "", f"o.{quote(f'{chain[0]}_id')}"
            for number, name in enumerate(chain):
                last = name == target
                table = touched_table(name) if last and computed else changed_table(name)
                chosen = f"{link} IN (SELECT entity_id FROM {table})"
                sql = f"SELECT o.entity_id FROM {qualified('entities', entity)} o{joins} WHERE {chosen}"
                found[entity, sql] = None
                if not last:
                    joins += f" JOIN {qualified('entities', name)} v{number} ON v{number}.entity_id = {link}"
                    link = f"v{number}.{quote(f'{chain[number + 1]}_id')}"
    return list(found)
