"""A plan -> its rows in the new snapshot: stored in its file, or as parts of which unchanged ones are kept."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from c360.errors import Fault
from c360.records import dataclass
from c360.warehouse.engines.duckdb_rows import content_sql, live_rows
from c360.warehouse.engines.duckdb_snapshots import (
    SnapshotFile,
    bucket_of,
    in_buckets,
    month_column,
    range_column,
)
from c360.warehouse.names import comma, literal, quote
from c360.warehouse.snapshots.files import parts_name, sync
from c360.warehouse.snapshots.manifest import Content, Delta, HistoryEntry, Part
from c360.warehouse.snapshots.plans import Plan, place, place_unseen


@dataclass
class Written:
    """What became of a plan.

    Attributes:
        count: how many rows were written now.
        rows: the relation of what was written now (all of an embedded table, the changed parts of a large one).
        replaced: the relation of what that replaces; None when nothing.
        content: the hash of the whole table, once it is known.
        quick: bucket -> quick hash, for the next publication.
        parts: all parts, kept and new.
        deltas: what else is to be read and left out.
        history: what is kept of its past, once that is written.
        types: the columns that readers see, with their types, once they see it.
    """

    plan: Plan
    rows: str | None
    replaced: str | None
    count: int = 0
    content: Content = field(default_factory=Content)
    quick: dict[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    deltas: tuple[Delta, ...] = ()
    history: HistoryEntry | None = None
    types: dict[str, str] = field(default_factory=dict)

    def live(self, read: Callable[[Sequence[str]], str]) -> str:
        """The rows of a table in parts as a relation; `read` makes one of files."""
        came = [delta.rows.file for delta in self.deltas if delta.rows]
        gone = [delta.gone.file for delta in self.deltas if delta.gone]
        return live_rows(read, [*(part.file for part in self.parts), *came], gone, self.plan.table.key)


def write_rows(target: SnapshotFile, plan: Plan, snapshot: str, *, count_first: bool = False) -> Written:
    """Store what changed of a table; the rows of embedded tables are hashed later, all in one go.

    Args:
        target: the snapshot's file.
        plan: the table.
        snapshot: its name.
        count_first: what is new and may be large is counted before it is written; else it is found out by writing it.
    """
    might_be_large = plan.rows is None and plan.table.bucket_by is not None
    if might_be_large and count_first:
        place_unseen(target, plan)
        might_be_large = False
    if plan.layout is not None:
        return write_parts(target, plan, snapshot)
    name = plan.table.name
    if plan.old is not None and plan.old.layout is None and not plan.changed:
        target.create_table("stored", name, f"SELECT * FROM {target.table('stored', name, old=True)}")
        return Written(plan, None, None, content=plan.old.content, quick=dict(plan.old.quick))
    replaced = old_rows(target, plan, None)
    source = f"(SELECT * FROM {plan.source} LIMIT {plan.limit + 1})" if might_be_large else plan.source
    rows = target.create_table("stored", name, f"{plan.versioned(source, replaced)} ORDER BY {plan.order}")
    if might_be_large and rows > plan.limit:
        target.drop_table("stored", name)
        place(target, plan, rows)
        return write_parts(target, plan, snapshot)
    return Written(plan, target.table("stored", name), replaced, count=rows, quick={"": "0:0"})


def old_rows(target: SnapshotFile, plan: Plan, buckets: set[str] | None) -> str | None:
    """The rows as published now, of these buckets or all, as a relation; None when there are none."""
    old = plan.old
    if old is None:
        return None
    if old.layout is None:
        return target.table("stored", plan.table.name, old=True)
    files = [part.file for part in old.parts if buckets is None or part.bucket in buckets] + old.delta_files
    return live_rows(target.parts, files, old.gone_files, old.key) if files else None


def write_parts(target: SnapshotFile, plan: Plan, snapshot: str) -> Written:
    """Write the changed buckets of a large table, and those of its deltas, as new parts and keep the others."""
    old = plan.old
    same_cut = old is not None and old.layout == plan.layout
    unchanged = plan.unchanged
    gone = {*old.quick, *(part.bucket for part in old.parts)} - unchanged if old is not None and same_cut else None
    replaced = old_rows(target, plan, gone)
    kept = tuple(part for part in old.parts if part.bucket in unchanged) if old is not None else ()
    quick = {bucket: plan.quick[bucket] for bucket in unchanged}
    new = new_parts(target, plan, replaced, snapshot) if plan.is_cut_anew or plan.changed else []
    written = Written(plan, None, replaced, quick=quick)
    if new:
        written.rows = target.parts([part.file for part, _ in new])
        written.count = sum(part.content.rows for part, _ in new)
    for bucket in sorted({part.bucket for part, _ in new}):
        written.quick[bucket] = quick_total([quick for part, quick in new if part.bucket == bucket])
    written.parts = tuple(sorted((*kept, *(part for part, _ in new)), key=lambda part: (part.bucket, part.file)))
    written.content = Content.total(part.content for part in written.parts)
    return written


def quick_total(values: Sequence[tuple[int, int]]) -> str:
    """The quick hash of a bucket from those of its files."""
    return f"{sum(rows for rows, _ in values)}:{sum(quick for _, quick in values)}"


def new_parts(
    target: SnapshotFile, plan: Plan, replaced: str | None, snapshot: str
) -> list[tuple[Part, tuple[int, int]]]:
    """Write buckets into files named by their content; with each goes its rows and quick hash.

    Ranges follow from the order of the rows; months do not, and are compared as short numbers.
    """
    changed = [plan.only] if plan.only is not None else plan.changed
    numbers = plan.buckets
    names = (range_column, month_column)[: len(numbers)]
    cut = comma(f"{number} AS {name}" for number, name in zip(numbers, names, strict=True))
    where = f" WHERE {in_buckets(numbers, changed)}" if len(changed) < len(plan.quick) else ""
    source = f"(SELECT r.*, {cut} FROM {plan.source} r{where})"
    aside = target.folder / parts_name / f".{snapshot}" / plan.table.name
    if len(changed) == 1:
        select = plan.versioned(source, replaced)
        values = zip(names, changed[0].split("/"), strict=True)
        target.copy(
            f"{select} ORDER BY {plan.order_in_parts}",
            aside.joinpath(*(f"{name}={value}" for name, value in values), "data_0.parquet"),
        )
    else:
        select = plan.versioned(source, replaced, names)
        first = [range_column, f"CAST({month_column} AS INTEGER)"] if len(names) > 1 else []
        target.copy(f"SELECT * FROM ({select}) ORDER BY {comma([*first, plan.order_in_parts])}", aside, names)
    files = sorted(path for path in aside.rglob("*.parquet"))
    contents = file_contents(target, plan.stored, files)
    parts = [move_part(target.folder, plan.table.name, path, contents[path.as_posix()][0], snapshot) for path in files]
    shutil.rmtree(aside)
    return [(part, contents[path.as_posix()][1]) for part, path in zip(parts, files, strict=True)]


def file_contents(
    target: SnapshotFile, stored: dict[str, str], files: Sequence[Path]
) -> dict[str, tuple[Content, tuple[int, int]]]:
    """File -> content hash, and rows and quick hash, read back from what was written."""
    if not files:
        return {}
    relative = [path.relative_to(target.folder).as_posix() for path in files]
    found = target.rows(content_sql(target.parts(relative, with_name=True), stored, ("filename",)))
    contents = {}
    for name, *values in found:
        rows, low, high, quick = (int(str(value or 0)) for value in values)
        contents[str(name)] = Content.of(rows, low, high), (rows, quick)
    return contents


def move_part(folder: Path, table: str, path: Path, content: Content, snapshot: str) -> Part:
    """Give a file its lasting name: its content, and the publication whose `updated_at` it holds."""
    home = folder / parts_name / table
    home.mkdir(parents=True, exist_ok=True)
    final, number = home / f"{content.hex}-{snapshot}.parquet", 1
    while final.exists():
        final, number = home / f"{content.hex}-{snapshot}-{number}.parquet", number + 1
    path.chmod(0o444)
    sync(path)
    path.rename(final)
    return Part(final.relative_to(folder).as_posix(), bucket_of(path), content, final.stat().st_size)


def hash_embedded(target: SnapshotFile, written: Sequence[Written]) -> None:
    """Hash the tables that were stored in the snapshot's own file, all in one statement."""
    fresh = [item for item in written if item.plan.layout is None and item.count]
    if not fresh:
        return
    parts = [
        f"SELECT {index} AS i, n, low, high, quick FROM ({content_sql(str(item.rows), item.plan.stored)})"
        for index, item in enumerate(fresh)
    ]
    for values in target.rows(" UNION ALL ".join(parts)):
        index, rows, low, high, quick = (int(str(value or 0)) for value in values)
        fresh[index].content = Content.of(rows, low, high)
        fresh[index].quick = {"": f"{rows}:{quick}"}


def check_keys(target: SnapshotFile, written: Sequence[Written]) -> list[Fault]:
    """Two rows of one key in tables whose history is kept, and in all small ones: how many are too many."""
    fresh = [item for item in written if item.count and (item.plan.table.keep_history or item.plan.layout is None)]
    parts = [
        f"SELECT {literal(item.plan.table.name)}, count(*) - count(DISTINCT {key_sql(item.plan.table.key)}) FROM {item.rows}"
        for item in fresh
        if item.plan.table.key
    ]
    if not parts:
        return []
    found = [(name, extra) for name, extra in target.rows(" UNION ALL ".join(parts)) if extra]
    fix = "this is a fault of c360 or of a key that is not unique; `c360 checks` shows the rows"
    return [Fault("table-key", f"'{name}' has {extra} rows too many for its key", fix=fix) for name, extra in found]


def key_sql(key: Sequence[str]) -> str:
    """The key as one value."""
    columns = comma(quote(name) for name in key)
    return columns if len(key) == 1 else f"({columns})"
