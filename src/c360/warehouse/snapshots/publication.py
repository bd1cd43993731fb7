"""Tables of the work store -> a new immutable snapshot, which becomes the published one in a single step."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from c360.errors import WarehouseError
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.connection import Connection
from c360.warehouse.engines.duckdb_checkpoint import checkpoint_beside
from c360.warehouse.engines.duckdb_rows import parquet
from c360.warehouse.engines.duckdb_snapshots import SnapshotFile, open_new
from c360.warehouse.names import comma, quote
from c360.warehouse.snapshots import files
from c360.warehouse.snapshots.deltas import write_delta
from c360.warehouse.snapshots.history import history_view, write_history
from c360.warehouse.snapshots.manifest import (
    ColumnEntry,
    HistoryEntry,
    Manifest,
    TableEntry,
    manifest_text,
    shallow,
)
from c360.warehouse.snapshots.plans import Followed, Plan, embedded_rows, make_plans, name_faults
from c360.warehouse.snapshots.rows import Written, check_keys, hash_embedded, write_rows


@dataclass(frozen=True, slots=True)
class Publication:
    """What a snapshot says of itself.

    Attributes:
        as_of: the "now" of the run (UTC).
        definition: fingerprint of the project and the code.
        inputs: source -> fingerprint of what was read.
        retention: how many snapshots are kept.
        limit: tables of more rows lie in parts.
        followed: table -> what its room knows of its changes.
    """

    as_of: datetime
    run_id: str
    definition: str = ""
    inputs: Mapping[str, str] | None = None
    retention: int = 10
    limit: int = embedded_rows
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
    folder = files.published_folder(store).resolve()
    with files.publishing_lock(folder):
        published_at = publication_time(folder, now)
        current = files.read_current(folder)
        previous = files.read_manifest(folder, current) if current else None
        snapshot = files.snapshot_name(published_at)
        try:
            manifest = build(work, tables, folder, previous, publication, published_at)
            complete(folder, manifest)
        except BaseException:
            if files.read_current(folder) != snapshot:
                shutil.rmtree(folder / snapshot, ignore_errors=True)
            raise
        clear(folder, publication.retention, snapshot)
    return manifest


def publication_time(folder: Path, now: datetime | None) -> datetime:
    """Now, but later than every snapshot so far, so that no two versions of a row share a time."""
    at = now or datetime.now(UTC)
    last = files.last_published_at(folder)
    return at if last is None or at > last else last + timedelta(microseconds=1)


def build(
    work: Connection,
    tables: Sequence[PublishedTable],
    folder: Path,
    previous: Manifest | None,
    publication: Publication,
    published_at: datetime,
) -> Manifest:
    """Write the snapshot's file and parts, and say what is in them."""
    snapshot = files.snapshot_name(published_at)
    (folder / snapshot).mkdir()
    database = folder / snapshot / files.database_name
    old = folder / previous.snapshot / files.database_name if previous else None
    with open_new(work, folder, database, old) as target, checkpoint_beside(work):
        written = write_all(target, tables, Occasion(snapshot, previous, published_at, publication))
        check_keys(target, written)
        histories = [
            write_history(target, item, snapshot, publication.limit) if item.plan.table.keep_history else None
            for item in written
        ]
        types = [create_views(target, item, history) for item, history in zip(written, histories, strict=True)]
        engine = target.engine()
    entries = [table_entry(*item) for item in zip(written, histories, types, strict=True)]
    return Manifest(
        snapshot=snapshot,
        run_id=publication.run_id,
        as_of=publication.as_of,
        published_at=published_at,
        previous=previous.snapshot if previous else None,
        definition=publication.definition,
        inputs=dict(publication.inputs or {}),
        engine=engine,
        tables={entry.name: entry for entry in entries},
    )


@dataclass(frozen=True, slots=True)
class Occasion:
    """What the tables of one publication share: its name, what was published before, its time, what it says of itself."""

    snapshot: str
    previous: Manifest | None
    published_at: datetime
    publication: Publication

    def plans(self, target: SnapshotFile, tables: Sequence[PublishedTable]) -> list[Plan]:
        """Look at tables."""
        about = self.publication
        return make_plans(target, tables, self.previous, self.published_at, about.limit, about.followed)


def write_all(target: SnapshotFile, tables: Sequence[PublishedTable], occasion: Occasion) -> list[Written]:
    """Write what changed: large tables on a connection of their own, beside the others.

    The streams are looked at first: they take longest to write.
    """
    faults = name_faults(tables)
    if faults:
        raise WarehouseError(*faults)
    streams = occasion.plans(target, [table for table in tables if table.month_by])
    with written_aside(target, [plan for plan in streams if plan.layout is not None], occasion) as first:
        others = occasion.plans(target, [table for table in tables if not table.month_by])
        large = [plan for plan in others if plan.layout is not None]
        with written_aside(target, large, occasion) as second:
            small = [plan for plan in (*streams, *others) if plan.layout is None]
            written = write_several(target, small, occasion.snapshot)
            hash_embedded(target, written)
            written += [*first.result(), *second.result()]
    by_name = {item.plan.table.name: item for item in written}
    return [by_name[table.name] for table in tables]


@contextmanager
def written_aside(target: SnapshotFile, plans: Sequence[Plan], occasion: Occasion) -> "Iterator[Future[list[Written]]]":
    """Write tables one after the other on a thread and connection of their own, beside the block."""
    aside = target.aside()
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            try:
                yield pool.submit(write_several, aside, plans, occasion.snapshot)
            except BaseException:
                aside.work.interrupt()
                raise
    finally:
        aside.work.close()


def write_several(target: SnapshotFile, plans: Sequence[Plan], snapshot: str) -> list[Written]:
    """Write one table after the other."""
    return [write_delta(target, plan, snapshot) or write_rows(target, plan, snapshot) for plan in plans]


def create_views(target: SnapshotFile, written: Written, history: HistoryEntry | None) -> dict[str, str]:
    """Show a table to readers: itself, its further names, its history.

    Returns:
        The columns that readers see, with their types.
    """
    table, layout = written.plan.table, written.plan.layout
    current = f"stored.{quote(table.name)}" if layout is None else written.live(parquet)
    computed = table.expressions
    shown = comma(
        f"{computed[name]} AS {quote(name)}" if name in computed else quote(name)
        for name in (*view_columns(written), "updated_at")
    )
    target.create_view(table.name, f"SELECT {shown} FROM {current}")
    for alias in table.aliases:
        target.create_view(alias, f"SELECT * FROM {quote(table.name)}")
    if history is not None:
        target.create_view(table.history_name, history_view(written.plan, current, history))
    types = {**written.plan.stored, "updated_at": "TIMESTAMP"}
    if computed:
        types = target.describe(f"SELECT * FROM {target.table('main', table.name)}")
    return {name: types[name] for name in (*view_columns(written), "updated_at")}


def view_columns(written: Written) -> list[str]:
    """The columns in the order in which they are declared, then those that are not."""
    declared = written.plan.table.described
    return [*declared, *(name for name in written.plan.stored if name not in declared)]


def table_entry(written: Written, history: HistoryEntry | None, types: dict[str, str]) -> TableEntry:
    """What the manifest says of a table."""
    plan, table = written.plan, written.plan.table
    columns = []
    for name, kind in types.items():
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
        history=history,
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


def clear(folder: Path, retention: int, current: str) -> None:
    """Remove what nobody needs any more; that this fails does not undo a publication."""
    try:
        files.collect_files(folder, retention, current)
    except OSError:
        return
