"""User SQL in, safe SQL of this engine out: snippets are parsed, never pasted; "now" becomes the run's `as_of`."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from c360.errors import Fault, Position, ProjectError, suggest
from c360.warehouse.formulas import Resolve, rewrite_plainly
from c360.warehouse.names import literal, quote

if TYPE_CHECKING:
    from sqlglot import exp

plain_name = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def columns_only(known: Collection[str], alias: str | None = None) -> Resolve:
    """A resolver for snippets over one table: the column of that name, whatever its case, as `alias."column"`."""
    lowered = {name.lower(): name for name in known}
    prefix = f"{alias}." if alias else ""

    def resolve(table: str | None, column: str) -> str:
        name = column if column in known else lowered.get(column.lower())
        if table is not None or name is None:
            shown = f"{table}.{column}" if table else column
            fix = suggest(column, known) or f"columns: {', '.join(known)}"
            raise ProjectError(Fault("unknown-column", f"unknown column '{shown}'", fix=fix))
        return f"{prefix}{quote(name)}"

    return resolve


def compile_snippet(
    sql: str, resolve: Resolve, *, as_of: datetime, dialect: str = "duckdb", at: Position | None = None
) -> str:
    """Compile one SQL expression of a user.

    Args:
        sql: the user's text: a column's name, or a formula over columns.
        resolve: (table or None, column) -> SQL text of this engine; raises ProjectError for an unknown name.
        as_of: what `now()`, `current_timestamp` and `current_date` become (UTC).
        dialect: the dialect that the user wrote.
        at: where the snippet stands, for the error.

    Returns:
        An SQL expression of the warehouse's dialect, without statements, sub-queries' tables or comments of the user.

    Raises:
        ProjectError: not one expression, or it names an unknown column, reads a table or calls a file function.
    """
    text = sql.strip()
    try:
        if plain_name.match(text) and text.lower() not in clock_words:
            return resolve(None, text)
        try:
            return resolve(None, text)  # a column whose name is no plain word, such as `Order Date`
        except ProjectError:
            pass
        plain = rewrite_plainly(text, resolve) if dialect == "duckdb" else None
        return plain if plain is not None else rewrite(text, resolve, as_of, dialect)
    except ProjectError as error:
        raise ProjectError(*(Fault(f.code, f.message, f.at or at, f.fix, f.looked) for f in error.faults)) from None


clock_words = {"current_date", "current_timestamp", "now", "localtimestamp", "null", "true", "false"}
clocks: Mapping[str, str] = {
    "CurrentDate": "DATE", "CurrentTimestamp": "TIMESTAMP", "CurrentDatetime": "TIMESTAMP", "CurrentTime": "TIME",
    "Localtimestamp": "TIMESTAMP", "Localtime": "TIME", "UtcDate": "DATE", "UtcTimestamp": "TIMESTAMP", "UtcTime": "TIME",
    "now": "TIMESTAMP", "today": "DATE", "get_current_timestamp": "TIMESTAMP", "transaction_timestamp": "TIMESTAMP",
    "current_localtime": "TIME", "getdate": "TIMESTAMP", "sysdate": "TIMESTAMP", "curdate": "DATE",
}  # fmt: skip
spelled = re.compile(
    r"current_(date|time|local)|\bage\s*\(|\b(now|today|localtime\w*|utc_\w+|transaction_timestamp|getdate|sysdate|curdate)\b",
    re.IGNORECASE,
)


def reads_clock(text: str) -> bool:
    """Whether a user's text may hang on the date: it spells one of `clocks`, or `age(`, be it as a column's name."""
    return spelled.search(text) is not None


def rewrite(text: str, resolve: Resolve, as_of: datetime, dialect: str) -> str:
    """Parse, refuse what is no plain expression, put `as_of` for the clock and the resolver's text for columns."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        trees = sqlglot.parse(f"SELECT {text}", dialect=dialect)
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        fix = "write a formula over columns, such as \"orders > 3 and country = 'DE'\""
        raise ProjectError(Fault("sql-syntax", f"'{text}' is not an SQL expression: {reason}", fix=fix)) from None
    select = trees[0] if len(trees) == 1 else None
    if (
        not isinstance(select, exp.Select)
        or len(select.expressions) != 1
        or any(value for key, value in select.args.items() if key != "expressions")
    ):
        raise ProjectError(
            Fault("sql-syntax", f"'{text}' must be one SQL expression", fix="write a formula, no SELECT")
        )
    tree = select.expressions[0]
    forbid(tree, text)
    return str(tree.transform(lambda node: rewrite_node(node, resolve, as_of)).sql(dialect="duckdb", comments=False))


outside = re.compile(
    r"^(read_.*|.*_scan|glob|getenv|getvariable|query|query_table|pragma_.*|duckdb_.*|write_.*|nextval)$"
)
by_chance = re.compile(r"^(rand|random|setseed|uuid|uuidv\d|gen_random_uuid|txid_current|currval)$")

by_grammar = frozenset({"cast", "coalesce", "extract", "if", "ifnull", "nullif", "try", "try_cast"})  # no list has them


def article(word: str) -> str:
    """A word with `a` or `an` before it."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def forbid(tree: "exp.Expr", text: str) -> None:
    """Refuse tables, statements and placeholders inside an expression, and functions that leave the row or do not exist."""
    from sqlglot import exp

    from c360.warehouse.engines.duckdb import function_names

    for kind in (exp.Table, exp.Subquery, exp.Select, exp.Placeholder, exp.Parameter, exp.Command, exp.Alias):
        if tree.find(kind) is not None:
            raise ProjectError(Fault("sql-not-allowed", f"'{text}' may not hold {article(kind.__name__.lower())}"))
    for call in tree.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if outside.match(name):
            raise ProjectError(Fault("sql-not-allowed", f"'{text}' may not call {name}(): it leaves the row"))
        if by_chance.match(name):
            message = f"'{text}' is not allowed: each run would come to something else"
            raise ProjectError(Fault("sql-not-allowed", message, fix="take it from a column, such as md5(email)"))
        if isinstance(call, exp.Anonymous) and name not in clocks and name not in (known := function_names()):
            fix = suggest(name, known | by_grammar) or "see the functions of DuckDB"
            raise ProjectError(Fault("sql-unknown-function", f"'{text}' calls {name}(), which does not exist", fix=fix))


def rewrite_node(node: "exp.Expr", resolve: Resolve, as_of: datetime) -> "exp.Expr":
    """One node of a snippet's tree."""
    import sqlglot
    from sqlglot import exp

    name = str(node.this).lower() if isinstance(node, exp.Anonymous) else type(node).__name__
    stamp = f"CAST({literal(as_of.strftime('%Y-%m-%d %H:%M:%S.%f'))} AS TIMESTAMP)"
    if name in clocks:
        found = stamp if clocks[name] == "TIMESTAMP" else f"CAST({stamp} AS {clocks[name]})"
        return sqlglot.parse_one(found, dialect="duckdb")
    if name == "age" and len(node.expressions) == 1:  # of one time: that until today
        today = sqlglot.parse_one(f"CAST(CAST({stamp} AS DATE) AS TIMESTAMP)", dialect="duckdb")
        node.set("expressions", [today, *node.expressions])
        return node
    if isinstance(node, exp.Column):
        if node.name.lower() in ("current_date", "current_timestamp") and not node.table:
            return node
        return sqlglot.parse_one(resolve(node.table or None, node.name), dialect="duckdb")
    return node
