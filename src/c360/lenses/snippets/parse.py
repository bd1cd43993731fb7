"""SQL snippets with `${entity.member}` in, parsed trees in the engine's meaning out: parsed, never pasted."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from c360.errors import Fault, Position, ProjectError
from c360.lenses.snippets.clock import Clock, date_sql, timestamp_sql
from c360.records import dataclass
from c360.warehouse.snippets import article

if TYPE_CHECKING:
    from sqlglot import exp

token = re.compile(r"'(?:[^']|'')*'|\$\{\s*([\w\s]+?(?:\.\s*[\w#*]+)?)\s*\}")
parameter = re.compile(r"\{\{\s*(\w+)\s*(?::([^}]*))?\}\}")
plain_value = re.compile(r"^[\w.:+-]*$")
own_entity = "ENTITY"
prefix = "_member_"
complete_units = {"day": 86_400_000_000, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000,
                  "week": 604_800_000_000}  # fmt: skip
refused_functions = re.compile(
    r"^(read_|scan_|parquet_|sniff_|glob$|getenv|getvariable|current_setting|set_config|pg_|duckdb_|query$|query_table|"
    r"nextval|currval|sqlite_|lo_|dblink|xp_|sql_auto|pragma_|in_search_path|txid_|write_|http_|load_|sleep)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """`${entity.member}`; entity is None for a name without one."""

    entity: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A parsed expression; its references are columns named `_member_0`, `_member_1` ..."""

    tree: "exp.Expr"
    references: tuple[Reference, ...]

    def reference(self, column: str) -> Reference | None:
        """What a column of the tree refers to, or None for a plain column name."""
        if not column.startswith(prefix):
            return None
        return self.references[int(column.removeprefix(prefix))]


def parse_snippet(text: str, dialect: str, at: Position | None = None) -> Snippet:
    """Parse one SQL expression of a lens or a request.

    Raises:
        ProjectError: not one expression, or it holds a query, a table or a function that reads files or settings.
    """
    try:
        return parse_cached(text, dialect)
    except ProjectError as error:
        raise ProjectError(*(Fault(f.code, f.message, f.at or at, f.fix, f.looked) for f in error.faults)) from None


@lru_cache(maxsize=4096)
def parse_cached(text: str, dialect: str) -> Snippet:
    """Parse once; callers copy the tree before they change it."""
    references: list[Reference] = []

    def put(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group()
        entity, _, name = match.group(1).replace(" ", "").rpartition(".")
        references.append(Reference(entity or None, name))
        return f"{prefix}{len(references) - 1}"

    tree = parse_expression(token.sub(put, text.strip()), text, dialect)
    return Snippet(canonical(tree, dialect), tuple(references))


def parse_expression(sql: str, shown: str, dialect: str) -> "exp.Expr":
    """One expression, refused when it is more than that."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        trees = sqlglot.parse(f"SELECT {sql}", dialect=dialect)
    except SqlglotError as error:
        reason = re.sub(r"\x1b\[\d*m", "", str(error).splitlines()[0]) if str(error) else "unreadable"
        raise ProjectError(Fault("sql-syntax", f"'{shown}' is not an SQL expression: {reason}")) from None
    select = trees[0] if len(trees) == 1 else None
    if (
        not isinstance(select, exp.Select)
        or len(select.expressions) != 1
        or any(value for key, value in select.args.items() if key != "expressions")
    ):
        fix = "write a formula, no SELECT"
        raise ProjectError(Fault("sql-syntax", f"'{shown}' must be one SQL expression", fix=fix))
    tree: exp.Expr = select.expressions[0]
    forbid(tree, shown)
    return tree


def forbid(tree: "exp.Expr", shown: str) -> None:
    """Refuse queries, tables, placeholders and functions that reach outside the row."""
    from sqlglot import exp

    kinds = (
        exp.Table, exp.Subquery, exp.Select, exp.Placeholder, exp.Parameter, exp.Command, exp.Alias, exp.SetItem,
        exp.UDTF, exp.Columns,  # these make several rows or columns of one
    )  # fmt: skip
    for kind in kinds:
        if tree.find(kind) is not None:
            raise ProjectError(Fault("sql-not-allowed", f"'{shown}' may not hold {article(kind.__name__.lower())}"))
    for node in tree.find_all(exp.Anonymous):
        if refused_functions.match(str(node.this)):
            raise ProjectError(Fault("sql-not-allowed", f"'{shown}' may not call {node.this}()"))


def canonical(tree: "exp.Expr", dialect: str) -> "exp.Expr":
    """Functions of the Trino family that mean something else in DuckDB, in DuckDB's words.

    `day(a - b)` is the day count of an interval; `date_diff` counts complete units, where DuckDB counts boundaries.
    """
    from sqlglot import exp

    if dialect not in ("trino", "presto", "athena"):
        return tree

    def rewrite(node: "exp.Expr") -> "exp.Expr":
        if isinstance(node, exp.Day) and isinstance(inner := unnested(node.this), exp.Sub):
            if isinstance(inner.expression, exp.Interval):
                return node
            return complete(inner.expression, inner.this, "day")
        if isinstance(node, exp.DateDiff) and not node.args.get("canonical"):
            unit = str(node.args.get("unit") or "day").strip("'").lower()
            if unit in (*complete_units, "month", "quarter", "year"):
                return complete(node.expression, node.this, unit)
        return node

    return rewrite_up(tree.copy(), rewrite)


def rewrite_up(tree: "exp.Expr", change: "Callable[[exp.Expr], exp.Expr]") -> "exp.Expr":
    """Change every node, the inner ones first; `change` returns the node itself to leave it."""
    for node in reversed(list(tree.walk())):
        new = change(node)
        if new is not node:
            if node is tree:
                return new
            node.replace(new)
    return tree


def unnested(node: "exp.Expr") -> "exp.Expr":
    """Without parentheses."""
    found: exp.Expr = node.unnest()
    return found


def complete(start: "exp.Expr", end: "exp.Expr", unit: str) -> "exp.Expr":
    """The number of complete units from start to end, negative when end is earlier."""
    from sqlglot import exp

    first, last = (exp.cast(node.copy(), "timestamp", dialect="duckdb") for node in (start, end))
    if unit not in complete_units:
        return exp.Anonymous(this="DATE_SUB", expressions=[exp.Literal.string(unit), first, last])
    micros = exp.DateDiff(this=last, expression=first, unit=exp.Var(this="MICROSECOND"), canonical=True)
    size = exp.Literal.number(complete_units[unit])
    whole = exp.Anonymous(this="TRUNC", expressions=[exp.Div(this=micros, expression=size)])
    return exp.cast(whole, "bigint", dialect="duckdb")


def put_clock(tree: "exp.Expr", clock: Clock) -> "exp.Expr":
    """`current_date`, `now()` and the like become the query's as_of."""
    import sqlglot
    from sqlglot import exp

    dates = (exp.CurrentDate,)
    stamps = (exp.CurrentTimestamp, exp.CurrentDatetime, exp.Localtimestamp)

    def rewrite(node: "exp.Expr") -> "exp.Expr":
        name = str(node.this).lower() if isinstance(node, exp.Anonymous) else ""
        if isinstance(node, dates) or name == "today":
            return sqlglot.parse_one(date_sql(clock.today), dialect="duckdb")
        if isinstance(node, stamps) or name in ("now", "get_current_timestamp", "transaction_timestamp"):
            return sqlglot.parse_one(timestamp_sql(clock.as_of), dialect="duckdb")
        return node

    return tree.transform(rewrite)


def put_params(text: str, params: Mapping[str, str | float | bool], at: Position | None = None) -> str:
    """`{{name:default}}` becomes the parameter's value; inside quotes any text, outside a number or a plain word.

    Raises:
        ProjectError: neither a value nor a default, or a value that could end the literal or the word it stands in.
    """
    if "{{" not in text:
        return text

    def put(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        value = params.get(name, default)
        if value is None:
            fix = f'pass "params": {{"{name}": ...}}'
            raise ProjectError(Fault("lens-missing-parameter", f"the parameter '{name}' has no value", at, fix))
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        if text.count("'", 0, match.start()) % 2:
            return shown.replace("'", "''")
        if not plain_value.match(shown):
            message = f"the parameter '{name}' stands outside quotes, so '{shown}' must be a number or one word"
            raise ProjectError(Fault("lens-parameter", message, at))
        return shown

    return parameter.sub(put, text)
