"""The features of the last run and the touched entities in, the features of now out; the rest is carried over.

What is computed for some entities is computed by the same statements as for all: a condition on the ids goes into every
pass, and a feature of an entity hangs on nothing but its own rows, its members' and those above it.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from c360.features.compiler.days import by_day
from c360.features.compiler.measures import is_grouped
from c360.features.compiler.rows import Tables, activity_in, chain_sql
from c360.features.compiler.statement import compile_round, grouped
from c360.features.language.definition import Key
from c360.features.language.order import stages
from c360.features.language.reads import Read
from c360.features.rollups import periods, rollup_sql, rollups_of
from c360.features.update.moving import find_moving
from c360.features.update.past import Past, inputs_of, was_table
from c360.features.update.touched import Difference, changed_table, find_touched, names_of, touched_table
from c360.records import dataclass
from c360.warehouse import Connection, comma, qualified, quote

most_touched = 0.3  # of an entity's rows; beyond, computing everything is as quick
least_touched = 1000  # so few are computed in any case


@dataclass(frozen=True)
class Update:
    """How the features of a run were computed.

    Attributes:
        full: why everything was computed; None when features were carried over.
        moving: feature -> why it was computed for every entity.
        touched: entity -> how many of its rows were computed again.
        carried: how many features were carried over for all other rows.
        renewed: entities of which what is remembered was brought up to date already.
    """

    full: str | None
    moving: Mapping[Key, str] = field(default_factory=dict)
    touched: Mapping[str, int] = field(default_factory=dict)
    carried: int = 0
    renewed: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        moving = {".".join(key): reason for key, reason in self.moving.items()}
        return {"full": self.full, "moving": moving, "touched": dict(self.touched), "carried": self.carried}


def old_table(entity: str) -> str:
    """The quoted name of an entity's features of the last run, while those of now are made."""
    return qualified("features", f"_old_{entity}")


def why_not(work: Connection, tables: Tables, past: Past | None, now: Past) -> str | None:
    """Why nothing can be carried over, as far as that can be told beforehand."""
    if past is None:
        return "nothing is remembered of a run before"
    if past.code != now.code:
        return "c360, the engine or the time zone changed"
    gone = [name for name in tables.project.file.entities if not work.table_exists("features", name)]
    return f"there is no table of the features of {gone[0]}" if gone else None


def prepare(work: Connection, tables: Tables, reads: Mapping[Key, Read], past: Past, now: Past) -> Difference | Update:
    """Find what is touched; an `Update` when everything is computed after all."""
    moving = find_moving(reads, past, now)
    steady = {key: read for key, read in reads.items() if key not in moving}
    if not any(read.kind == "stream" for read in steady.values()):
        return Update("no feature over activities can be carried over", moving)
    odd = other_types(work, tables, steady)
    if odd:
        return Update(f"columns of {odd} have other types", moving)
    difference = Difference(work, tables, steady, past, now, moving)
    kinds = find_touched(difference)
    too_many = much_touched(work, kinds)
    moving = find_moving(reads, past, now, too_many)
    steady = {key: read for key, read in reads.items() if key not in moving}
    if any(read.kind == "stream" for read in steady.values()):
        return replace(difference, steady=steady, moving=moving)
    drop_scratch(work, kinds)
    return Update(" and ".join(too_many.values()), moving)


def much_touched(work: Connection, kinds: list[str]) -> dict[str, str]:
    """The entities of which so many are touched that their activities had better be read once for all; and how many."""
    found = {}
    for kind in kinds:
        counts = (
            f"SELECT (SELECT count(*) FROM {touched_table(kind)}), (SELECT count(*) FROM {qualified('entities', kind)})"
        )
        touched, rows = work.rows(counts)[0]
        if touched > max(rows * most_touched, least_touched):
            found[kind] = f"{touched:,} of {rows:,} {kind} are touched"
    return found


def other_types(work: Connection, tables: Tables, steady: Mapping[Key, Read]) -> str | None:
    """The first entity of which a column that features read has another type than at the last run."""
    for entity, columns in inputs_of(tables.project, steady.values()).columns.items():
        now = work.describe(f"SELECT * FROM {qualified('entities', entity)}")
        was = work.columns_of("features", f"_was_{entity}")
        if any(column not in was or now[column] != was[column] for column in ("entity_id", *columns)):
            return entity
    return None


def carry_over(work: Connection, difference: Difference, reads: dict[Key, Read]) -> Update:
    """Compute what is touched, carry over the rest, and leave one table per entity and time series.

    Reads:  features._old_<entity>, activity.<entity>, entities.*, scratch c360_touched_<entity>
    Writes: features.<entity>, features.<entity>_daily, _weekly, _monthly
    """
    tables, steady = difference.tables, difference.steady
    kinds = sorted({name for read in steady.values() for name in (read.definition.entity, read.source)})
    only = {kind: touched_table(kind) for kind in kinds}
    narrow = replace(tables, only=only, streams=needed_streams(work, difference))
    moving = {key: read for key, read in reads.items() if key not in steady}
    some = run_rounds(work, narrow, steady, "some", carried=True)
    made = {**some, **run_rounds(work, tables, moving, "all", carried=False)}
    for entity in tables.project.file.entities:
        write_features(work, tables, entity, [key for key in reads if key[0] == entity], some)
    for name in dict.fromkeys(made.values()):
        work.execute(f"DROP TABLE {name}")
    renew_rollups(work, narrow, reads, difference)
    renewed = renew_inputs(work, difference, reads)
    counts = {kind: int(work.scalar(f"SELECT count(*) FROM {touched_table(kind)}")) for kind in kinds}
    drop_scratch(work, list(tables.project.file.entities))
    return Update(None, difference.moving, counts, len(steady), renewed)


def write_features(work: Connection, tables: Tables, entity: str, keys: list[Key], some: Mapping[Key, str]) -> None:
    """Leave the features of an entity: only the touched rows are written where none was computed for all of them."""
    if keys and all(key in some for key in keys):
        touched = f"IN (SELECT entity_id FROM {touched_table(entity)})"
        places = {some[key] for key in keys}
        select = f"{joined(some, entity, keys)} WHERE e.entity_id {touched}"
        if len(places) == 1:
            select = f"SELECT {comma(['entity_id', *(quote(key[1]) for key in keys)])} FROM {places.pop()}"
        old = old_table(entity)
        if list(work.describe(select).items()) == list(work.describe(f"SELECT * FROM {old}").items()):
            work.execute(f"DELETE FROM {old} WHERE entity_id {touched}")
            work.execute(f"INSERT INTO {old} {select}")
            work.execute(f"ALTER TABLE {old} RENAME TO {quote(entity)}")
            return
    work.replace_table(qualified("features", entity), joined(tables.located, entity, keys))


def renew_inputs(work: Connection, difference: Difference, reads: Mapping[Key, Read]) -> frozenset[str]:
    """Bring up to date what is remembered of entities, where it is known which of them differ; returns which those are."""
    project, found = difference.tables.project, set()
    steady = inputs_of(project, difference.steady.values()).columns
    for entity, columns in inputs_of(project, reads.values()).columns.items():
        names = ["entity_id", *sorted(columns)]
        if steady.get(entity) == columns and list(work.describe(f"SELECT * FROM {was_table(entity)}")) == names:
            found.add(entity)
            if difference.same_entities:
                continue
            changed, was = f"entity_id IN (SELECT entity_id FROM {changed_table(entity)})", was_table(entity)
            select = f"SELECT {comma(map(quote, names))} FROM {qualified('entities', entity)} WHERE {changed}"
            work.execute(f"DELETE FROM {was} WHERE {changed}")
            work.execute(f"INSERT INTO {was} {select}")
    return frozenset(found)


def renew_rollups(work: Connection, narrow: Tables, reads: dict[Key, Read], difference: Difference) -> None:
    """Compute the periods of touched entities again; a time series that cannot be carried over is made anew."""
    full = replace(narrow, only={}, streams={})
    for (entity, history), chosen in rollups_of(reads).items():
        table, same = qualified("features", f"{entity}_{history}"), (entity, history)
        is_steady = all(read.key in difference.steady for read in chosen)
        if not is_steady or difference.past.rollups.get(same) != difference.now.rollups[same]:
            work.replace_table(table, rollup_sql(full, history, chosen))
            continue
        names = comma(quote(name) for name in ("entity_id", periods[history], *(r.definition.name for r in chosen)))
        work.execute(f"DELETE FROM {table} WHERE entity_id IN (SELECT entity_id FROM {touched_table(entity)})")
        work.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM ({rollup_sql(narrow, history, chosen)}) r")


def needed_streams(work: Connection, difference: Difference) -> dict[str, str]:
    """Stream -> a scratch table of the activities that the touched entities need, so that the whole is read once.

    What only one pass needs, that pass reads itself.
    """
    tables = difference.tables
    needing: dict[str, list[Read]] = {}
    for read in difference.steady.values():
        has_history = read.definition.feature.history is not None
        if read.kind == "stream" and (has_history or not by_day(read, tables)):
            needing.setdefault(read.source, []).append(read)
    found = {}
    for source, reads in needing.items():
        if is_read_once(reads, tables):
            continue
        found[source] = quote(f"c360_stream_{source}")
        where = " AND ".join([f"s.entity_id IN ({needed_ids(reads, tables)})", *needed_rows(reads, tables)])
        work.execute(f"DROP TABLE IF EXISTS {found[source]}")
        stream = qualified("activity", source)
        columns = comma(f"s.{quote(name)}" for name in needed_columns(reads, tables))
        work.execute(f"CREATE TEMP TABLE {found[source]} AS SELECT {columns} FROM {stream} s WHERE {where}")
    return found


def is_read_once(reads: list[Read], tables: Tables) -> bool:
    """Whether some features take one pass over activities, and do not look at others beside each."""
    alone = not any(read.definition.feature.history or read.anchor or read.sessions or read.following for read in reads)
    owners = {read.definition.entity for read in reads}
    return alone and len(owners) == 1 and len(grouped(reads, tables)) == 1


def needed_columns(reads: list[Read], tables: Tables) -> list[str]:
    """The columns of activities that the features name, and those that every pass may."""
    in_order = any(read.sessions or read.following or not is_unordered(read) for read in reads)
    found = ["entity_id", "activity", "activity_ts", *(["activity_uuid"] if in_order else [])]
    texts = " ".join(f"{read.value} {read.condition} {read.order}".lower() for read in reads)
    names = [name for space, name in tables.types if space == f"activity.{reads[0].source}"]
    return [name for name in names if name in found or quote(name)[1:-1].lower() in texts]


def is_unordered(read: Read) -> bool:
    """Whether a feature is the same in whatever order its activities come."""
    return is_grouped(read) or read.definition.feature.verb == "distinct"


def needed_ids(reads: list[Read], tables: Tables) -> str:
    """SQL of the entities whose activities the touched ones need: themselves, or their members."""
    selects: dict[str, None] = {}
    for read in reads:
        touched = f"SELECT entity_id FROM {touched_table(read.definition.entity)}"
        if read.chain:
            pairs, _ = chain_sql(tables.project, read.source, read.chain, tables.frame)
            touched = f"SELECT w.member_id AS entity_id FROM ({pairs}) w WHERE w.target_id IN ({touched})"
        selects[touched] = None
    return " UNION ".join(selects)


def needed_rows(reads: list[Read], tables: Tables) -> list[str]:
    """SQL conditions: activities that one of the features can read: in the widest window, of the names that count."""
    found = []
    reaches = [None if read.anchor or read.sessions else read.reach for read in reads]
    if all(reaches):
        found.append(f"s.activity_ts >= {tables.frame.earliest([reach for reach in reaches if reach])}")
    names = [names_of(read) for read in reads]
    if all(one is not None for one in names):
        found.append(activity_in(tables.project, sorted({name for one in names for name in one or ()})))
    return found


def run_rounds(
    work: Connection, tables: Tables, reads: Mapping[Key, Read], name: str, *, carried: bool
) -> dict[Key, str]:
    """Run the rounds of some features, say where they are found, and return the scratch tables that were made."""
    made: dict[Key, str] = {}
    for number, (entity, chosen) in enumerate(stages(reads)):
        table = quote(f"c360_{name}_{number}")
        work.execute(f"DROP TABLE IF EXISTS {table}")
        work.execute(f"CREATE TEMP TABLE {table} AS {compile_round(entity, chosen, reads, tables).sql()}")
        made |= dict.fromkeys(chosen, table)
        place = whole(entity, chosen, table) if carried else table
        types = work.describe(f"SELECT * FROM {table}")
        for key in chosen:
            tables.located[key] = place
            tables.types[f"entities.{entity}", key[1]] = types[key[1]]
    return made


def whole(entity: str, chosen: list[Key], table: str) -> str:
    """SQL of some features of all entities: as computed for the touched, as they were for the others."""
    columns = comma(["entity_id", *(quote(key[1]) for key in chosen)])
    others = f"entity_id NOT IN (SELECT entity_id FROM {touched_table(entity)})"
    return f"(SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {old_table(entity)} WHERE {others})"


def joined(located: Mapping[Key, str], entity: str, keys: list[Key]) -> str:
    """SQL of all features of an entity, from where they are found."""
    places = {place: f"r{number}" for number, place in enumerate(dict.fromkeys(located[key] for key in keys))}
    columns = ["e.entity_id", *(f"{places[located[key]]}.{quote(key[1])}" for key in keys)]
    joins = "".join(f" LEFT JOIN {place} {alias} ON {alias}.entity_id = e.entity_id" for place, alias in places.items())
    return f"SELECT {comma(columns)} FROM {qualified('entities', entity)} e{joins}"


def set_aside(work: Connection, tables: Tables) -> None:
    """Put the features of the last run out of the way."""
    for entity in tables.project.file.entities:
        work.execute(f"DROP TABLE IF EXISTS {old_table(entity)}")
        work.execute(f"ALTER TABLE {qualified('features', entity)} RENAME TO {quote(f'_old_{entity}')}")


def drop_scratch(work: Connection, kinds: list[str]) -> None:
    """Forget the scratch tables, and the features of the last run."""
    for kind in kinds:
        for table in (touched_table(kind), changed_table(kind), quote(f"c360_stream_{kind}"), old_table(kind)):
            work.execute(f"DROP TABLE IF EXISTS {table}")
