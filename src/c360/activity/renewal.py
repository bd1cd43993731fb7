"""A stream and what changed since in, the same stream as of now out: only the touched entities are numbered again."""

from collections.abc import Sequence
from dataclasses import replace

from c360.activity.increment import Changes, change_table, day_table, node_table, of_sources
from c360.activity.readings import Context, Reading
from c360.activity.vocabulary import attributes_of
from c360.warehouse import Connection, comma, literal, qualified, quote

fresh, whole, differing = quote("c360_fresh"), quote("c360_whole"), quote("c360_differing")
touched, again, same = quote("c360_touched"), quote("c360_again"), quote("c360_same")
plain_columns = ("activity_uuid", "node_id", "entity_id", "activity", "activity_ts")
most_touched = 0.3  # of the rows; beyond, building the whole stream is quicker


def narrowed(readings: Sequence[Reading], changes: Changes) -> tuple[list[Reading], list[Reading]]:
    """The readings over new rows alone, and those of sources that are read again as a whole."""
    new = [
        replace(reading, table=f"(SELECT * FROM {reading.table} WHERE {changes.added[reading.source]})")
        for reading in readings
        if reading.source in changes.added
    ]
    return new, [reading for reading in readings if reading.source in changes.replaced]


def find_touched(work: Connection, context: Context, entity: str, changes: Changes, *, found: tuple[str, str]) -> bool:
    """Find the entities whose activities change; False when building the whole stream is quicker.

    Those are the entities of new rows, the old and the new entities of identifiers that moved, and the old and new
    entities of rows that differ.

    Reads:  activity.<entity>, activity._node, identity.member
    Writes: scratch c360_fresh (rows that came), c360_whole (all rows of changed sources), c360_differing (rows of those
            that came, went or changed: what they were and are), c360_touched(entity_id)

    Args:
        work: the work database.
        context: the run.
        entity: whose stream it is.
        changes: what changed.
        found: SQL of the rows that came, and of all rows of changed sources.
    """
    stream = qualified("activity", entity)
    for table, sql in zip((fresh, whole), found, strict=True):
        work.execute(f"DROP TABLE IF EXISTS {table}")
        work.execute(f"CREATE TEMP TABLE {table} AS {sql}", portable=False)  # new rows are told by their place
    moved = (
        f"SELECT b.entity_id AS old_id, m.entity_id AS new_id FROM {node_table} b "
        f"JOIN identity.node n ON n.node_id = b.node_id AND n.entity = {literal(entity)} "
        "JOIN identity.member m ON m.node_id = b.node_id WHERE m.entity_id <> b.entity_id"
    )
    parts = [f"SELECT old_id AS entity_id FROM ({moved}) a", f"SELECT new_id FROM ({moved}) b"]
    parts.append(f"SELECT entity_id FROM {fresh}")
    find_differing(work, context, entity, changes)
    parts += [f"SELECT {side}_id FROM {differing} WHERE {side}_id IS NOT NULL" for side in ("old", "new")]
    work.execute(f"DROP TABLE IF EXISTS {touched}")
    work.execute(f"CREATE TEMP TABLE {touched} AS {' UNION '.join(parts)}")
    rows, their = work.rows(
        f"SELECT count(*), count(t.entity_id) FROM {stream} s LEFT JOIN {touched} t ON t.entity_id = s.entity_id"
    )[0]
    return bool(their <= max(rows * most_touched, 1000))


def find_differing(work: Connection, context: Context, entity: str, changes: Changes) -> None:
    """Compare the rows of changed sources with those in the stream.

    Writes: scratch c360_differing(old_id, new_id, old_node, new_node, old_ts, new_ts)
    """
    columns = [f"{a}.{c} AS {b}_{n}" for c, n in (("entity_id", "id"), ("node_id", "node"), ("activity_ts", "ts"))
               for a, b in (("s", "old"), ("w", "new"))]  # fmt: skip
    names = ["node_id", "activity", "activity_ts", *(quote(name) for name in attributes_of(context.project, entity))]
    differs = " OR ".join(f"s.{name} IS DISTINCT FROM w.{name}" for name in names)
    stream = qualified("activity", entity)
    old = f"SELECT * FROM {stream} s WHERE {of_sources(context, entity, changes.replaced)}"
    work.execute(f"DROP TABLE IF EXISTS {differing}")
    work.execute(
        f"CREATE TEMP TABLE {differing} AS SELECT {comma(columns)} FROM ({old}) s FULL JOIN {whole} w "
        f"ON w.activity_uuid = s.activity_uuid WHERE s.activity_uuid IS NULL OR w.activity_uuid IS NULL OR {differs}"
    )


def renew(work: Connection, context: Context, entity: str, changes: Changes, *, numbered: str, version: int) -> bool:
    """Replace the activities of the touched entities; returns whether there were any.

    Reads:  activity.<entity>, identity.member, scratch c360_fresh, c360_whole, c360_differing, c360_touched
    Writes: activity.<entity>, activity._change, activity._change_day

    Args:
        work: the work database.
        context: the run.
        entity: whose stream it is.
        changes: what changed.
        numbered: SQL that numbers the rows `{found}`.
        version: the number that this change gets.
    """
    stream = qualified("activity", entity)
    columns = [*plain_columns, *(quote(name) for name in attributes_of(context.project, entity))]
    kept = comma("m.entity_id" if name == "entity_id" else f"s.{name}" for name in columns)
    still = f" WHERE NOT {of_sources(context, entity, changes.replaced)}" if changes.replaced else ""
    found = (
        f"SELECT {kept} FROM {stream} s JOIN {touched} t ON t.entity_id = s.entity_id "
        f"JOIN identity.member m ON m.node_id = s.node_id{still} "
        f"UNION ALL SELECT {comma(columns)} FROM {fresh} UNION ALL "
        f"SELECT {comma(columns)} FROM {whole} WHERE entity_id IN (SELECT entity_id FROM {touched})"
    )
    some = bool(work.scalar(f"SELECT count(*) FROM {touched}"))
    if some:
        work.execute(f"DROP TABLE IF EXISTS {again}")
        work.execute(f"CREATE TEMP TABLE {again} AS {numbered.replace('{found}', found)}")
        replace_rows(work, stream)
        work.execute(f"INSERT INTO {change_table} SELECT {literal(entity)}, entity_id, {version} FROM {touched}")
        work.execute(f"INSERT INTO {day_table} {changed_days(entity, version)}")
        work.execute(f"DROP TABLE {again}")
    return some


def replace_rows(work: Connection, stream: str) -> None:
    """Put the activities of the touched entities in place of those that are there; rows that are the same stay."""
    names = [quote(name) for name in work.describe(f"SELECT * FROM {stream}")]
    differs = " OR ".join(f"s.{name} IS DISTINCT FROM a.{name}" for name in names)
    work.execute(f"DROP TABLE IF EXISTS {same}")
    work.execute(
        f"CREATE TEMP TABLE {same} AS SELECT s.activity_uuid FROM {stream} s JOIN {again} a "
        f"ON a.activity_uuid = s.activity_uuid AND a.entity_id = s.entity_id WHERE NOT ({differs})"
    )
    other = f"activity_uuid NOT IN (SELECT activity_uuid FROM {same})"
    work.execute(f"DELETE FROM {stream} WHERE entity_id IN (SELECT entity_id FROM {touched}) AND {other}")
    work.execute(f"INSERT INTO {stream} SELECT * FROM {again} WHERE {other}")
    work.execute(f"DROP TABLE {same}")


def changed_days(entity: str, version: int) -> str:
    """SQL of the identifiers and days whose activities came, went or changed; what only moved between people did not."""
    sides = ((fresh, "node_id", "activity_ts"), (differing, "old_node", "old_ts"), (differing, "new_node", "new_ts"))
    rows = " UNION ALL ".join(f"SELECT {node} AS node_id, {ts} AS ts FROM {table}" for table, node, ts in sides)
    columns = f"{literal(entity)}, node_id, date_trunc('day', ts), {version}"
    return f"SELECT DISTINCT {columns} FROM ({rows}) d WHERE node_id IS NOT NULL"


def drop_scratch(work: Connection) -> None:
    """Forget the scratch tables."""
    for table in (fresh, whole, differing, touched, quote("c360_fresh_node")):
        work.execute(f"DROP TABLE IF EXISTS {table}")
