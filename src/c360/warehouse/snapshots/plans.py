"""A table that is about to be published, beside what is published of it now -> what has to be written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from hashlib import blake2b

from c360.errors import Fault, WarehouseError
from c360.records import dataclass
from c360.warehouse.catalogue import PublishedTable, history_columns
from c360.warehouse.engines.duckdb_rows import bucket_sql, quick_sql, same_value, same_values, stored_type
from c360.warehouse.engines.duckdb_snapshots import SnapshotFile
from c360.warehouse.names import comma, literal, quote
from c360.warehouse.snapshots.layout import Extent, choose_layout, measure_extent, only_bucket, still_fits
from c360.warehouse.snapshots.manifest import Layout, Manifest, TableEntry

embedded_rows = (
    50_000  # publishing the demo: 430 against 530 ms of processor time with 200,000, unchanged 205 against 290
)


@dataclass(frozen=True, slots=True)
class Followed:
    """What a room knows of the changes of its table.

    Attributes:
        state: names what it has followed by now; while it stays, the table does.
        since: such a name of before -> SQL of the values of the bucket column whose rows may differ since; None: any.
        is_doubted: every row is compared all the same.
    """

    state: str
    since: Callable[[str], str | None] = field(default=lambda _: None)
    is_doubted: bool = False


@dataclass
class Plan:
    """One table of the publication.

    Attributes:
        stored: the columns to store, with their types, without `updated_at`.
        source: the relation that gives them.
        old: the table as it is published now; None when it is new, or its key is.
        stamp: SQL of the publication time.
        limit: above so many rows a table with a bucket column lies in parts.
        rows, quick: how many rows there are, and per bucket with their quick hash, once measured.
        layout: how it is cut; None when it lies in the snapshot's own file.
        is_cut_anew: all is written, and which buckets there are is told by what was written.
        only: the one bucket of a table that is cut anew; None where there may be several.
        state: names what its room has followed by now.
        touched: SQL of the values of the bucket column whose rows may differ from what is published; None for any.
        is_known: whether it is what is published.
    """

    table: PublishedTable
    stored: dict[str, str]
    source: str
    old: TableEntry | None
    stamp: str
    quick_by: str
    limit: int
    rows: int | None = None
    quick: dict[str, str] = field(default_factory=lambda: {"": ""})
    layout: Layout | None = None
    is_cut_anew: bool = False
    only: str | None = None
    state: str = ""
    touched: str | None = None
    is_known: bool = False

    def follow(self, followed: Followed | None) -> None:
        """Take over what a room knows of changes; a table without any need not be looked at."""
        if followed is None:
            return
        self.state, old = followed.state, self.old
        if old is None or not old.state or followed.is_doubted:
            return
        self.touched = followed.since(old.state)
        if old.state == self.state and old.definition == self.definition() and self.is_comparable and old.quick:
            self.rows, self.quick, self.is_known = old.rows, dict(old.quick), True

    @property
    def is_comparable(self) -> bool:
        """Whether quick hashes of now and then mean the same: same columns, types, engine version and cut."""
        old = self.old
        return old is not None and old.stored == self.stored and old.quick_by == self.quick_by

    @property
    def unchanged(self) -> set[str]:
        """The buckets that hold what they held, and lie in parts of their own alone."""
        if self.old is None or not self.is_comparable or self.old.layout != self.layout:
            return set()
        strewn = {bucket for delta in self.old.deltas for bucket in delta.buckets}
        return {
            bucket
            for bucket, value in self.quick.items()
            if self.old.quick.get(bucket) == value and bucket not in strewn
        }

    @property
    def differing(self) -> list[str]:
        """The buckets that hold other rows than they held, or are no more; for a table that is cut as it was."""
        had = self.old.quick if self.old is not None else {}
        return sorted(bucket for bucket in {*self.quick, *had} if self.quick.get(bucket) != had.get(bucket))

    @property
    def changed(self) -> list[str]:
        """The buckets to write."""
        return sorted(set(self.quick) - self.unchanged)

    @property
    def buckets(self) -> tuple[str, ...]:
        """SQL of the numbers of a row's bucket; the row is `r`."""
        layout = self.layout
        return bucket_sql(layout.bucket_by, layout.width, layout.month_by, "r") if layout else ()

    @property
    def order(self) -> str:
        """The columns by which rows lie in their file: one entity's together."""
        names = [name for name in (self.table.bucket_by, self.table.month_by, *self.table.key) if name]
        return comma(quote(name) for name in dict.fromkeys(names)) or "ALL"

    @property
    def order_in_parts(self) -> str:
        """The same for parts, whose rows are found by entity alone; sorting by long keys takes a third longer."""
        return comma(quote(name) for name in (self.table.bucket_by, self.table.month_by) if name)

    def versioned(self, source: str, old: str | None, extra: Sequence[str] = ()) -> str:
        """A SELECT of the stored columns and `updated_at`: the old one where no value differs, else now's."""
        columns = comma(f"n.{quote(name)}" for name in (*self.stored, *extra))
        if self.old is None or old is None or not self.table.key:
            return f"SELECT {columns}, {self.stamp} AS updated_at FROM {source} n"
        had = self.old.stored
        names = [name for name in self.stored if name in had and name not in self.table.volatile]
        same = same_values(self.stored, had, [name for name in names if name not in self.table.key])
        first = f"o.{quote(self.table.key[0])}"
        updated = f"CASE WHEN {first} IS NOT NULL AND {same} THEN o.updated_at ELSE {self.stamp} END"
        return f"SELECT {columns}, {updated} AS updated_at FROM {source} n LEFT JOIN {old} o ON {self.same_key(had)}"

    def same_key(self, had: dict[str, str]) -> str:
        """A condition: n and o are versions of one row; the first column of a key is never NULL, others may be."""
        first, *others = self.table.key
        left, right = f"n.{quote(first)}", f"o.{quote(first)}"
        if had[first] != self.stored[first]:
            left, right = f"CAST({left} AS VARCHAR)", f"CAST({right} AS VARCHAR)"
        return " AND ".join((f"{left} = {right}", *(same_value(name, self.stored[name], had[name]) for name in others)))

    def definition(self) -> str:
        """What the table's SQL, key and declared columns hash to."""
        text = repr((self.table.select, self.table.key, self.table.columns))
        return blake2b(text.encode(), digest_size=8).hexdigest()


def timestamp(at: datetime) -> str:
    """A time as an SQL literal."""
    return f"CAST({literal(at.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"


def make_plans(
    target: SnapshotFile,
    tables: Sequence[PublishedTable],
    previous: Manifest | None,
    published_at: datetime,
    limit: int,
    followed: Mapping[str, Followed],
) -> list[Plan]:
    """Look at every table that may have changed: its columns, rows and quick hashes, and where it will lie.

    Raises:
        WarehouseError: a table uses a name that publishing adds, or lacks a declared column.
    """
    engine = target.engine()
    stamp = timestamp(published_at)
    plans = [make_plan(target, table, previous, stamp, engine, limit) for table in tables]
    for plan in plans:
        plan.follow(followed.get(plan.table.name))
    asked = [plan for plan in plans if not plan.is_known]
    large = [plan for plan in asked if plan.layout is not None]
    measure_whole(target, [plan for plan in asked if plan.layout is None])
    for plan in large:
        place(target, plan, measure_buckets(target, plan))
    return plans


def make_plan(
    target: SnapshotFile, table: PublishedTable, previous: Manifest | None, stamp: str, engine: str, limit: int
) -> Plan:
    """One table before anything is measured."""
    found = target.describe(table.select)
    check_columns(table, found)
    stored = {name: stored_type(kind) for name, kind in found.items()}
    values = comma(
        quote(name) if stored[name] == kind else f"CAST({quote(name)} AS {stored[name]}) AS {quote(name)}"
        for name, kind in found.items()
    )
    old = previous.tables.get(table.name) if previous else None
    if old is not None and not set(table.key) <= set(old.stored):
        old = None
    layout = old.layout if old else None
    if layout and (layout.bucket_by, layout.month_by or table.month_by) != (table.bucket_by, table.month_by):
        layout = None
    return Plan(table, stored, f"(SELECT {values} FROM ({table.select}))", old, stamp, engine, limit, layout=layout)


def name_faults(tables: Sequence[PublishedTable]) -> list[Fault]:
    """Names that would hide each other."""
    names = [name.lower() for table in tables for name in names_of(table)]
    twice = sorted({name for name in names if names.count(name) > 1})
    fix = "give the entity another name or label"
    return [Fault("table-name-taken", f"two published tables are called '{name}'", fix=fix) for name in twice]


def names_of(table: PublishedTable) -> list[str]:
    """Every name under which readers find a table."""
    return [table.name, *table.aliases, *([table.history_name] if table.keep_history else [])]


def check_columns(table: PublishedTable, found: dict[str, str]) -> None:
    """Refuse names that publishing adds, and declared columns that are not there.

    Raises:
        WarehouseError: names each of them.
    """
    reserved = history_columns if table.keep_history else history_columns[:1]
    lowered = {name.lower() for name in found} | {name.lower() for name in table.expressions}
    faults = [
        Fault(
            "column-reserved",
            f"'{table.name}.{name}' is a name that c360 adds itself",
            fix="rename the trait or feature",
        )
        for name in reserved
        if name in lowered
    ]
    declared = [column.name for column in table.columns if column.expression is None]
    missing = [name for name in (*declared, *table.key) if name not in found]
    faults += [Fault("column-missing", f"'{table.name}.{name}' is declared but not computed") for name in missing]
    if faults:
        raise WarehouseError(*faults)


def measure_whole(target: SnapshotFile, plans: Sequence[Plan]) -> None:
    """Count small tables in one statement, and hash those that can be compared.

    What can neither be compared nor become large is not counted; what might be large is found out when it is written,
    but for streams, whose rows are counted without reading them.
    """
    asked = [plan for plan in plans if plan.is_comparable or plan.table.month_by]
    parts = []
    for number, plan in enumerate(asked):
        measure = quick_sql(plan.source, plan.stored if plan.is_comparable else {})
        parts.append(f"SELECT {number} AS i, n, quick FROM ({measure})")
    for asked_for, rows, quick in target.rows(" UNION ALL ".join(parts)) if parts else ():
        plan = asked[int(str(asked_for))]
        plan.rows = int(str(rows))
        plan.quick = {"": f"{plan.rows}:{quick or 0}"}
        place(target, plan, plan.rows)


def measure_buckets(target: SnapshotFile, plan: Plan) -> int:
    """Count and hash the buckets of a large table in one pass; returns how many rows there are."""
    found = target.rows(quick_sql(plan.source, plan.stored if plan.is_comparable else {}, plan.buckets))
    plan.quick = {
        "/".join(str(number) for number in numbers): f"{rows}:{quick or 0}" for *numbers, rows, quick in found
    }
    plan.rows = sum(int(str(row[-2])) for row in found)
    return plan.rows


def place(target: SnapshotFile, plan: Plan, rows: int) -> None:
    """Decide where the table lies; what lies in parts stays cut as it is while that fits."""
    bucket_by = plan.table.bucket_by
    if bucket_by is None or rows <= plan.limit:
        if plan.layout is not None:
            plan.layout, plan.quick = None, {"": ""}
        return
    if plan.layout is not None and still_fits(rows, len(plan.quick)):
        return
    cut(target, plan, bucket_by, measure_extent(target, plan.source, bucket_by, plan.table.month_by))


def place_unseen(target: SnapshotFile, plan: Plan) -> None:
    """Count a table of which nothing is known, and decide where it lies."""
    bucket_by = plan.table.bucket_by
    if bucket_by is not None:
        extent = measure_extent(target, plan.source, bucket_by, plan.table.month_by)
        plan.rows = extent.rows
        if extent.rows > plan.limit:
            cut(target, plan, bucket_by, extent)


def cut(target: SnapshotFile, plan: Plan, bucket_by: str, extent: Extent) -> None:
    """Cut a table into parts; only one that was cut in the same way before is looked at bucket by bucket."""
    plan.rows, plan.layout = extent.rows, choose_layout(extent, bucket_by, plan.table.month_by)
    if plan.old is not None and plan.old.layout == plan.layout:
        measure_buckets(target, plan)
    else:
        plan.is_cut_anew, plan.only, plan.quick = True, only_bucket(extent, plan.layout), {}
