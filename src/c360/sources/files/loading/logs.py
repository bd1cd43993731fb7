"""The table that earlier runs left of a log in; the rows that its files no longer hold, added to the new table, out."""

from c360.sources.files.loading.settle import Rules, Table, delete
from c360.warehouse import Connection, comma, quote


def keep_vanished(work: Connection, log: Table, table: Table, rules: Rules) -> int:
    """Add the rows of a log that its files no longer hold; how many they are.

    Columns whose types differ are widened, columns that only the log has are added.
    """
    key = rules.key or ("_key",)
    if not set(key) <= {*log.columns, *log.computed}:
        return 0
    same = " AND ".join(same_key(log, table, name) for name in key)
    present = " AND ".join(f"o.{quote(name)} IS NOT NULL" for name in key)
    vanished = f"FROM {log.name} AS o WHERE {present} AND NOT EXISTS (SELECT 1 FROM {table.name} AS n WHERE {same})"
    if not work.scalar(f"SELECT count(*) {vanished}", portable=False):
        return 0
    widen(work, log, table, rules.time)
    have = {name.lower(): name for name in (*log.columns, *log.computed)}
    columns = {**table.columns, **dict.fromkeys(table.computed, "")}
    selected = comma(
        (f"TRY_CAST(o.{quote(have[name.lower()])} AS {kind})" if kind else f"o.{quote(have[name.lower()])}")
        if name.lower() in have
        else "NULL"
        for name, kind in columns.items()
    )
    listed = comma(quote(name) for name in columns)
    kept = int(work.scalar(f"INSERT INTO {table.name} ({listed}) SELECT {selected} {vanished}", portable=False))
    return kept - delete(work, table.name, f"({rules.where}) IS NOT TRUE") if rules.where else kept


def same_key(log: Table, table: Table, name: str) -> str:
    """The condition that a key column is the same in the log (`o`) and in the table (`n`)."""
    if log.columns.get(name) == table.columns.get(name):
        return f"n.{quote(name)} = o.{quote(name)}"
    return f"CAST(n.{quote(name)} AS VARCHAR) = CAST(o.{quote(name)} AS VARCHAR)"


def widen(work: Connection, log: Table, table: Table, fixed: str | None) -> None:
    """Give a table every column of a log, in a type that holds the values of both; `fixed`, the time, keeps its type."""
    lowered = {name.lower(): name for name in table.columns}
    for name, kind in log.columns.items():
        own = lowered.get(name.lower())
        if own is None:
            work.execute(f"ALTER TABLE {table.name} ADD COLUMN {quote(name)} {kind}", portable=False)
            table.columns[name] = kind
        elif table.columns[own] != kind and own != fixed:
            wider = wider_type(table.columns[own], kind)
            work.execute(f"ALTER TABLE {table.name} ALTER COLUMN {quote(own)} TYPE {wider}", portable=False)
            table.columns[own] = wider


def wider_type(one: str, other: str) -> str:
    """A type that holds the values of both types without loss."""
    kinds = {one, other}
    if len(kinds) == 1:
        return one
    if kinds == {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    decimals = [kind for kind in kinds if kind.startswith("DECIMAL")]
    if decimals and kinds <= {*decimals, "BIGINT"}:
        scale = max(int(kind[8:-1].split(",")[1]) for kind in decimals)
        return f"DECIMAL(38,{scale})" if scale <= 18 else "VARCHAR"
    return "VARCHAR"
