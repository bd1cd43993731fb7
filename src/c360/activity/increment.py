"""What streams were built from at the last run in, what came, went or changed since out; and the ids that it touches.

A stream is the same whether it was built at once or step by step. Rows keep their identifier, so a stream follows from
its rows of the last run, the rows that came or changed, and the entities that identifiers belong to now. Where an old
row may have another identifier than before, the stream is built anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from hashlib import blake2b

from c360.activity.readings import Context, Reading
from c360.activity.transactions import with_transactions
from c360.activity.vocabulary import activities_of
from c360.identity.inputs.landed import Read, added_since, read_to
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote

least_rows = 200_000  # with fewer, building everything anew is as quick, and nothing need be remembered
kept_versions = 8  # whose changes stay known
state_table, input_table = '"activity"."_state"', '"activity"."_input"'
node_table, change_table = '"activity"."_node"', '"activity"."_change"'
day_table = '"activity"."_change_day"'
fresh_node = quote("c360_fresh_node")
tables = {
    state_table: "stream VARCHAR, definition VARCHAR, version BIGINT, build VARCHAR",
    input_table: "stream VARCHAR, source VARCHAR, fingerprint VARCHAR, place BIGINT",
    change_table: "stream VARCHAR, entity_id BIGINT, version BIGINT",
    day_table: "stream VARCHAR, node_id BIGINT, day TIMESTAMP, version BIGINT",
}


@dataclass(frozen=True)
class Inputs:
    """What a stream was, or would be, built from.

    Attributes:
        definition: a hash of its SQL and of the code.
        reads: source -> how far it is read.
        build: names the time at which it was last built anew.
        version: how often it changed since.
    """

    definition: str
    reads: Mapping[str, Read]
    build: str = ""
    version: int = 0


@dataclass(frozen=True)
class Changes:
    """What is to be done to a stream.

    Attributes:
        added: source -> SQL condition of its new rows.
        replaced: sources of which any row may differ: all their rows are read and compared.
    """

    added: Mapping[str, str] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()


def inputs_now(work: Connection, context: Context, readings: Sequence[Reading], sql: str) -> Inputs:
    """What a stream would be built from now."""
    sources = dict.fromkeys(reading.source for reading in readings)
    columns = [(name, dict(context.landed[name].columns)) for name in sources]
    text = repr((context.code, work.scalar("SELECT version()", portable=False), columns, sql))
    reads = {name: read_to(work, context.project, name, context.landed[name]) for name in sources}
    return Inputs(blake2b(text.encode(), digest_size=16).hexdigest(), reads)


def inputs_before(work: Connection) -> dict[str, Inputs]:
    """Stream -> what it was built from."""
    reads: dict[str, dict[str, Read]] = {}
    for stream, source, fingerprint, place in work.rows(
        f"SELECT stream, source, fingerprint, place FROM {input_table}"
    ):
        reads.setdefault(stream, {})[source] = Read(fingerprint, place)
    rows = work.rows(f"SELECT stream, definition, build, version FROM {state_table}")
    return {
        stream: Inputs(definition, reads.get(stream, {}), build, version)
        for stream, definition, build, version in rows
        if work.table_exists("activity", stream)
    }


def find_changes(
    work: Connection, context: Context, entity: str, readings: Sequence[Reading], before: Inputs | None, now: Inputs
) -> Changes | None:
    """What changed since a stream was built; None when it must be built anew."""
    if before is None or before.definition != now.definition or before.reads.keys() != now.reads.keys():
        return None
    if with_transactions(context.project, entity):  # which row of a transaction counts hangs on all of them
        return None
    added, replaced = {}, set()
    for source, read in before.reads.items():
        if read.fingerprint == now.reads[source].fingerprint:
            continue
        condition = added_since(work, context.project, source, context.landed[source], read)
        if condition is None:
            replaced.add(source)
        else:
            added[source] = condition
    found = Changes(added, frozenset(replaced))
    if not own_activities(context, entity, found) or may_attach_otherwise(work, context, entity, readings, found):
        return None
    return found


def own_activities(context: Context, entity: str, changes: Changes) -> bool:
    """Whether the activities of changed sources come from nowhere else, so that their old rows can be told."""
    for name in activities_of(context.project, entity):
        sources = {item.source for item in context.project.file.activities[name].from_ if entity in item.of}
        if sources & changes.replaced and sources - changes.replaced:
            return False
    return True


def of_sources(context: Context, entity: str, sources: frozenset[str], alias: str = "s") -> str:
    """SQL: a row of the stream comes from one of these sources."""
    activities = context.project.file.activities
    names = [
        name
        for name in activities_of(context.project, entity)
        if any(item.source in sources and entity in item.of for item in activities[name].from_)
    ]
    if not names:
        return "FALSE"
    parts = [f"{alias}.activity IN ({comma(literal(name) for name in names)})"]
    split = [name for name in names if activities[name].split_by]
    parts += [f"substr({alias}.activity, 1, {len(name) + 2}) = {literal(name + ': ')}" for name in split]
    return f"({' OR '.join(parts)})"


def may_attach_otherwise(
    work: Connection, context: Context, entity: str, readings: Sequence[Reading], changes: Changes
) -> bool:
    """Whether an old row may now find another identifier: its own is gone, or one that nobody knew is known.

    Writes: scratch c360_fresh_node(entity, id_kind, value): identifiers that were not known before
    """
    lost = work.scalar(
        f"SELECT count(*) FROM {qualified('activity', entity)} s JOIN (SELECT b.node_id FROM {node_table} b "
        "LEFT JOIN identity.lookup l ON l.node_id = b.node_id WHERE l.node_id IS NULL) g ON g.node_id = s.node_id "
        f"WHERE NOT {of_sources(context, entity, changes.replaced)}"
    )
    if lost:
        return True
    waiting = {
        source
        for (source,) in work.rows(
            'SELECT DISTINCT source FROM "activity"."_unattached" WHERE entity = ? AND reason LIKE ?',
            (entity, "identifier of no %"),
        )
    }
    doubtful = [
        reading
        for reading in readings
        if reading.source not in changes.replaced and (reading.source in waiting or len(reading.ids) > 1)
    ]
    if not doubtful:
        return False
    work.execute(f"DROP TABLE IF EXISTS {fresh_node}")
    work.execute(
        f"CREATE TEMP TABLE {fresh_node} AS SELECT l.entity, l.id_kind, l.value FROM identity.lookup l "
        f"LEFT JOIN {node_table} b ON b.node_id = l.node_id WHERE b.node_id IS NULL AND l.entity = {literal(entity)}"
    )
    if not work.scalar(f"SELECT count(*) FROM {fresh_node}"):
        return False
    return any(names_fresh(work, context, reading, changes) for reading in doubtful)


def names_fresh(work: Connection, context: Context, reading: Reading, changes: Changes) -> bool:
    """Whether an old row of a reading names an identifier that is known only now."""
    old = reading.table
    if reading.source in changes.added:
        old = f"(SELECT * FROM {reading.table} WHERE NOT coalesce({changes.added[reading.source]}, FALSE))"
    for kind, parts in reading.ids.items():
        raw = comma(f"{sql} AS {name}" for name, sql in reading.raw(kind, parts))
        found = work.scalar(
            f"SELECT count(*) FROM (SELECT DISTINCT {raw} FROM {old} l) r JOIN {fresh_node} f "
            f"ON f.id_kind = {literal(kind)} AND f.value = {reading.spelled(context.spelling, kind)}",
            portable=False,  # new rows are told by their place in the table
        )
        if found:
            return True
    return False


def remember(work: Connection, built: Mapping[str, Inputs]) -> None:
    """Keep what the streams were built from, and the entities of all identifiers.

    Grain:  activity._state: one row per stream; _input: per stream and source; _node: per identifier.
    Reads:  identity.lookup
    Writes: activity._state, activity._input, activity._node(node_id, entity_id)
    """
    for table, columns in tables.items():
        work.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
    for table in (state_table, input_table):
        work.execute(f"DELETE FROM {table}")
    for stream, inputs in built.items():
        row = (stream, inputs.definition, inputs.version, inputs.build)
        work.execute(f"INSERT INTO {state_table} VALUES (?, ?, ?, ?)", row)
        for source, read in inputs.reads.items():
            work.execute(
                f"INSERT INTO {input_table} VALUES (?, ?, ?, ?)", (stream, source, read.fingerprint, read.place)
            )
        for table in (change_table, day_table) if not inputs.version else ():
            work.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))
    work.replace_table(node_table, "SELECT node_id, entity_id FROM identity.lookup")


def forget(work: Connection) -> None:
    """Remember nothing: the next run builds everything anew."""
    for table in (*tables, node_table):
        work.execute(f"DROP TABLE IF EXISTS {table}")


def versions(work: Connection) -> dict[str, tuple[str, int]]:
    """Stream -> when it was last built anew, as a name, and how often it changed since; empty when nothing is remembered."""
    if not work.table_exists("activity", "_state"):
        return {}
    rows = work.rows(f"SELECT stream, build, version FROM {state_table}")
    return {stream: (name, version) for stream, name, version in rows}


def changed_sql(stream: str, after: int) -> str:
    """SQL of the entities whose activities changed after a version."""
    return f"SELECT entity_id FROM {change_table} WHERE stream = {literal(stream)} AND version > {after}"


def changed_days_sql(stream: str, after: int) -> str:
    """SQL of the identifiers and days (UTC) whose activities came, went or changed after a version; merges change none."""
    return f"SELECT DISTINCT node_id, day FROM {day_table} WHERE stream = {literal(stream)} AND version > {after}"


def touched_since(work: Connection, stream: str, before: str) -> str | None:
    """SQL of the entities whose activities changed since a state of the stream; None when that is not remembered."""
    build, _, version = before.partition(" ")
    now = versions(work).get(stream)
    if now is None or now[0] != build or not now[1] - kept_versions <= int(version) <= now[1]:
        return None
    return changed_sql(stream, int(version))


def states(work: Connection) -> dict[str, str]:
    """Stream -> the name of its state; empty when nothing is remembered."""
    return {stream: f"{build} {version}" for stream, (build, version) in versions(work).items()}


def forget_changes(work: Connection, stream: str, until: int) -> None:
    """Let go of changes that were followed; the last few are kept for those who come later or go back."""
    for table in (change_table, day_table):
        work.execute(f"DELETE FROM {table} WHERE stream = ? AND version <= ?", (stream, until - kept_versions))
