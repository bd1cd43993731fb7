"""Tables of the work store -> a new immutable snapshot, which becomes the published one in a single step."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from c360.errors import WarehouseError
from c360.records import dataclass
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.connection import Connection
from c360.warehouse.engines.duckdb_checkpoint import checkpoint_beside
from c360.warehouse.engines.duckdb_snapshots import Beside, SnapshotFile, beside, filling, open_new
from c360.warehouse.snapshots import files
from c360.warehouse.snapshots.manifest import (
    ColumnEntry,
    Manifest,
    TableEntry,
    manifest_text,
    shallow,
)
from c360.warehouse.snapshots.plans import Followed, Plan, embedded_rows, make_plans, name_faults
from c360.warehouse.snapshots.rows import Written
from c360.warehouse.snapshots.writing import Writing


@dataclass(frozen=True, slots=True)
class Publication:
    """What a snapshot says of itself.

    Attributes:
        as_of: the "now" of the run (UTC).
        definition: fingerprint of the project and the code.
        inputs: source -> fingerprint of what was read.
        retention: how many snapshots are kept.
        limit: tables of more rows lie in parts.
        is_large: new tables may well have more.
        followed: table -> what its room knows of its changes.
    """

    as_of: datetime
    run_id: str
    definition: str = ""
    inputs: Mapping[str, str] | None = None
    retention: int = 10
    limit: int = embedded_rows
    is_large: bool = False
    followed: Mapping[str, Followed] = field(default_factory=dict)


def publish(
    work: Connection,
    tables: Sequence[PublishedTable],
    store: Path,
    publication: Publication,
    now: datetime | None = None,
) -> Manifest:
    """Publish all tables together; readers see the previous snapshot until the last step, and the new one after it.

    A row keeps its `updated_at` while its values stay what they are in the snapshot that is published now; otherwise
    it gets this publication's time, which is later than that of any snapshot before, whatever the clock says.

    Args:
        work: the work store, outside a transaction.
        tables: all that readers shall see.
        store: the folder of the embedded stores; the snapshots are in its `published/`.
        publication: what the snapshot says of itself.
        now: the publication time (UTC) instead of the clock's.

    Raises:
        WarehouseError: the engine or the disk refused; what is published stays.
    """
    streams = [table for table in tables if table.month_by]  # they take longest to write
    with open_draft(work, store, publication, now) as draft:
        draft.begin(streams, publication)
        return draft.write(tables, publication)


@contextmanager
def open_draft(
    work: Connection, store: Path, publication: Publication, now: datetime | None = None
) -> "Iterator[Draft]":
    """Begin a snapshot, which the block fills.

    What the block has written is published when it ends; if it wrote nothing, or failed, the draft is removed.

    Args:
        work: a connection on the work store that nobody else uses meanwhile, outside a transaction.
        store: the folder of the embedded stores.
        publication: how many snapshots are kept, and of how many rows tables lie in parts.
        now: the publication time (UTC) instead of the clock's.
    """
    folder = files.published_folder(store).resolve()
    with files.publishing_lock(folder):
        published_at = publication_time(folder, now)
        current = files.read_current(folder)
        previous = files.read_manifest(folder, current) if current else None
        occasion = Occasion(files.snapshot_name(published_at), previous, published_at)
        home, old = folder / occasion.snapshot, folder / current / files.database_name if current else None
        home.mkdir()
        try:
            with (
                ExitStack() as until_complete,
                open_new(work, folder, home / files.database_name, old) as target,
                filling(target),
                beside(target) as thread,
            ):
                writing = Writing(occasion.snapshot, publication.limit, publication.is_large)
                draft = Draft(target, thread, occasion, writing, until_complete)
                yield draft
            if draft.manifest is not None:
                complete(folder, draft.manifest)
        finally:
            if files.read_current(folder) != occasion.snapshot:
                abandon(folder, occasion.snapshot)
        if draft.manifest is not None:
            clear(folder, publication.retention, occasion.snapshot)


def publication_time(folder: Path, now: datetime | None) -> datetime:
    """Now, but later than every snapshot so far, so that no two versions of a row share a time."""
    at = now or datetime.now(UTC)
    last = files.last_published_at(folder)
    return at if last is None or at > last else last + timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What the tables of one publication share: its name, what was published before, and its time."""

    snapshot: str
    previous: Manifest | None
    published_at: datetime

    def plans(self, target: SnapshotFile, tables: Sequence[PublishedTable], about: Publication) -> list[Plan]:
        """Look at tables."""
        return make_plans(target, tables, self.previous, self.published_at, about.limit, about.followed)


@dataclass
class Draft:
    """A snapshot under way.

    Attributes:
        until_complete: what goes on until the file is written.
        begun: the tables that are planned already.
        jobs: what the thread beside does.
        manifest: what is in the snapshot, once everything is written.
    """

    target: SnapshotFile
    thread: Beside
    occasion: Occasion
    writing: Writing
    until_complete: ExitStack
    begun: set[str] = field(default_factory=set)
    jobs: "list[Future[None]]" = field(default_factory=list)
    manifest: Manifest | None = None

    def begin(self, ready: Sequence[PublishedTable], publication: Publication) -> None:
        """Write the tables that are there already on a thread, first the large streams, while the block goes on."""
        self.begun |= {table.name for table in ready}
        streams = self.occasion.plans(self.target, [table for table in ready if table.month_by], publication)
        large = [plan for plan in streams if plan.layout is not None]
        self.writing.pending.extend(plan for plan in streams if plan.layout is None)
        others = [table for table in ready if not table.month_by]
        self.jobs += [self.thread.run(partial(self.writing.write, plan=plan)) for plan in large]
        self.jobs += [
            self.thread.run(lambda aside: self.add(aside, others, publication)),
            self.thread.run(self.writing.do),
        ]

    def add(self, target: SnapshotFile, tables: Sequence[PublishedTable], publication: Publication) -> None:
        """Plan tables; those in parts come first."""
        plans = self.occasion.plans(target, tables, publication)
        self.writing.pending.extend(sorted(plans, key=lambda plan: plan.layout is None))

    def write(self, tables: Sequence[PublishedTable], publication: Publication) -> Manifest:
        """Write everything else into the snapshot's file, and say what is in it.

        Raises:
            WarehouseError: two tables of one name, or two rows of one key.
        """
        target, occasion = self.target, self.occasion
        faults = name_faults(tables)
        if faults:
            raise WarehouseError(*faults)
        self.until_complete.enter_context(checkpoint_beside(target.work))
        written, engine = self.write_all(tables, publication), target.engine()
        entries = [table_entry(item) for item in written]
        self.manifest = Manifest(
            snapshot=occasion.snapshot,
            run_id=publication.run_id,
            as_of=publication.as_of,
            published_at=occasion.published_at,
            previous=occasion.previous.snapshot if occasion.previous else None,
            definition=publication.definition,
            inputs=dict(publication.inputs or {}),
            engine=engine,
            tables={entry.name: entry for entry in entries},
        )
        return self.manifest

    def write_all(self, tables: Sequence[PublishedTable], publication: Publication) -> list[Written]:
        """Write what changed, on two connections beside that of what was begun."""
        self.add(self.target, [table for table in tables if table.name not in self.begun], publication)
        with beside(self.target) as second:
            jobs = [second.run(self.writing.do), *self.jobs]
            try:
                self.writing.do(self.target)
                for job in jobs:
                    job.result()
            except BaseException:
                self.writing.pending.clear()  # no thread begins another table
                raise
        if self.writing.faults:
            raise WarehouseError(*sorted(self.writing.faults, key=lambda fault: fault.message))
        by_name = {item.plan.table.name: item for item in self.writing.done}
        return [by_name[table.name] for table in tables]


def table_entry(written: Written) -> TableEntry:
    """What the manifest says of a table."""
    plan, table = written.plan, written.plan.table
    columns = []
    for name, kind in written.types.items():
        declared = table.described.get(name)
        columns.append(ColumnEntry(type=kind, **(shallow(declared) if declared else {"name": name})))
    return TableEntry(
        name=table.name,
        kind=table.kind,
        key=table.key,
        columns=tuple(columns),
        stored=plan.stored,
        content=written.content,
        layout=plan.layout,
        parts=written.parts,
        deltas=written.deltas,
        state=plan.state,
        quick_by=plan.quick_by,
        quick=written.quick,
        history=written.history,
        grain=table.grain,
        description=table.description,
        owner=table.owner,
        aliases=table.aliases,
        definition=plan.definition(),
    )


def complete(folder: Path, manifest: Manifest) -> None:
    """Make everything durable, then let `CURRENT` name the snapshot: the moment of publication."""
    home = folder / manifest.snapshot
    files.sync(home / files.database_name)
    parts = sorted({(folder / file).parent for file in manifest.files})
    for parent in (*parts, *([folder / files.parts_name] if parts else [])):
        files.sync(parent)
    files.write_atomic(home / files.manifest_name, manifest_text(manifest))
    files.sync(folder)
    if manifest.previous is None:
        files.sync(folder.parent)
    files.write_atomic(folder / files.pointer_name, f"{manifest.snapshot}\n")


def abandon(folder: Path, snapshot: str) -> None:
    """Remove what was written of a snapshot that was not published; what cannot be removed now goes with the next one."""
    shutil.rmtree(folder / snapshot, ignore_errors=True)
    with suppress(OSError):
        files.collect_parts(folder, set(files.snapshot_ids(folder)))


def clear(folder: Path, retention: int, current: str) -> None:
    """Remove what nobody needs any more; that this fails does not undo a publication."""
    try:
        files.collect_files(folder, retention, current)
    except OSError:
        return
