"""A changed project in, what a run would change out: definitions, who moves where, which values differ.

The run is tried on a copy of the work store; nothing is published and the store stays as it is.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from c360.entities import columns_of, key_columns, relation_columns
from c360.features import catalogue
from c360.pipeline.check_project import check_project
from c360.pipeline.run import RunPath
from c360.pipeline.runs import RunSession, work_name
from c360.pipeline.steps.fingerprints import code_version
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, literal, qualified, quote
from c360.warehouse.control import open_control, run_lock
from c360.warehouse.control.runs import Run
from c360.warehouse.engines.duckdb import open_work
from c360.warehouse.engines.duckdb_beside import attach
from c360.warehouse.snapshots import Manifest, SnapshotReader, current_manifest, open_snapshot

most_examples = 20


@dataclass(frozen=True)
class DefinitionChange:
    """A feature whose definition differs from the published one.

    Attributes:
        what: `new`, `removed`, `new version`, or `changed` under the same version number.
    """

    entity: str
    name: str
    what: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Move:
    """Who would belong to something else.

    Attributes:
        rows: how many.
        examples: (the entity's own identifier, what it belongs to now, what it would belong to).
    """

    entity: str
    target: str
    rows: int
    examples: tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True)
class ValueChange:
    """How many entities would have another value in a column."""

    entity: str
    column: str
    rows: int


@dataclass(frozen=True)
class EntityChange:
    """How many entities there are, and would be; `merged` would become part of another."""

    entity: str
    before: int
    after: int
    new: int
    gone: int
    merged: int


@dataclass
class Plan:
    """What a run would change; everything is new when nothing is published.

    Attributes:
        recompute: which features a run would compute for which rows, and why (`features.update.carry.Update`).
    """

    published: str | None
    definitions: list[DefinitionChange] = field(default_factory=list)
    entities: list[EntityChange] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    values: list[ValueChange] = field(default_factory=list)
    recompute: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether a run would change nothing."""
        counts = any(one.new or one.gone for one in self.entities)
        return not (self.definitions or self.moves or self.values or counts)

    def as_json(self) -> dict[str, Any]:
        """The plan as plain values."""
        return asdict(self)


def plan(project: Project, *, quick: bool = False, as_of: datetime | None = None) -> Plan:
    """Find out what a run would change.

    Args:
        project: the project as it is now.
        quick: compare the definitions only, without trying the run.
        as_of: the run's "now" (naive UTC); default the present.

    Raises:
        ProjectError: the project has faults.
        LockedError: a run is under way.
    """
    check_project(project)
    manifest = current_manifest(project.store)
    found = Plan(manifest.snapshot if manifest else None)
    found.definitions = changed_definitions(project, manifest) if manifest else []
    if manifest is None or quick:
        return found
    with open_snapshot(project.store, sealed=False) as reader, trial(project, as_of) as path:
        work, found.recompute = path.work, path.report.features
        attach(work, reader)
        for name in project.file.entities:
            if name in reader.tables():
                compare_entity(work, project, reader, name, found)
    return found


def changed_definitions(project: Project, manifest: Manifest) -> list[DefinitionChange]:
    """Features that are new, gone or differ from what is published."""
    before: dict[tuple[str, str], tuple[int, str]] = {}
    for name, table in manifest.tables.items():
        for column in table.columns if table.kind == "entity" else ():
            if column.definition is not None:
                version, _, digest = column.definition.rpartition("@")[2].partition("#")
                before[name, column.name] = (int(version), digest)
    after = {(entry.entity, entry.name): (entry.version, entry.digest) for entry in catalogue(project)}
    changes = []
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        what = "changed"
        if old is None or new is None:
            what = "new" if old is None else "removed"
        elif old[0] != new[0]:
            what = "new version"
        changes.append(DefinitionChange(*key, what, old[0] if old else None, new[0] if new else None))
    return changes


@contextmanager
def trial(project: Project, as_of: datetime | None, *, only_identity: bool = False) -> Iterator[RunPath]:
    """A run on a copy of the work store, of which the steps up to the features (or to identity) are done."""
    at = (as_of or datetime.now(UTC)).replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="plan-", dir=project.store) as folder:
        with run_lock(project.store):
            if (project.store / work_name).is_file():
                shutil.copy2(project.store / work_name, Path(folder) / work_name)
        info = project.file.warehouse
        with (
            open_control(project.store, durable=False) as control,
            open_work(Path(folder) / work_name, threads=info.threads, memory=info.memory) as work,
        ):
            session = RunSession(project.store, control, Run("plan", at, at, None, "running", 1))
            path = RunPath(project, work, session, code=code_version())
            steps = (path.land, path.identify, path.stream, path.tabulate, path.compute)
            for step in steps[:2] if only_identity else steps:
                step(work)
            yield path


def compare_entity(work: Connection, project: Project, reader: SnapshotReader, name: str, found: Plan) -> None:
    """Compare an entity of the trial with the published one."""
    before, after = qualified("published", name), qualified("entities", name)
    own, stored = columns_of(project, name), reader.tables()[name].stored
    merged = (
        f"SELECT count(*) FROM {before} p JOIN identity.redirect r ON r.entity_id = p.entity_id "
        f"AND r.entity = {literal(name)} LEFT JOIN {after} e ON e.entity_id = p.entity_id WHERE e.entity_id IS NULL"
    )
    counts = work.rows(
        f"SELECT (SELECT count(*) FROM {before}), (SELECT count(*) FROM {after}), "
        f"(SELECT count(*) FROM {after} e ANTI JOIN {before} p ON p.entity_id = e.entity_id), "
        f"(SELECT count(*) FROM {before} p ANTI JOIN {after} e ON e.entity_id = p.entity_id), ({merged})",
        portable=False,
    )[0]
    found.entities.append(EntityChange(name, *map(int, counts)))
    relations = {column: target for column, target in relation_columns(project, name).items() if column in stored}
    found.moves += [move for c, t in relations.items() if (move := compare_relation(work, project, name, c, t))]
    volatile = {column.name for column in reader.tables()[name].columns if column.volatile}
    computed = [entry.name for entry in catalogue(project) if entry.entity == name]
    hidden = {"entity_id", "public_id", *relations, *key_columns(project, name), *volatile}
    columns = [column for column in [*own, *computed] if column in stored and column not in hidden]
    found.values += compare_values(work, project, name, columns)


def compare_values(work: Connection, project: Project, name: str, columns: list[str]) -> list[ValueChange]:
    """Count the entities whose value of a column differs."""
    if not columns:
        return []
    own = set(columns_of(project, name))
    counts = comma(
        f"count(CASE WHEN p.{quote(column)} IS DISTINCT FROM {'e' if column in own else 'f'}.{quote(column)} THEN 1 END)"
        for column in columns
    )
    row = work.rows(
        f"SELECT {counts} FROM {qualified('published', name)} p "
        f"JOIN {qualified('entities', name)} e ON e.entity_id = p.entity_id "
        f"JOIN {qualified('features', name)} f ON f.entity_id = p.entity_id",
        portable=False,
    )[0]
    return [ValueChange(name, column, int(rows)) for column, rows in zip(columns, row, strict=True) if rows]


def compare_relation(work: Connection, project: Project, name: str, column: str, target: str) -> Move | None:
    """Who would belong to another target; targets are named by their first identifier."""
    label, mine = quote(project.file.entities[target].ids[0]), quote(project.file.entities[name].ids[0])
    moved = (
        f"FROM {qualified('published', name)} p JOIN {qualified('entities', name)} e ON e.entity_id = p.entity_id "
        f"LEFT JOIN {qualified('published', target)} a ON a.entity_id = p.{quote(column)} "
        f"LEFT JOIN {qualified('entities', target)} b ON b.entity_id = e.{quote(column)} "
        f"WHERE p.{quote(column)} IS DISTINCT FROM e.{quote(column)}"
    )
    rows = int(work.scalar(f"SELECT count(*) {moved}", portable=False))
    if not rows:
        return None
    examples = work.rows(
        f"SELECT CAST(e.{mine} AS VARCHAR), CAST(a.{label} AS VARCHAR), CAST(b.{label} AS VARCHAR) {moved} "
        f"ORDER BY e.entity_id LIMIT {most_examples}",
        portable=False,
    )
    return Move(name, target, rows, tuple(tuple(row) for row in examples))
