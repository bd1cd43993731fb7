"""A large table of which little changed -> a part of the rows that came, and one of the versions that no longer count.

Parts are immutable, and what happens in a day lies strewn over nearly all of them: whoever did something today did
something before, in every month, and the former event now tells when it was repeated. So the parts stay as they are, a
delta beside them holds what came, and readers leave out the versions that it names as gone. Some deltas are made one,
and when they would have half as many rows as the table, they are folded into the parts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from c360.records import dataclass
from c360.warehouse.engines.duckdb_rows import (
    content_sql,
    live_rows,
    quick_hash,
    same_key,
    same_version,
)
from c360.warehouse.engines.duckdb_snapshots import SnapshotFile, in_buckets
from c360.warehouse.names import comma, quote
from c360.warehouse.snapshots.files import parts_name
from c360.warehouse.snapshots.manifest import Content, Delta, Part, TableEntry
from c360.warehouse.snapshots.plans import Plan
from c360.warehouse.snapshots.rows import Written, file_contents, move_part

least_rows = 20_000  # so few rows are written anew rather than looked through
most_pending = 0.5  # rows in deltas for each row of the table; readers of all of 1 M rows take 40 ms more then
most_deltas = 8

Sums = dict[str, tuple[int, int]]


def write_delta(target: SnapshotFile, plan: Plan, snapshot: str) -> Written | None:
    """Write what changed of a table beside its parts; None when its parts had better be written anew."""
    old = plan.old
    if old is None or not is_followed(plan, old):
        return None
    if not plan.differing:
        return Written(plan, None, None, 0, old.content, dict(plan.quick), old.parts, old.deltas)
    changes = find_changes(target, plan, old)
    try:
        came, went = sums(target, plan, changes, "new"), sums(target, plan, changes, "old")
        size = sum(rows for side in (came, went) for rows, _ in side.values())
        if not explains(plan, old, came, went) or is_too_much(plan, old, size):
            return None
        return Following(target, plan, old, snapshot, changes).write(came, went)
    finally:
        for table in (changes, had_table(plan)):
            target.execute(f"DROP TABLE IF EXISTS {table}")


def is_followed(plan: Plan, old: TableEntry) -> bool:
    """Whether the rows of now and then can be compared one by one, and that is quicker than writing them."""
    if plan.layout is None or old.layout != plan.layout or not plan.is_comparable:
        return False
    if not plan.table.key or plan.table.volatile:  # the key and `updated_at` would not name a version
        return False
    rewritten = sum(rows_of(plan.quick.get(bucket, "0:")) for bucket in plan.differing)
    return (bool(old.deltas) or rewritten >= least_rows) and not is_too_much(plan, old, 0)


def is_too_much(plan: Plan, old: TableEntry, size: int) -> bool:
    """Whether so much would lie in deltas that they are folded into the parts."""
    return sum(delta.size for delta in old.deltas) + size > (plan.rows or 0) * most_pending


def rows_of(quick: str) -> int:
    """The rows in a bucket's quick hash."""
    return int(quick.partition(":")[0])


def find_changes(target: SnapshotFile, plan: Plan, old: TableEntry) -> str:
    """Find the keys of rows that came, went or differ, among those that may.

    Where it is known which may differ, their old versions are read once and kept.

    Writes: scratch c360_delta_<table>(the key, new, old: hashes, updated_at: of the old version, and the buckets of both),
            c360_had_<table>
    """
    table, key = changes_table(plan), [quote(name) for name in plan.table.key]
    buckets = plan.differing
    condition = f"({in_buckets(plan.buckets, buckets)})"
    before = old_live(target, old, set(buckets))
    if plan.touched is not None:
        condition += f" AND r.{quote(plan.table.bucket_by or '')} IN ({plan.touched})"
        target.execute(
            f"CREATE OR REPLACE TEMP TABLE {had_table(plan)} AS SELECT r.* FROM {before} r WHERE {condition}"
        )
        before = had_table(plan)
    marks = [f"{sql} AS b{number}" for number, sql in enumerate(plan.buckets)]
    columns = comma([*(f"r.{name}" for name in key), f"{quick_hash(plan.stored, 'r')} AS q", *marks])
    new = f"SELECT {columns} FROM {plan.source} r WHERE {condition}"
    had = f"SELECT {columns}, r.updated_at FROM {before} r WHERE {condition}"
    found = [f"coalesce(n.{name}, o.{name}) AS {name}" for name in key]
    found += ["n.q AS new", "o.q AS old", "o.updated_at"]
    found += [f"{side}.b{number} AS {name}_b{number}" for side, name in (("n", "new"), ("o", "old"))
              for number in range(len(marks))]  # fmt: skip
    target.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {comma(found)} FROM ({new}) n FULL JOIN ({had}) o "
        f"ON {same_key(plan.table.key, 'n', 'o')} WHERE n.q IS DISTINCT FROM o.q"
    )
    return table


def changes_table(plan: Plan) -> str:
    """The quoted name of the keys that came, went or differ."""
    return quote(f"c360_delta_{plan.table.name}")


def had_table(plan: Plan) -> str:
    """The quoted name of the published rows that may differ now."""
    return quote(f"c360_had_{plan.table.name}")


def old_live(target: SnapshotFile, old: TableEntry, buckets: set[str]) -> str:
    """The rows as published now that may lie in these buckets, as a relation."""
    files = [part.file for part in old.parts if part.bucket in buckets] + old.delta_files
    return live_rows(target.parts, files or old.row_files, old.gone_files, old.key)


def sums(target: SnapshotFile, plan: Plan, changes: str, side: str) -> Sums:
    """Bucket -> rows that came or went, and the sum of their quick hashes."""
    buckets = comma(f"{side}_b{number}" for number in range(len(plan.buckets)))
    found = target.rows(
        f"SELECT {buckets}, count(*), sum({side}) FROM {changes} WHERE {side} IS NOT NULL GROUP BY {buckets}"
    )
    return {
        "/".join(str(number) for number in numbers): (int(str(rows)), int(str(quick)))
        for *numbers, rows, quick in found
    }


def explains(plan: Plan, old: TableEntry, came: Sums, went: Sums) -> bool:
    """Whether what was there, without what went and with what came, is what is there now, in every bucket.

    It is not when a row changed that was not among those that might have, or when two rows have one key.
    """
    nothing = "0:0"
    for bucket in {*plan.differing, *came, *went}:
        (more, plus), (fewer, minus) = came.get(bucket, (0, 0)), went.get(bucket, (0, 0))
        had, quick = (int(value) for value in old.quick.get(bucket, nothing).split(":"))
        if plan.quick.get(bucket, nothing) != f"{had + more - fewer}:{quick + plus - minus}":
            return False
    return True


@dataclass(frozen=True)
class Following:
    """A publication that follows what was published of a table."""

    target: SnapshotFile
    plan: Plan
    old: TableEntry
    snapshot: str
    changes: str

    def write(self, came: Mapping[str, object], went: Mapping[str, object]) -> Written:
        """Write the delta, and find the content of the whole."""
        plan, old = self.plan, self.old
        rows = self.part("rows", self.rows_sql(), plan.stored) if came else None
        gone = self.part("gone", self.gone_sql(), self.version) if went else None
        content, replaced = old.content, None
        if gone is not None:
            replaced = self.replaced(gone)
            count, low, high, _ = self.target.rows(content_sql(replaced, plan.stored))[0]
            content -= Content.of(*(int(str(value or 0)) for value in (count, low, high)))
        written = Written(plan, None, replaced, quick=dict(plan.quick), parts=old.parts)
        if rows is not None:
            content += rows.content
            written.rows, written.count = self.target.parts([rows.file]), rows.content.rows
        delta = Delta(rows, gone, tuple(sorted({*came, *went})))
        deltas = (*old.deltas, delta)
        written.deltas = deltas if len(deltas) <= most_deltas else (self.merged(deltas),)
        written.content = content
        return written

    @property
    def version(self) -> dict[str, str]:
        """The columns that name a version of a row, with their types."""
        return {**{name: self.plan.stored[name] for name in self.plan.table.key}, "updated_at": "TIMESTAMP"}

    def rows_sql(self) -> str:
        """SQL of the rows that came, each in a new version."""
        columns = comma(f"n.{quote(name)}" for name in self.plan.stored)
        same = same_key(self.plan.table.key, "n", "c")
        return (
            f"SELECT {columns}, {self.plan.stamp} AS updated_at FROM {self.plan.source} n "
            f"SEMI JOIN (SELECT * FROM {self.changes} WHERE new IS NOT NULL) c ON {same} ORDER BY {self.plan.order}"
        )

    def gone_sql(self) -> str:
        """SQL of the versions that went."""
        names = comma(quote(name) for name in self.version)
        return f"SELECT {names} FROM {self.changes} WHERE old IS NOT NULL ORDER BY {names}"

    def replaced(self, gone: Part) -> str:
        """The rows of the versions that went, as a relation; they are read once and set aside until the run ends."""
        rows = live_rows(self.target.parts, self.old.row_files, (), self.old.key)
        if self.plan.touched is not None:
            rows = had_table(self.plan)
        same = same_version(self.plan.table.key, "p", "g")
        path = self.aside("replaced")
        self.target.copy(f"SELECT p.* FROM {rows} p SEMI JOIN {self.target.parts([gone.file])} g ON {same}", path)
        return self.target.parts([path.relative_to(self.target.folder).as_posix()])

    def merged(self, deltas: Sequence[Delta]) -> Delta:
        """Several deltas as one, without the versions that came and went within them."""
        key, parts = self.plan.table.key, self.target.parts
        came = [delta.rows.file for delta in deltas if delta.rows]
        went = [delta.gone.file for delta in deltas if delta.gone]
        within = f"ANTI JOIN {parts(came)} c ON {same_version(key, 'g', 'c')}" if came else ""
        names = comma(f"g.{quote(name)}" for name in self.version)
        rows = f"SELECT * FROM {live_rows(parts, came, went, key)} ORDER BY {self.plan.order}" if came else None
        gone = f"SELECT {names} FROM {parts(went)} g {within} ORDER BY {names}" if went else None
        return Delta(
            self.part("all_rows", rows, self.plan.stored) if rows else None,
            self.part("all_gone", gone, self.version) if gone else None,
            tuple(sorted({bucket for delta in deltas for bucket in delta.buckets})),
        )

    def aside(self, name: str) -> Path:
        """A file that is not published yet; what stays is removed with the rest of the run."""
        return self.target.folder / parts_name / f".{self.snapshot}" / self.plan.table.name / f"{name}.parquet"

    def part(self, name: str, select: str, columns: dict[str, str]) -> Part | None:
        """Write a part of a delta; None when it has no rows."""
        table, path = self.plan.table.name, self.aside(name)
        self.target.copy(select, path)
        found = file_contents(self.target, columns, [path])
        if not found:
            return None
        return move_part(self.target.folder, table, path, found[path.as_posix()][0], self.snapshot)
