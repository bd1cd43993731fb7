"""Streams and entity tables in, `features.<entity>` out: one computed column per declared feature."""

from dataclasses import replace
from datetime import datetime

from c360.activity import forget_changes, versions
from c360.entities import state as entities_state
from c360.errors import ProjectError
from c360.features.compiler.frame import Frame, cut_table
from c360.features.compiler.rows import Tables
from c360.features.compiler.statement import compile_round
from c360.features.language.definition import Key
from c360.features.language.order import stages
from c360.features.language.reads import Read, Steps
from c360.features.language.resolved import resolve
from c360.features.rollups import build_rollups
from c360.features.scores import drop_panel, panel_of, scored, write_edges
from c360.features.update.carry import Update, carry_over, prepare, set_aside, why_not
from c360.features.update.days import Keeping, keep_days, renew_days
from c360.features.update.past import Past, fingerprints, read_past, remember, rollup_fingerprints
from c360.project import Project
from c360.warehouse import Connection, comma, qualified, quote
from c360.warehouse.engines.duckdb import dense_groups


def build(work: Connection, project: Project, as_of: datetime, *, code: str = "", anew: bool = False) -> Update:
    """Compute every feature as of a time.

    Where streams are long, only what changed since the last run is computed; the result is the same.

    Grain:  one row per entity_id.
    Reads:  activity.<entity>, entities.<entity>, entities.member_<a>_<b>
    Writes: features.<entity>(entity_id, one column per feature); features.<entity>_daily, _weekly, _monthly for
            features with `history:`; features._state, _was_<entity>, _was_<a>_<b>, _day_<entity>, _settled_<entity>: what is remembered

    Args:
        work: the work database.
        project: the declarations.
        as_of: the date, naive UTC.
        code: what else the values hang on; when it changes everything is computed.
        anew: compute everything.

    Raises:
        ProjectError: the declarations are wrong; `check` says so before anything runs.
    """
    reads, faults = resolve(project)
    if faults:
        raise ProjectError(*faults)
    work.create_schema("features")
    tables = Tables(project, Frame(as_of, project.timezone), column_types(work, reads), {})
    streams = versions(work)
    if not streams:
        compute_all(work, tables, reads)
        return Update("the streams are short")
    features, engine = fingerprints(tables, reads), work.scalar("SELECT version()", portable=False)
    rollups, built_from = rollup_fingerprints(reads, features), entities_state(work)
    now = Past(as_of, f"{code} {engine} {project.timezone}", streams, features, rollups, entities=built_from)
    keeping = Keeping(work, tables, reads, None if anew else read_past(work), now)
    tables.days.update(renew_days(keeping))
    update = Update("everything was asked for") if anew else follow(keeping)
    if update.full:
        with dense_groups(work):
            compute_all(work, tables, reads)
    found = keep_days(keeping)
    remember(work, tables, reads, replace(now, days=found, settled=tables.settled), update.renewed)
    for stream, (_, version) in streams.items():
        forget_changes(work, stream, version)
    return update


def compute_all(work: Connection, tables: Tables, reads: dict[Key, Read]) -> None:
    """Compute every feature of every entity."""
    if scored(reads):
        find_scores(work, tables, reads)
    compute(work, tables, reads)
    build_rollups(work, tables, reads)


def follow(keeping: Keeping) -> Update:
    """Follow what changed since the last run; an update with a reason when everything must be computed."""
    work, tables, reads, past, now = keeping.work, keeping.tables, dict(keeping.reads), keeping.past, keeping.now
    reason = why_not(work, tables, past, now)
    if past is None or reason:
        return Update(reason)
    found = prepare(work, tables, reads, past, now)
    if isinstance(found, Update):
        return found
    set_aside(work, tables)
    if scored(reads):
        find_scores(work, tables, reads)
    return carry_over(work, found, reads)


def find_scores(work: Connection, tables: Tables, reads: dict[Key, Read]) -> None:
    """Compute what is scored as of the first of the month, and take the edges of the scores from it."""
    panel, measures = panel_of(tables, reads)
    work.execute(f"DROP TABLE IF EXISTS {cut_table}")
    compute(work, panel, measures)
    write_edges(work, panel, reads)
    tables.edges.update(panel.edges)
    drop_panel(work, list(tables.project.file.entities))


def compute(work: Connection, tables: Tables, reads: dict[Key, Read]) -> None:
    """Run the rounds, then leave one table per entity, at the date or dates of the frame."""
    if tables.frame.is_panel and not work.table_exists("features", "_cut"):
        work.replace_table(cut_table, tables.frame.cut_sql())
    rounds = stages(reads)
    parts: dict[str, list[str]] = {}
    for entity, chosen in rounds:
        single = sum(name == entity for name, _ in rounds) == 1
        name = entity if single else f"_{entity}_{len(parts.get(entity, []))}"
        work.replace_table(qualified("features", name), compile_round(entity, chosen, reads, tables).sql())
        parts.setdefault(entity, []).append(name)
        located = tables.located
        types = work.describe(f"SELECT * FROM {qualified('features', name)}")
        for key in chosen:
            located[key] = qualified("features", name)
            tables.types[f"entities.{entity}", key[1]] = types[key[1]]
    for entity in tables.project.file.entities:
        finish(work, tables, entity, parts.get(entity, []), [key for key in reads if key[0] == entity])


def finish(work: Connection, tables: Tables, entity: str, parts: list[str], keys: list[Key]) -> None:
    """Join the rounds of an entity into its one table, in the order of the declarations."""
    if len(parts) == 1:
        return
    columns = [f"e.{quote(name)}" for name in tables.frame.keys]
    if not parts:
        work.replace_table(qualified("features", entity), f"SELECT e.entity_id FROM {qualified('entities', entity)} e")
        return
    first, *others = (qualified("features", part) for part in parts)
    aliases = {first: "e"} | {table: f"r{number}" for number, table in enumerate(others)}
    columns += [f"{aliases[tables.located[key]]}.{quote(key[1])}" for key in keys]
    joins = "".join(f" JOIN {table} {aliases[table]} ON {tables.frame.same(aliases[table], 'e')}" for table in others)
    work.replace_table(qualified("features", entity), f"SELECT {comma(columns)} FROM {first} e{joins}")
    for table in aliases:
        work.execute(f"DROP TABLE {table}")


def steps_of(reads: dict[Key, Read]) -> list[Steps]:
    """The moments before the date that are needed: where windows begin and end."""
    found = []
    for read in reads.values():
        found += [read.until, *(steps for steps in (read.since(), read.reach) if steps)]
    return found


def column_types(work: Connection, reads: dict[Key, Read]) -> dict[tuple[str, str], str]:
    """(schema.table, column) -> type, of the streams and entity tables that features read."""
    tables = {f"{'activity' if read.kind == 'stream' else 'entities'}.{read.source}" for read in reads.values()}
    types: dict[tuple[str, str], str] = {}
    for table in sorted(tables):
        schema, _, name = table.partition(".")
        found = work.describe(f"SELECT * FROM {qualified(schema, name)}")
        types |= {(table, column): kind for column, kind in found.items()}
    return types
