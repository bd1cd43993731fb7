"""A freshly loaded table in; the rows that count out: filtered, one per key, without deletes, with a fingerprint."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from c360.records import dataclass
from c360.sources.landed import Tally
from c360.warehouse import Connection, comma, literal, quote


@dataclass(frozen=True)
class Rules:
    """What decides which rows of a source count.

    Attributes:
        key: the key columns; empty when every row stands for itself.
        order: the load-order column.
        time: the column of the event time.
        where, deleted: compiled SQL conditions.
    """

    key: tuple[str, ...]
    order: str | None
    time: str | None
    where: str | None
    deleted: str | None


@dataclass
class Table:
    """A table as quoted SQL, and its columns with their types; `computed` are those that c360 adds."""

    name: str
    columns: dict[str, str]
    computed: tuple[str, ...] = ()


Keep = Callable[[Table], int]
Summary = tuple[int, ...]
few_rows = 1_000_000
most_sorted = 20_000_000


def settle(
    work: Connection, table: Table, rules: Rules, tally: Tally, keep: Keep | None = None, known: Summary | None = None
) -> str:
    """Leave only the rows that count in a table.

    Grain:  one row per key, or per record where there is no key.

    Args:
        work: the work database.
        table: its keyless rows have `_key` with the ordinal 1; its columns may be widened by `keep`.
        rules: what decides which rows count.
        tally: its counts are added to.
        keep: adds what a log keeps to the table, and says how many rows.
        known: the table's summary, where it was made with the table.

    Returns:
        The fingerprint of the rows.
    """
    if rules.where:
        tally.filtered += delete(work, table.name, f"({rules.where}) IS NOT TRUE")
        known = None
    rows, distinct, *sums = known or summary(work, table, rules)
    changed = distinct < rows
    if changed and rules.key:
        pick_winners(work, table, rules, tally)
    elif changed:
        number_equals(work, table.name)
    if keep is not None:
        tally.kept = keep(table)
        changed |= tally.kept > 0
    if rules.deleted:
        removed = delete(work, table.name, f"({rules.deleted}) IS TRUE")
        tally.deleted += removed
        changed |= removed > 0
    if changed:
        rows, _, *sums = summary(work, table, rules)
    tally.row_count = rows
    return "-".join(str(value) for value in (rows, *sums))


def delete(work: Connection, table: str, condition: str) -> int:
    """Delete rows; how many there were."""
    return int(work.scalar(f"DELETE FROM {table} WHERE {condition}", portable=False))


def summary(work: Connection, table: Table, rules: Rules) -> Summary:
    """The number of rows, of different keys, and two order-independent sums over the hashes of the rows."""
    rows = int(work.scalar(f"SELECT count(*) FROM {table.name}", portable=False))
    if rows <= few_rows:
        sql = f"SELECT {summary_sql(table.columns, rules.key)} FROM {table.name}"
        return tuple(int(value) for value in work.rows(sql, portable=False)[0])
    one, other = work.rows(f"SELECT {sums_sql(table.columns)} FROM {table.name}", portable=False)[0]
    return rows, count_keys(work, table, rules, rows), int(one), int(other)


def summary_sql(columns: Iterable[str], key: Sequence[str]) -> str:
    """The summary of a small table as a select list."""
    return f"count(*), count(DISTINCT {hashed_key(key)}), {sums_sql(columns)}"


def sums_sql(columns: Iterable[str]) -> str:
    """Two order-independent sums over the hashes of the rows."""
    row = f"hash({comma(quote(name) for name in sorted(columns, key=str.lower))})"
    return f"coalesce(sum({row}), 0), coalesce(bit_xor({row}), 0)"


def count_keys(work: Connection, table: Table, rules: Rules, rows: int) -> int:
    """How many different keys a large table has: sorting their hashes is cheaper than a hash table of them."""
    hashed = hashed_key(rules.key)
    parts = rows // most_sorted + 1
    total = 0
    for part in range(parts):
        where = f"WHERE {hashed} % {parts} = {part}" if parts > 1 else ""
        hashes = work.columns(f"SELECT {hashed} AS key_hash FROM {table.name} {where}")["key_hash"]
        if len(hashes):
            hashes.sort()
            total += 1 + int((hashes[1:] != hashes[:-1]).sum())
    return total


def hashed_key(key: Sequence[str]) -> str:
    """A number that is the same for rows with the same key, and nearly always only then."""
    return f"hash({comma(quote(name) for name in key or ('_key',))})"


def content_hash_sql(columns: Sequence[str]) -> str:
    """The hash of a row's values that does not depend on column order or on columns without a value.

    Args:
        columns: names.
    """
    return content_hash_of({name: quote(name) for name in columns})


def content_hash_of(values: Mapping[str, str]) -> str:
    """`content_hash_sql` over expressions: name -> SQL."""
    parts = comma(
        f"{literal(name.lower() + '=')} || CAST({sql} AS VARCHAR) || chr(31)"
        for name, sql in sorted(values.items(), key=lambda item: item[0].lower())
    )
    return f"md5(concat({parts}))"


def pick_winners(work: Connection, table: Table, rules: Rules, tally: Tally) -> None:
    """Of the rows of one key keep the greatest in load order, then in content hash; count what is let go.

    Only rows whose key hash occurs twice are looked at exactly.
    """
    hashed = hashed_key(rules.key)
    twice = f"SELECT {hashed} FROM {table.name} GROUP BY 1 HAVING count(*) > 1"
    order = f"{quote(rules.order)} DESC NULLS LAST, " if rules.order else ""
    window = f"PARTITION BY {comma(quote(name) for name in rules.key)} ORDER BY {order}content DESC, place"
    work.execute("DROP TABLE IF EXISTS _c360_losers", portable=False)
    work.execute(
        f"CREATE TEMP TABLE _c360_losers AS SELECT place, content = first_value(content) OVER w AS same, "
        f"row_number() OVER w AS rank FROM (SELECT *, rowid AS place, {content_hash_sql(list(table.columns))} AS content "
        f"FROM {table.name} WHERE {hashed} IN ({twice})) AS candidates WINDOW w AS ({window}) QUALIFY rank > 1",
        portable=False,
    )
    same, other = work.rows(
        "SELECT count(CASE WHEN same THEN 1 END), count(CASE WHEN NOT same THEN 1 END) FROM _c360_losers",
        portable=False,
    )[0]
    tally.duplicates += same
    tally.replaced += other
    if same + other:
        delete(work, table.name, "rowid IN (SELECT place FROM _c360_losers)")
    work.execute("DROP TABLE _c360_losers", portable=False)


def number_equals(work: Connection, table: str) -> None:
    """Give equal rows of a source without key the ordinals 1, 2, 3 in their `_key`."""
    twice = f"SELECT _key FROM {table} GROUP BY 1 HAVING count(*) > 1"
    numbered = (
        f"SELECT rowid AS place, _key || '-' || CAST(row_number() OVER (PARTITION BY _key ORDER BY rowid) AS VARCHAR) "
        f"AS numbered FROM {table} WHERE _key IN ({twice})"
    )
    work.execute(
        f"UPDATE {table} SET _key = left(n.numbered, 33) || split_part(n.numbered, '-', 3) FROM ({numbered}) AS n "
        f"WHERE {table}.rowid = n.place",
        portable=False,
    )
