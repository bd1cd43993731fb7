"""What a snapshot says of itself."""

from c360.warehouse.snapshots.manifest.entries import (
    ColumnEntry,
    Content,
    Delta,
    HistoryEntry,
    Layout,
    Manifest,
    Part,
    TableEntry,
)
from c360.warehouse.snapshots.manifest.text import files_in, manifest_text, parse_manifest, shallow

__all__ = [
    "ColumnEntry",
    "Content",
    "Delta",
    "HistoryEntry",
    "Layout",
    "Manifest",
    "Part",
    "TableEntry",
    "files_in",
    "manifest_text",
    "parse_manifest",
    "shallow",
]
