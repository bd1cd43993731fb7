"""The kept snapshots: which there are, which is published, going back to one, removing what nobody needs."""

from datetime import datetime
from pathlib import Path

from c360.errors import Fault, WarehouseError, suggest
from c360.records import dataclass
from c360.warehouse.snapshots import files
from c360.warehouse.snapshots.manifest import Manifest


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A snapshot in the list."""

    snapshot: str
    run_id: str
    as_of: datetime
    published_at: datetime
    rows: dict[str, int]
    is_current: bool


def list_snapshots(store: Path) -> list[SnapshotInfo]:
    """The kept snapshots, newest first; damaged ones are left out."""
    folder = files.published_folder(store)
    current = files.read_current(folder)
    found = []
    for name in reversed(files.snapshot_ids(folder)):
        try:
            manifest = files.read_manifest(folder, name)
        except WarehouseError:
            continue
        rows = {table.name: table.rows for table in manifest.tables.values()}
        found.append(
            SnapshotInfo(name, manifest.run_id, manifest.as_of, manifest.published_at, rows, is_current=name == current)
        )
    return found


def current_manifest(store: Path) -> Manifest | None:
    """What the published snapshot consists of; None before the first."""
    folder = files.published_folder(store)
    current = files.read_current(folder)
    return files.read_manifest(folder, current) if current else None


def rollback(store: Path, snapshot: str) -> Manifest:
    """Publish an older snapshot again; the next run compares with it.

    Raises:
        WarehouseError: there is no such snapshot, or parts of it are missing.
    """
    folder = files.published_folder(store)
    if not folder.is_dir():
        raise WarehouseError(Fault("nothing-published", "nothing is published yet", fix="run `c360 run` first"))
    with files.publishing_lock(folder):
        known = files.snapshot_ids(folder)
        if snapshot not in known:
            fix = suggest(snapshot, known) or "list the snapshots with `c360 publish --list`"
            raise WarehouseError(Fault("snapshot-unknown", f"there is no snapshot '{snapshot}'", fix=fix))
        manifest = files.read_manifest(folder, snapshot)
        missing = sorted(file for file in manifest.files if not (folder / file).is_file())
        if missing:
            fault = Fault("snapshot-damaged", f"snapshot '{snapshot}' lacks {len(missing)} parts", looked=missing[:3])
            raise WarehouseError(fault)
        files.write_atomic(folder / files.pointer_name, f"{snapshot}\n")
    return manifest


def collect(store: Path, retention: int) -> list[str]:
    """Keep the newest snapshots, the published one and those that are being read; remove the rest.

    Returns:
        The names of the removed snapshots and parts.
    """
    folder = files.published_folder(store)
    if not folder.is_dir():
        return []
    with files.publishing_lock(folder):
        return files.collect_files(folder, retention, files.read_current(folder))
