"""A published snapshot in, the proof that it is what a rebuild gives out: or every table that is not, and in what.

Everything is computed again on a copy of the work store, with the date of the snapshot; nothing that a run remembers is
used but the register of ids, which is kept for good.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, field
from pathlib import Path
from typing import Any

from c360.errors import C360Error, Fault, WarehouseError
from c360.pipeline.check_project import check_project
from c360.pipeline.run import RunPath
from c360.pipeline.runs import RunSession, work_name
from c360.pipeline.steps.fingerprints import code_version
from c360.pipeline.tables import published_tables
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, comma, quote
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.control import open_control, run_lock
from c360.warehouse.control.runs import Run
from c360.warehouse.engines.duckdb import open_work
from c360.warehouse.engines.duckdb_beside import attach
from c360.warehouse.snapshots import Manifest, Publication, SnapshotReader, current_manifest, open_snapshot, publish

not_compared = {"source_file"}  # tells of the files on the disk, not of what is in them
most_columns = 12


@dataclass(frozen=True)
class Difference:
    """A table that is not what a rebuild gives.

    Attributes:
        published, rebuilt: rows.
        differing: rows of the same key with other values.
        columns: the columns in which they differ, and in how many rows.
        reason: what is wrong when it is not about rows: the table is missing, or damaged on the disk.
    """

    table: str
    published: int | None
    rebuilt: int | None
    differing: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    reason: str = "the content differs"


@dataclass
class Verification:
    """How a snapshot came out.

    Attributes:
        full: whether everything was computed again, not only read back.
        stale: sources whose files changed since; what was read of them then was taken.
        differences: empty when all is well.
    """

    snapshot: str
    full: bool
    tables: int = 0
    rows: int = 0
    stale: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """The result as plain values."""
        return {"ok": self.is_right, **asdict(self)}


def verify(project: Project, *, full: bool = False) -> Verification:
    """Hold what is published against its own hashes and, when full, against a rebuild.

    Raises:
        ProjectError: the project has faults.
        WarehouseError: nothing is published, or the work store went on since.
        LockedError: a run is under way.
    """
    clock = time.perf_counter()
    check_project(project)
    with open_snapshot(project.store, sealed=False) as reader:
        found = Verification(reader.snapshot_id, full, len(reader.tables()))
        found.rows = sum(table.rows for table in reader.tables().values())
        for name in reader.verify():
            rows = reader.tables()[name].rows
            found.differences.append(Difference(name, rows, None, reason="it is damaged: the rows have another hash"))
        if full and found.is_right:
            rebuild(project, reader, found)
    found.seconds = time.perf_counter() - clock
    return found


def rebuild(project: Project, reader: SnapshotReader, found: Verification) -> None:
    """Compute everything again and compare."""
    manifest = reader.manifest
    with scratch_store(project) as (folder, path):
        found.stale = read_again(path, manifest)
        for step in (path.identify, path.stream, path.tabulate, path.compute):
            with path.work.transaction():
                step(path.work)
        tables = published_tables(project)
        attach(path.work, reader)
        publication = Publication(as_of=manifest.as_of, run_id="verify", definition="", inputs={})
        made = publish(path.work, tables, folder / "store", publication)
        found.differences = list(compare(path.work, tables, manifest, made))


@contextmanager
def scratch_store(project: Project) -> Iterator[tuple[Path, RunPath]]:
    """A copy of the work store, and the steps of a run on it that use nothing of the runs before but the ids."""
    manifest = current_manifest(project.store)
    if manifest is None or not (project.store / work_name).is_file():
        raise WarehouseError(Fault("nothing-published", "nothing is published yet", fix="run `c360 run` first"))
    info = project.file.warehouse
    with tempfile.TemporaryDirectory(prefix="verify-", dir=project.store) as name:
        folder = Path(name)
        with run_lock(project.store):
            shutil.copy2(project.store / work_name, folder / work_name)
        with (
            open_control(project.store, durable=False) as control,
            open_work(folder / work_name, threads=info.threads, memory=info.memory) as work,
        ):
            run = Run("verify", manifest.as_of, manifest.as_of, None, "running", 1)
            session = RunSession(project.store, control, run)
            yield (
                folder,
                RunPath(project, work, session, tuple(project.file.sources), code_version(), full_refresh=True),
            )


class SourcesChangedError(Exception):
    """Files are no longer what they were when they were read."""


def read_again(path: RunPath, manifest: Manifest) -> list[str]:
    """Read every source again; where files changed since, all stay as they were read then. Returns those sources.

    Raises:
        WarehouseError: the work store holds other rows than those that were published.
    """
    before = path.inputs()
    if before != manifest.inputs:
        moved = sorted(name for name in {*before, *manifest.inputs} if before.get(name) != manifest.inputs.get(name))
        message = f"the store went on since {manifest.snapshot} was published: {', '.join(moved)}"
        raise WarehouseError(Fault("verify-went-on", message, fix="run `c360 run`, then verify"))
    try:
        with path.work.transaction():
            land_same(path, before)
    except SourcesChangedError as error:
        path.found = None
        return list(error.args)
    except C360Error as error:
        path.found = None
        return [fault.message for fault in error.faults]
    return []


def land_same(path: RunPath, before: dict[str, str]) -> None:
    """Read every source.

    Raises:
        SourcesChangedError: names those that are no longer what they were.
    """
    path.land(path.work)
    changed = [name for name, fingerprint in path.inputs().items() if fingerprint != before[name]]
    if changed:
        raise SourcesChangedError(*changed)


def compare(
    work: Connection, tables: list[PublishedTable], published: Manifest, rebuilt: Manifest
) -> Iterator[Difference]:
    """The tables that differ, and in what."""
    selects = {table.name: table for table in tables}
    for name in dict.fromkeys([*published.tables, *rebuilt.tables]):
        old, new = published.tables.get(name), rebuilt.tables.get(name)
        if name in not_compared:
            continue
        if old is None or new is None:
            reason = "it is not in the snapshot" if old is None else "a rebuild does not give it"
            yield Difference(name, old.rows if old else None, new.rows if new else None, reason=reason)
        elif (old.content, old.stored) != (new.content, new.stored):
            yield look_into(work, selects[name], list(old.stored), Difference(name, old.rows, new.rows))


def look_into(work: Connection, table: PublishedTable, stored: list[str], found: Difference) -> Difference:
    """Say in which columns the rows of one key differ."""
    columns = [name for name in stored if name not in table.key]
    if not table.key:
        return found
    same = " AND ".join(f"o.{quote(name)} IS NOT DISTINCT FROM n.{quote(name)}" for name in table.key)
    differs = [f"o.{quote(name)} IS DISTINCT FROM n.{quote(name)}" for name in columns]
    counts = comma([f"count(CASE WHEN {' OR '.join(differs) or 'FALSE'} THEN 1 END)",
                    *(f"count(CASE WHEN {one} THEN 1 END)" for one in differs)])  # fmt: skip
    relation = f"published.{quote(table.name)} o JOIN ({table.select}) n ON {same}"
    rows, *each = work.rows(f"SELECT {counts} FROM {relation}", portable=False)[0]
    which = {name: int(count) for name, count in zip(columns, each, strict=True) if count}
    return Difference(found.table, found.published, found.rebuilt, int(rows), dict(list(which.items())[:most_columns]))
