"""An entity's records in the work store in, a model trained on them and the scores of what changed out."""

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.matching.learning.blocking import choose_keys, said_condition
from c360.identity.matching.learning.columns import Column, compared_name, measured_column, profile_columns
from c360.identity.matching.learning.comparisons import comparisons_of, has_terms
from c360.identity.matching.learning.training import charts_of, train
from c360.identity.matching.records import Compared, compared_of, records_sql, tidy
from c360.identity.matching.scoring import count_terms, score
from c360.identity.matching.store import Model, forget, read_model, write_model
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, quote
from c360.warehouse.engines.duckdb import open_memory

form_version = 3  # one more whenever scores would come out differently
fewest_records = 30  # from fewer, nothing can be learnt


@dataclass(frozen=True)
class Scored:
    """What scoring an entity came to.

    Attributes:
        model: None when there are too few records, or none that have anything in common, to train one.
        fresh: records that were compared in this run.
    """

    model: Model | None
    records: int = 0
    fresh: int = 0


def score_entity(scope: Scope, scratch: Scratch, entity: str) -> Scored:
    """Bring the scores of an entity's records up to date, training a model first where there is none.

    Reads:  the landed tables, identity.node
    Writes: identity.match_model, match_term, match_record, match_pair
    """
    work = scratch.work
    columns = compared_of(scope, entity)
    if not columns:
        return Scored(None)
    key = key_of(scope, entity, columns)
    model = read_model(work, entity)
    if model is not None and model.key != key:
        forget(work, entity)
    now = scratch.table("match_now")
    scratch.drop("match_now")
    work.execute(f"CREATE TEMP TABLE {now} AS {records_sql(scope, entity, columns)}", portable=False)
    scratch.made["match_now"] = None
    records = scratch.count(now)
    fresh = renew_records(scratch, entity, now)
    if fresh or model is None or model.key != key:
        if records < fewest_records:
            forget(work, entity)
            return Scored(None, records)
        number = 1 if model is None else model.number + 1
        with open_memory(threads=1) as arena:
            load_records(work, arena, entity, now, columns)
            if model is None or model.key != key:
                model = train_model(scope, arena, entity, columns, key, number)
                if model is None:
                    forget(work, entity)
                    return Scored(None, records)
                keep_model(scope, work, arena, model)
            score_fresh(work, arena, model)
    return Scored(model, records, fresh)


def key_of(scope: Scope, entity: str, columns: list[Compared]) -> str:
    """A short hash of everything that decides what a model learns from and how."""
    match = scope.project.file.match[entity].model_dump(mode="json", include={"comparisons", "blocking", "version"})
    said = [match, [(one.name, one.kind) for one in columns], form_version]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]


def renew_records(scratch: Scratch, entity: str, now: str) -> int:
    """Number the records that are new and drop those that are gone, with their pairs; how many are new.

    A record is its identifier, source and values: one that changed is another one.
    """
    work, mine = scratch.work, f"entity = {literal(entity)}"
    gone = scratch.make(
        "match_gone",
        f"SELECT r.record_id FROM identity.match_record AS r WHERE {mine} AND NOT EXISTS "
        f"(SELECT 1 FROM {now} AS n WHERE n.digest = r.digest)",
    )
    if scratch.count(gone):
        work.execute(f"DELETE FROM identity.match_record WHERE {mine} AND record_id IN (SELECT record_id FROM {gone})")
        ends = f"(a IN (SELECT record_id FROM {gone}) OR b IN (SELECT record_id FROM {gone}))"
        work.execute(f"DELETE FROM identity.match_pair WHERE {mine} AND {ends}")
    fresh = scratch.make(
        "match_fresh",
        "SELECT ROW_NUMBER() OVER (ORDER BY n.digest) + (SELECT COALESCE(MAX(record_id), 0) FROM identity.match_record) AS record_id, "
        f"n.digest, n.node_id, n.source FROM {now} AS n WHERE NOT EXISTS "
        f"(SELECT 1 FROM identity.match_record AS r WHERE r.{mine} AND r.digest = n.digest)",
    )
    work.execute(
        f"INSERT INTO identity.match_record SELECT {literal(entity)}, record_id, digest, node_id, source FROM {fresh}"
    )
    return scratch.count(fresh)


def load_records(work: Connection, arena: Connection, entity: str, now: str, columns: list[Compared]) -> None:
    """Carry the records to a database of their own in memory, because Splink makes tables where it works.

    Writes: in the arena raw(c360_record, c360_fresh, one column per compared one)
    """
    select = (
        "SELECT r.record_id AS c360_record, f.record_id IS NOT NULL AS c360_fresh, "
        f"{comma(f'n.{quote(one.name)}' for one in columns)} FROM {now} AS n "
        f"JOIN identity.match_record AS r ON r.entity = {literal(entity)} AND r.digest = n.digest "
        f"LEFT JOIN {quote(Scratch.prefix + 'match_fresh')} AS f ON f.record_id = r.record_id ORDER BY 1"
    )
    carry(work, select, arena, "CREATE TABLE raw AS SELECT * FROM {} ORDER BY c360_record")


def make_record(arena: Connection, columns: tuple[Column, ...] | tuple[tuple[str, Any], ...]) -> None:
    """Write the values as they are compared.

    Writes: in the arena record(c360_record, c360_fresh, one column per compared one)
    """
    pairs = [(one.name, one.kind) if isinstance(one, Column) else one for one in columns]
    values = comma(f"{tidy(quote(name), kind)} AS {quote(compared_name(name))}" for name, kind in pairs)
    arena.execute("DROP TABLE IF EXISTS record")
    arena.execute(
        f"CREATE TABLE record AS SELECT c360_record, c360_fresh, {values} FROM raw ORDER BY c360_record", portable=False
    )


def train_model(
    scope: Scope, arena: Connection, entity: str, columns: list[Compared], key: str, number: int
) -> Model | None:
    """Find out what the columns hold, what to block on and how to compare, and train on all records."""
    match = scope.project.file.match[entity]
    declared = {one.name: one.kind for one in columns if one.kind}
    said = dict(match.comparisons)
    declared |= {
        name: like
        for name, like in said.items()
        if like in ("name", "text", "email", "phone", "date", "code", "category")
    }
    profiled = tuple(profile_columns(arena, [one.name for one in columns], declared, set(said)))
    if not profiled:
        return None
    make_record(arena, profiled)
    profiled = tuple(measured_column(arena, one) for one in profiled)
    records = int(arena.scalar("SELECT count(*) FROM record"))
    keys = choose_keys(arena, profiled, records)
    conditions = [said_condition(rule) for rule in match.blocking] or [one.condition for one in keys]
    if not keys:
        return None
    sessions = [one for one in keys if not one.is_part]
    settings = train(arena, comparisons_of(profiled, said), conditions, sessions)
    count_terms(arena, [one.name for one in profiled if has_terms(one)])
    return Model(entity, key, number, match.version, records, tuple((one.name, one.kind) for one in profiled), settings)


def keep_model(scope: Scope, work: Connection, arena: Connection, model: Model) -> None:
    """Keep a model with its charts, and how often each value occurs."""
    write_model(work, model, scope.moment(), charts_of(arena, model.settings))
    copy_back(work, arena, "term", "identity.match_term", model.entity)


def score_fresh(work: Connection, arena: Connection, model: Model) -> None:
    """Score the pairs of which one record at least is new."""
    make_record(arena, model.columns)
    if not arena.table_exists("main", "term"):
        terms = f"SELECT column_name, value, frequency FROM identity.match_term WHERE entity = {literal(model.entity)}"
        carry(work, terms, arena, "CREATE TABLE term AS SELECT * FROM {}")
    score(arena, model.settings, model.records)
    copy_back(work, arena, "pair", "identity.match_pair", model.entity)


def copy_back(work: Connection, arena: Connection, table: str, target: str, entity: str) -> None:
    """Carry a table from the arena into one of the work store, whose first column names the entity."""
    carry(
        arena,
        f"SELECT * FROM {table} ORDER BY ALL",
        work,
        f"INSERT INTO {target} SELECT {literal(entity)}, * FROM {{}}",
    )


def carry(source: Connection, select: str, target: Connection, statement: str) -> None:
    """Run a statement on rows of another database: `{}` in it stands for them."""
    with TemporaryDirectory(prefix="c360-match-") as folder:
        path = literal(str(Path(folder) / "rows.parquet"))
        source.execute(f"COPY ({select}) TO {path} (FORMAT PARQUET)", portable=False)
        target.execute(statement.format(f"read_parquet({path})"), portable=False)
