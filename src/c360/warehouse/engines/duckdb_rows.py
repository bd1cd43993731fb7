"""DuckDB: columns -> SQL of a row's canonical text, of hashes over rows, and of comparisons between versions of rows.

The canonical text of a row lists its values by column name, `;` between them. NULL is nothing; text is preceded by its
length in bytes and `:`, so that no two different rows of one schema have one text; -0.0 is 0.0. Its MD5 is the same over engines and versions. The engine's
own `hash()` is ten times faster, but another version may compute another value: `quick` hashes carry the version that
made them and are only ever compared with those of the same one.
"""

from collections.abc import Callable, Mapping, Sequence

from c360.warehouse.names import comma, literal, quote

unframed = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UUID",
    "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
)  # fmt: skip
numeric = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "FLOAT",
    "DOUBLE",
)
half = "18446744073709551615"


def stored_type(kind: str) -> str:
    """The type that a published column of this type gets: what Parquet holds exactly."""
    if kind in ("HUGEINT", "UHUGEINT"):
        return "DECIMAL(38,0)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return "TIMESTAMP"
    if kind.startswith("ENUM") or kind in ("JSON", "TIME WITH TIME ZONE", "BIT", "INTERVAL", '"NULL"', "NULL"):
        return "VARCHAR"
    return kind


def value_text(name: str, kind: str, alias: str) -> str:
    """One value of the canonical text, as arguments of `concat`, for which NULL is nothing."""
    column = f"{alias}.{quote(name)}"
    if kind in ("DOUBLE", "FLOAT"):
        return f"{column} + 0"
    if kind in unframed or kind.startswith("DECIMAL"):
        return column  # `concat` makes it the text that CAST would
    text = column if kind == "VARCHAR" else f"CAST({column} AS VARCHAR)"
    return f"strlen({text}), ':', {text}"


def row_text(columns: Mapping[str, str], alias: str) -> str:
    """The canonical text of a row, its columns in order of their names."""
    values = ", ';', ".join(value_text(name, columns[name], alias) for name in sorted(columns))
    return f"concat('', {values})"


def quick_hash(columns: Mapping[str, str], alias: str) -> str:
    """The engine's own hash of a row: equal for equal rows within one version of the engine."""
    return f"hash({comma(f'{alias}.{quote(name)}' for name in sorted(columns))})"


def content_sql(relation: str, columns: Mapping[str, str], group: Sequence[str] = ()) -> str:
    """A SELECT of the group columns, rows, low sum, high sum and quick sum of a relation."""
    keys = "".join(f"{key}, " for key in group)
    inner = (
        f"SELECT {''.join(f'r.{key} AS {key}, ' for key in group)}md5_number({row_text(columns, 'r')}) AS m, "
        f"{quick_hash(columns, 'r')} AS q FROM {relation} r"
    )
    by = f" GROUP BY {comma(group)}" if group else ""
    return (
        f"SELECT {keys}count(*) AS n, sum(CAST(m & {half} AS UBIGINT)) AS low, "
        f"sum(CAST(m >> 64 AS UBIGINT)) AS high, sum(q) AS quick FROM ({inner}){by}"
    )


def quick_sql(relation: str, columns: Mapping[str, str], buckets: Sequence[str] = ()) -> str:
    """A SELECT of the bucket's numbers, rows and quick sum of a relation `r`; no columns: only count."""
    by = "".join(f"{bucket}, " for bucket in buckets)
    quick = f"sum({quick_hash(columns, 'r')})" if columns else "0"
    group = f" GROUP BY {comma(str(i + 1) for i in range(len(buckets)))}" if buckets else ""
    return f"SELECT {by}count(*) AS n, {quick} AS quick FROM {relation} r{group}"


def bucket_sql(bucket_by: str, width: int, month_by: str | None, alias: str) -> tuple[str, ...]:
    """The numbers of the slice that a row belongs to: its range and, for streams, its month; -1 without a value."""
    ranges = f"coalesce({alias}.{quote(bucket_by)} // {width}, -1)"
    if month_by is None:
        return (ranges,)
    time = f"{alias}.{quote(month_by)}"
    return ranges, f"coalesce(year({time}) * 12 + month({time}) - 1, -1)"


def same_values(new: Mapping[str, str], old: Mapping[str, str], names: Sequence[str]) -> str:
    """A condition: n and o hold the same values in these columns; numbers compare by value over types."""
    parts = [same_value(name, new[name], old[name]) for name in names]
    return " AND ".join(parts) if parts else "TRUE"


def same_value(name: str, new: str, old: str) -> str:
    """A condition: n and o hold the same value in one column."""
    left, right = f"n.{quote(name)}", f"o.{quote(name)}"
    if new != old and not (is_numeric(new) and is_numeric(old)):
        left, right = f"CAST({left} AS VARCHAR)", f"CAST({right} AS VARCHAR)"
    return f"{left} IS NOT DISTINCT FROM {right}"


def is_numeric(kind: str) -> bool:
    """Whether values of the type compare by value with other numbers."""
    return kind in numeric or kind.startswith("DECIMAL")


def aligned(have: Mapping[str, str], want: Mapping[str, str], alias: str) -> str:
    """A select list that brings rows of one schema into another: what is missing is NULL, what changed type is cast."""
    return comma(f"{aligned_value(name, have.get(name), kind, alias)} AS {quote(name)}" for name, kind in want.items())


def aligned_value(name: str, have: str | None, want: str, alias: str) -> str:
    """One column of `aligned`."""
    column = f"{alias}.{quote(name)}"
    if have == want:
        return column
    return f"CAST(NULL AS {want})" if have is None else f"TRY_CAST({column} AS {want})"


def parquet(files: Sequence[str], *, with_name: bool = False) -> str:
    """A relation over Parquet files of one schema."""
    names = comma(literal(file) for file in files)
    return f"read_parquet([{names}]{', filename=true' if with_name else ''})"


def same_key(key: Sequence[str], left: str, right: str) -> str:
    """A condition: rows of one schema have one key; its first column is never NULL, others may be."""
    first, *others = (quote(name) for name in key)
    parts = [f"{left}.{name} IS NOT DISTINCT FROM {right}.{name}" for name in others]
    return " AND ".join((f"{left}.{first} = {right}.{first}", *parts))


def same_version(key: Sequence[str], left: str, right: str) -> str:
    """A condition: rows are the same version of the same row."""
    return f"{same_key(key, left, right)} AND {left}.updated_at = {right}.updated_at"


def live_rows(
    read: Callable[[Sequence[str]], str], files: Sequence[str], gone: Sequence[str], key: Sequence[str]
) -> str:
    """The rows of some files without the versions that others name, as a relation.

    Args:
        read: files -> relation.
        files: what holds the rows.
        gone: what holds the key and `updated_at` of versions that no longer count.
        key: the columns that name a row.
    """
    if not gone:
        return read(files)
    return f"(SELECT p.* FROM {read(files)} p ANTI JOIN {read(gone)} g ON {same_version(key, 'p', 'g')})"
