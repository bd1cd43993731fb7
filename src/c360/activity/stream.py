"""Landing tables and entity ids in, `activity.<entity>` out: one row per activity, numbered in time order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from c360.activity import increment
from c360.activity.increment import Changes, Inputs, find_changes, inputs_before, inputs_now
from c360.activity.links import first_of, spelling_of
from c360.activity.readings import Context, Reading, readings_of
from c360.activity.renewal import drop_scratch, find_touched, narrowed, plain_columns, renew
from c360.activity.transactions import rank_transactions, scratch, start_report, with_transactions
from c360.activity.vocabulary import activities_of, attributes_of
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote
from c360.warehouse.engines.duckdb import md5_uuid_sql

if TYPE_CHECKING:
    from c360.sources import Landed

unattached = '"activity"."_unattached"'


def build(
    work: Connection,
    project: Project,
    landed: "Mapping[str, Landed]",
    as_of: datetime,
    *,
    code: str = "",
    anew: bool = False,
) -> dict[str, int]:
    """Write the stream of every entity that has activities.

    Rows without a time, without an identifier, or whose identifiers belong to no entity are not part of a stream; they
    stay in their landing table and are counted. A stream of the last run is brought up to date where that is quicker;
    the result is the same.

    Grain:  one row per activity_uuid and stream.
    Reads:  landing.<source>, identity.lookup
    Writes: activity.<entity>; activity._unattached(entity, activity, source, reason, rows); activity.reconciliation,
            where activities name their transactions; activity._state, _input, _node, _change, _change_day: what is remembered

    Args:
        work: the work database.
        project: the declarations.
        landed: the sources.
        as_of: the run's "now".
        code: what else the streams hang on; when it changes they are built anew.
        anew: build everything anew.

    Returns:
        Stream -> its number of rows.
    """
    work.create_schema("activity")
    streams = [entity for entity in project.file.entities if activities_of(project, entity)]
    remembered = work.table_exists("activity", "_state")
    before = inputs_before(work) if remembered and not anew else {}
    if not before or set(before) != set(streams):
        before = {}
        work.replace_table(unattached, empty_unattached())
    if any(with_transactions(project, entity) for entity in project.file.entities):
        start_report(work)
    context = Context(project, landed, as_of, spelling_of(work, project), code)
    built = {entity: build_stream(work, context, entity, before.get(entity)) for entity in streams}
    rows = {entity: int(work.scalar(f"SELECT count(*) FROM {qualified('activity', entity)}")) for entity in streams}
    if sum(rows.values()) >= increment.least_rows:
        increment.remember(work, {entity: made.inputs(work, context, entity) for entity, made in built.items()})
    elif remembered:
        increment.forget(work)
    return rows


@dataclass(frozen=True)
class Built:
    """A stream that was just built: its readings, and what names its state."""

    readings: list[Reading]
    build: str
    version: int

    def inputs(self, work: Connection, context: Context, entity: str) -> Inputs:
        """What it was built from."""
        found = inputs_now(work, context, self.readings, stream_sql(context, entity, self.readings))
        return replace(found, build=self.build, version=self.version)


def build_stream(work: Connection, context: Context, entity: str, past: Inputs | None) -> Built:
    """Bring one stream up to date, or build it anew."""
    readings = readings_of(context, entity)
    if past is not None:
        now = inputs_now(work, context, readings, stream_sql(context, entity, readings))
        changes = find_changes(work, context, entity, readings, past, now)
        found = extend_stream(work, context, entity, readings, changes, past) if changes is not None else None
        drop_scratch(work)
        if found is not None:
            return Built(readings, past.build, found)
        work.execute(f"DELETE FROM {unattached} WHERE entity = ?", (entity,))
    build_anew(work, context, entity, readings)
    return Built(readings, uuid4().hex, 0)


def extend_stream(
    work: Connection, context: Context, entity: str, readings: list[Reading], changes: Changes, past: Inputs
) -> int | None:
    """Follow what changed; returns the version of the stream, None when building it anew is quicker."""
    new, again = narrowed(readings, changes)
    attributes = attributes_of(context.project, entity)
    columns = comma([*plain_columns, *(quote(name) for name in attributes)])
    nothing = f"SELECT {columns} FROM {qualified('activity', entity)} WHERE FALSE"
    found = tuple(found_sql(context, entity, some) if some else nothing for some in (new, again))
    if not find_touched(work, context, entity, changes, found=(found[0], found[1])):
        return None
    numbered = numbered_sql(context, entity, "{found}")
    some = renew(work, context, entity, changes, numbered=numbered, version=past.version + 1)
    for source in changes.replaced:
        work.execute(f"DELETE FROM {unattached} WHERE entity = ? AND source = ?", (entity, source))
    for reading in (*new, *again):
        work.execute(f"INSERT INTO {unattached} {unattached_sql(context, entity, reading)}", portable=False)
    if new:
        add_up(work)
    return past.version + 1 if some else past.version


def add_up(work: Connection) -> None:
    """One row per activity, source and reason in the report again."""
    total, summed = f"CAST(sum({quote('rows')}) AS BIGINT) AS {quote('rows')}", quote("c360_unattached")
    work.execute(f"DROP TABLE IF EXISTS {summed}")
    grouped = (
        f"SELECT entity, activity, source, reason, {total} FROM {unattached} GROUP BY entity, activity, source, reason"
    )
    work.execute(f"CREATE TEMP TABLE {summed} AS {grouped}")
    work.replace_table(unattached, f"SELECT * FROM {summed}")
    work.execute(f"DROP TABLE {summed}")


def build_anew(work: Connection, context: Context, entity: str, readings: list[Reading]) -> None:
    """Write one stream, and count what could not be attached to it."""
    table, counted = qualified("activity", entity), None
    if with_transactions(context.project, entity):
        counted = rank_transactions(work, context.project, entity, found_sql(context, entity, readings, marked=True))
    quicker = {uuid_sql(reading): md5_uuid_sql(name_text(reading)) for reading in readings}
    work.replace_table(table, stream_sql(context, entity, readings, counted), quicker=quicker)
    for reading in count_lost(work, table, readings):
        work.execute(f"INSERT INTO {unattached} {unattached_sql(context, entity, reading)}")
    if counted is not None:
        work.execute(f"INSERT INTO {unattached} {doubled_sql(entity)}")
        work.execute(f"DROP TABLE {scratch}")


def count_lost(work: Connection, table: str, readings: list[Reading]) -> list[Reading]:
    """The readings of which some rows may not be in the stream.

    Counting is cheap and finding the rows is not: where there are as many activities as rows, nothing is lost. Else each
    reading's rows are counted against its activities in the stream; readings that share an activity cannot be told
    apart and are looked at together.
    """
    rows_of = [f"{r.table} WHERE {r.condition()}" for r in readings]
    totals = " UNION ALL ".join(f"SELECT count(*) AS n FROM {rows}" for rows in rows_of)
    if work.scalar(f"SELECT sum(n) FROM ({totals}) t") == work.scalar(f"SELECT count(*) FROM {table}"):
        return []
    counts = " UNION ALL ".join(
        f"SELECT {number} AS reading, {r.name_sql()} AS activity FROM {rows}"
        for number, (r, rows) in enumerate(zip(readings, rows_of, strict=True))
    )
    rows = work.rows(
        f"SELECT c.activity, c.n, c.first, c.last, coalesce(s.n, 0) FROM (SELECT activity, count(*) AS n, "
        f"min(reading) AS first, max(reading) AS last FROM ({counts}) d GROUP BY activity) c LEFT JOIN "
        f"(SELECT activity, count(*) AS n FROM {table} GROUP BY activity) s ON s.activity = c.activity"
    )
    lost = {number for _, n, first, last, found in rows if n != found for number in range(first, last + 1)}
    return [readings[number] for number in sorted(lost)]


def found_sql(context: Context, entity: str, readings: list[Reading], *, marked: bool = False) -> str:
    """SQL of the rows of all readings; when marked, with the source and the place of the input beside each."""
    attributes, parts = attributes_of(context.project, entity), []
    for reading in readings:
        marks = [f"{literal(reading.source)} AS c_source", f"{reading.first_input} AS c_input"] if marked else []
        parts.append(attached_sql(context, entity, reading, attributes, marks))
    return " UNION ALL ".join(parts)


def stream_sql(context: Context, entity: str, readings: list[Reading], counted: str | None = None) -> str:
    """SQL of a stream; `counted` keeps one activity of each transaction."""
    return numbered_sql(context, entity, found_sql(context, entity, readings), counted)


def numbered_sql(context: Context, entity: str, found: str, counted: str | None = None) -> str:
    """SQL that numbers activities and tells when each is repeated.

    Rows are sorted for that. Where all names are known they travel as numbers, so that no text is moved about with them.
    """
    attributes = attributes_of(context.project, entity)
    order = "OVER (PARTITION BY a.entity_id, a.activity ORDER BY a.activity_ts, a.activity_uuid)"
    named = {name: f"a.{name}" for name in (*plain_columns, *(quote(name) for name in attributes))}
    where, names = f" WHERE {counted}" if counted else "", fixed_names(context, entity)
    if names:
        numbers = " ".join(f"WHEN {literal(name)} THEN {number}" for number, name in enumerate(names))
        texts = " ".join(f"WHEN {number} THEN {literal(name)}" for number, name in enumerate(names))
        coded = {**named, "activity": f"CASE a.activity {numbers} END AS activity"}
        found, where = f"SELECT {comma(coded.values())} FROM ({found}) a{where}", ""
        named["activity"] = f"CASE a.activity {texts} END AS activity"
    columns = [named[name] for name in plain_columns]
    columns += [f"row_number() {order} AS occurrence", f"lead(a.activity_ts) {order} AS activity_repeated_at"]
    columns += [named[quote(name)] for name in attributes]
    return f"SELECT {comma(columns)} FROM ({found}) a{where}"


def fixed_names(context: Context, entity: str) -> list[str]:
    """The names of an entity's activities; none where a column of the data gives names too."""
    names = activities_of(context.project, entity)
    return [] if any(context.project.file.activities[name].split_by for name in names) else names


def node_joins(context: Context, entity: str, reading: Reading, side: str) -> tuple[str, list[str]]:
    """SQL that joins rows `r` of a reading to the nodes of their identifiers, and the aliases of those."""
    joins, names = "", [f"n{number}" for number in range(len(reading.ids))]
    for name, (kind, parts) in zip(names, reading.ids.items(), strict=True):
        same = " AND ".join(f"{name}.{raw} = r.{raw}" for raw, _ in reading.raw(kind, parts))
        joins += f" {side} ({reading.nodes(context.spelling, entity, kind)}) {name} ON {same}"
    return joins, names


def attached_sql(
    context: Context, entity: str, reading: Reading, attributes: list[str], marks: Sequence[str] = ()
) -> str:
    """SQL of the rows of a reading that have an entity and a time.

    The first identifier that belongs to an entity names it; the next is asked where that one is absent or does not.
    """
    joins, names = node_joins(context, entity, reading, "JOIN" if len(reading.ids) == 1 else "LEFT JOIN")
    entity_id = first_of(f"{name}.entity_id" for name in names)
    columns = [
        f"{uuid_sql(reading)} AS activity_uuid",
        f"{first_of(f'{name}.node_id' for name in names)} AS node_id",
        f"{entity_id} AS entity_id",
        "r.c_activity AS activity",
        "r.c_ts AS activity_ts",
        *(f"r.{quote(name)}" for name in attributes),
        *marks,
    ]
    known = "" if len(names) == 1 else f" AND {entity_id} IS NOT NULL"
    return f"SELECT {comma(columns)} FROM ({reading.select(attributes)}) r{joins} WHERE r.c_ts IS NOT NULL{known}"


def uuid_sql(reading: Reading) -> str:
    """SQL of what names an activity."""
    return f"CAST(md5({name_text(reading)}) AS UUID)"


def name_text(reading: Reading) -> str:
    """SQL of the text that an activity's name is made of."""
    return f"{literal(reading.source + '|')} || r.c_key || '|' || r.c_activity"


def doubled_sql(entity: str) -> str:
    """SQL of the activities whose transaction another source told before, counted."""
    return (
        f"SELECT {literal(entity)}, activity, c_source, 'transaction counted already', count(*) FROM {scratch} "
        "WHERE place > 1 GROUP BY activity, c_source"
    )


def empty_unattached() -> str:
    """SQL of the report without rows."""
    text = comma(f"CAST(NULL AS VARCHAR) AS {name}" for name in ("entity", "activity", "source", "reason"))
    return f"SELECT {text}, CAST(NULL AS BIGINT) AS {quote('rows')} WHERE FALSE"


def unattached_sql(context: Context, entity: str, reading: Reading) -> str:
    """SQL of the rows of a reading that are not in the stream, counted by activity and reason."""
    joins, names = node_joins(context, entity, reading, "LEFT JOIN")
    lost = f"r.c_ts IS NULL OR {first_of(f'{name}.entity_id' for name in names)} IS NULL"
    absent = " AND ".join(f"{reading.spelled(context.spelling, kind)} IS NULL" for kind in reading.ids)
    reason = (
        "CASE WHEN r.c_ts IS NULL THEN 'no time' "
        f"WHEN {absent} THEN 'no usable identifier' ELSE {literal(f'identifier of no {entity}')} END"
    )
    return (
        f"SELECT {literal(entity)}, activity, {literal(reading.source)}, reason, count(*) FROM "
        f"(SELECT r.c_activity AS activity, {reason} AS reason FROM (SELECT r.* FROM ({reading.select([])}) r{joins} "
        f"WHERE {lost}) r) u GROUP BY activity, reason"
    )
