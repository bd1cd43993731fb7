"""What a publication replaces -> the table of all versions, and the views by which readers see it and the current one."""

from dataclasses import replace
from hashlib import blake2b

from c360.warehouse.engines.duckdb_rows import aligned, parquet
from c360.warehouse.engines.duckdb_snapshots import SnapshotFile
from c360.warehouse.names import comma, quote
from c360.warehouse.snapshots.files import parts_name
from c360.warehouse.snapshots.manifest import HistoryEntry
from c360.warehouse.snapshots.plans import Plan
from c360.warehouse.snapshots.rows import Written, file_contents, move_part

marks = {"updated_at": "TIMESTAMP", "is_deleted": "BOOLEAN", "merged_into": "BIGINT"}


def write_history(target: SnapshotFile, written: Written, snapshot: str, limit: int) -> HistoryEntry:
    """Carry the past versions over and add what this publication supersedes.

    Grain:  one row per (updated_at, key); the current versions are added by the view.
    Writes: past.<table>, and a part once that exceeds `limit` rows.
    """
    plan = written.plan
    before = plan.old.history if plan.old else None
    columns = {name: kind for name, kind in plan.stored.items() if name not in plan.table.volatile}
    entry = HistoryEntry(columns=columns)
    if before is not None:
        entry = replace(entry, parts=before.parts, schemas=before.schemas, of_part=before.of_part)
    selects = []
    if before is not None and before.embedded:
        kept = aligned({**before.columns, **marks}, {**columns, **marks}, "p")
        selects.append(f"SELECT {kept} FROM {target.table('past', plan.table.name, old=True)} p")
    if written.replaced is not None:
        selects += superseded(plan, written, columns)
    if not selects:
        return entry
    rows = target.create_table("past", plan.table.name, " UNION ALL ".join(selects))
    if rows > limit:
        return flush(target, plan, entry, snapshot)
    if not rows:
        target.drop_table("past", plan.table.name)
    return replace(entry, embedded=rows)


def superseded(plan: Plan, written: Written, columns: dict[str, str]) -> list[str]:
    """SELECTs of the versions that are no longer current, and of a last row for each key that is gone."""
    had = plan.old.stored if plan.old else {}
    values = aligned(had, columns, "o")
    first = f"n.{quote(plan.table.key[0])}"
    new = written.rows or f"(SELECT * FROM {written.replaced} LIMIT 0)"
    found = f"FROM {written.replaced} o LEFT JOIN {new} n ON {plan.same_key(had)}"
    key = quote(plan.table.key[0])
    merged = plan.table.merged or "SELECT NULL, NULL LIMIT 0"
    changed = (
        f"SELECT {values}, o.updated_at, FALSE AS is_deleted, CAST(NULL AS BIGINT) AS merged_into "
        f"{found} WHERE {first} IS NULL OR n.updated_at <> o.updated_at"
    )
    ended = (
        f"SELECT {values}, {plan.stamp}, TRUE, CAST(m.merged_into AS BIGINT) {found} "
        f"LEFT JOIN ({merged}) m(merged_from, merged_into) ON m.merged_from = o.{key} WHERE {first} IS NULL"
    )
    return [changed, ended]


def flush(target: SnapshotFile, plan: Plan, entry: HistoryEntry, snapshot: str) -> HistoryEntry:
    """Move past versions from the snapshot's own file into a part."""
    name = plan.table.history_name
    aside = target.folder / parts_name / f".{snapshot}" / f"{name}.parquet"
    select = f"SELECT * FROM {target.table('past', plan.table.name)} ORDER BY {plan.order}, updated_at"
    target.copy(select, aside)
    target.drop_table("past", plan.table.name)
    schema = {**entry.columns, **marks}
    content = file_contents(target, schema, [aside])[aside.as_posix()][0]
    part = move_part(target.folder, name, aside, content, snapshot)
    schema_id = blake2b(repr(list(schema.items())).encode(), digest_size=4).hexdigest()
    return replace(
        entry,
        embedded=0,
        parts=(*entry.parts, part),
        schemas={**entry.schemas, schema_id: schema},
        of_part={**entry.of_part, part.file: schema_id},
    )


def history_view(plan: Plan, current: str, entry: HistoryEntry) -> str:
    """The SELECT behind `<table>_history`: current and past versions in the columns of today."""
    want = {**entry.columns, **marks}
    names = comma(quote(name) for name in entry.columns)
    selects = [f"SELECT {names}, updated_at, FALSE AS is_deleted, CAST(NULL AS BIGINT) AS merged_into FROM {current}"]
    if entry.embedded:
        selects.append(f"SELECT {comma(quote(name) for name in want)} FROM past.{quote(plan.table.name)}")
    for schema_id, schema in entry.schemas.items():
        files = [part.file for part in entry.parts if entry.of_part[part.file] == schema_id]
        selects.append(f"SELECT {aligned(schema, want, 'p')} FROM {parquet(files)} p")
    return " UNION ALL ".join(selects)


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
