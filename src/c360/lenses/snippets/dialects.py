"""A statement in DuckDB's dialect in, the same statement for another engine out."""

from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.snippets.parse import rewrite_up

if TYPE_CHECKING:
    from sqlglot import exp

engines = ("duckdb", "postgres", "spark", "snowflake", "bigquery", "trino")
sub_day = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")


def write_for(sql: str, engine: str, *, pretty: bool = True) -> str:
    """Write a statement for an engine.

    Raises:
        ProjectError: it is not one that c360 writes for.
    """
    import sqlglot

    if engine not in engines:
        fix = suggest(engine, engines) or f"known: {', '.join(engines)}"
        raise ProjectError(Fault("lens-unknown-dialect", f"no SQL is written for '{engine}'", fix=fix))
    tree = rewrite_up(sqlglot.parse_one(sql, dialect="duckdb"), lambda node: adapt(node, engine))
    return str(tree.sql(dialect=engine, pretty=pretty))


def adapt(node: "exp.Expr", engine: str) -> "exp.Expr":
    """One node of the statement, where an engine says it otherwise than sqlglot writes it."""
    from sqlglot import exp

    if isinstance(node, exp.DataType) and node.this == exp.DType.INT128 and engine != "duckdb":
        return exp.DataType.build("DECIMAL(38, 0)", dialect="duckdb")
    if isinstance(node, exp.AtTimeZone) and engine in ("spark", "snowflake", "bigquery"):
        return local_time(node, engine)
    if engine == "bigquery":
        return adapt_bigquery(node)
    if engine == "postgres" and isinstance(node, exp.Round) and node.args.get("decimals") is not None:
        return exp.Round(this=exp.cast(node.this, "numeric", dialect="postgres"), decimals=node.args["decimals"])
    return node


def local_time(node: "exp.Expr", engine: str) -> "exp.Expr":
    """`(ts AT TIME ZONE 'UTC') AT TIME ZONE zone`: a UTC timestamp on the clocks of a zone."""
    from sqlglot import exp

    inner = node.this.unnest()
    if not isinstance(inner, exp.AtTimeZone):
        return node
    zone, stamp = node.args["zone"], inner.this
    if engine == "spark":
        return exp.Anonymous(this="FROM_UTC_TIMESTAMP", expressions=[stamp, zone])
    if engine == "snowflake":
        return exp.Anonymous(this="CONVERT_TIMEZONE", expressions=[exp.Literal.string("UTC"), zone, stamp])
    utc = exp.Anonymous(this="TIMESTAMP", expressions=[stamp, exp.Literal.string("UTC")])
    return exp.Anonymous(this="DATETIME", expressions=[utc, zone])


def adapt_bigquery(node: "exp.Expr") -> "exp.Expr":
    """BigQuery counts weeks from Sunday, and takes times apart from dates."""
    from sqlglot import exp

    if isinstance(node, exp.TimestampTrunc):
        unit = str(node.args["unit"].name).upper()
        shown = exp.Var(this="ISOWEEK" if unit == "WEEK" else unit)
        return exp.Anonymous(this="DATETIME_TRUNC", expressions=[node.this, shown])
    if isinstance(node, exp.SplitPart):
        pieces = exp.Anonymous(this="SPLIT", expressions=[node.this, node.args["delimiter"]])
        number = node.args["part_index"]
        place = (
            exp.Literal.number(int(number.name) - 1)
            if number.is_int
            else exp.Sub(this=number, expression=exp.Literal.number(1))
        )
        return exp.Bracket(this=pieces, expressions=[place], offset=0, safe=True)
    if isinstance(node, exp.DateDiff) and str(node.args.get("unit") or "").upper() in sub_day:
        unit_name = exp.Var(this=str(node.args["unit"]).upper())
        return exp.Anonymous(this="DATETIME_DIFF", expressions=[node.this, node.expression, unit_name])
    return node
