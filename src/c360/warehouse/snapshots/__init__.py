"""Published data: immutable snapshots as manifests over immutable parts, and the pointer to the current one."""

from c360.warehouse.snapshots.manifest import Content, Manifest, TableEntry
from c360.warehouse.snapshots.plans import Followed, embedded_rows
from c360.warehouse.snapshots.publication import Draft, Publication, open_draft, publish
from c360.warehouse.snapshots.reader import SnapshotReader, open_snapshot
from c360.warehouse.snapshots.versions import SnapshotInfo, collect, current_manifest, list_snapshots, rollback

__all__ = [
    "Content",
    "Draft",
    "Followed",
    "Manifest",
    "Publication",
    "SnapshotInfo",
    "SnapshotReader",
    "TableEntry",
    "collect",
    "current_manifest",
    "embedded_rows",
    "list_snapshots",
    "open_draft",
    "open_snapshot",
    "publish",
    "rollback",
]
