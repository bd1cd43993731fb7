"""A manifest as frozen objects <-> as the text of `manifest.json`."""

import json
from datetime import datetime
from typing import Any

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

manifest_format = 1


def manifest_text(manifest: Manifest) -> str:
    """The manifest as JSON, a line for each table."""
    head = {"format": manifest_format, **shallow(manifest)}
    head["as_of"], head["published_at"] = manifest.as_of.isoformat(), manifest.published_at.isoformat()
    del head["tables"]
    lines = [f"{json.dumps(name)}: {json.dumps(table_json(table))}" for name, table in manifest.tables.items()]
    tables = ",\n".join(lines)
    return f'{json.dumps(head)[:-1]}, "tables": {{\n{tables}\n}}}}\n'


def shallow(entry: Any) -> dict[str, Any]:
    """The fields of an entry by name, as they are."""
    return {name: getattr(entry, name) for name in entry.__slots__}


def table_json(table: TableEntry) -> dict[str, Any]:
    """A table as plain values."""
    plain = {**shallow(table), "hash": table.hash, **content_json(table.content)}
    plain["columns"] = [shallow(column) for column in table.columns]
    plain["parts"] = [part_json(part) for part in table.parts]
    plain["layout"] = shallow(table.layout) if table.layout else None
    plain["deltas"] = [delta_json(delta) for delta in table.deltas]
    if table.history:
        plain["history"] = {**shallow(table.history), "parts": [part_json(part) for part in table.history.parts]}
    return plain


def content_json(content: Content) -> dict[str, Any]:
    """A content hash as plain values."""
    return {"rows": content.rows, "content": content.hex}


def part_json(part: Part) -> dict[str, Any]:
    """A part as plain values."""
    return {"file": part.file, "bucket": part.bucket, "bytes": part.bytes, **content_json(part.content)}


def delta_json(delta: Delta) -> dict[str, Any]:
    """A delta as plain values."""
    parts = {"rows": delta.rows, "gone": delta.gone}
    return {**{name: part_json(part) if part else None for name, part in parts.items()}, "buckets": delta.buckets}


def read_delta(plain: dict[str, Any]) -> Delta:
    """The inverse of `delta_json`."""
    rows, gone = (read_part(plain[name]) if plain[name] else None for name in ("rows", "gone"))
    return Delta(rows, gone, tuple(plain["buckets"]))


def read_part(plain: dict[str, Any]) -> Part:
    """The inverse of `part_json`."""
    return Part(plain["file"], plain["bucket"], Content.parse(plain["rows"], plain["content"]), plain["bytes"])


def files_in(text: str) -> set[str]:
    """Every part that a manifest names; like `Manifest.files` without reading the rest."""
    found: set[str] = set()
    for table in json.loads(text)["tables"].values():
        past = table["history"]["parts"] if table["history"] else []
        deltas = [delta[side] for delta in table.get("deltas", ()) for side in ("rows", "gone") if delta[side]]
        found.update(part["file"] for part in (*table["parts"], *past, *deltas))
    return found


def parse_manifest(text: str) -> Manifest:
    """The inverse of `manifest_text`.

    Raises:
        ValueError, KeyError, TypeError: it is damaged, or of a format that this version does not know.
    """
    plain = json.loads(text)
    if plain.pop("format") != manifest_format:
        raise ValueError("unknown format")
    plain["as_of"] = datetime.fromisoformat(plain["as_of"])
    plain["published_at"] = datetime.fromisoformat(plain["published_at"])
    plain["tables"] = {name: parse_table(table) for name, table in plain["tables"].items()}
    return Manifest(**plain)


def parse_table(plain: dict[str, Any]) -> TableEntry:
    """One table of a manifest."""
    table = {key: item for key, item in plain.items() if key not in ("hash", "rows")}
    table["content"] = Content.parse(plain["rows"], plain["content"])
    table["columns"] = tuple(
        ColumnEntry(**{**column, "lineage": tuple(column["lineage"])}) for column in plain["columns"]
    )
    table["key"], table["aliases"] = tuple(plain["key"]), tuple(plain["aliases"])
    table["parts"] = tuple(read_part(part) for part in plain["parts"])
    table["deltas"] = tuple(read_delta(delta) for delta in plain.get("deltas", ()))
    table["layout"] = Layout(**plain["layout"]) if plain["layout"] else None
    table["history"] = parse_history(plain["history"]) if plain["history"] else None
    return TableEntry(**table)


def parse_history(plain: dict[str, Any]) -> HistoryEntry:
    """The history of a table of a manifest."""
    return HistoryEntry(**{**plain, "parts": tuple(read_part(part) for part in plain["parts"])})
