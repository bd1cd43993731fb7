"""A time and a granularity in, the bucket on the clocks of the query's time zone out; spines for rolling windows."""

from datetime import datetime
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Window
from c360.lenses.request.ranges import Range, floor, shift
from c360.lenses.snippets.clock import timestamp_sql
from c360.lenses.tree.group import Spine, trunk
from c360.lenses.tree.scope import Scope

if TYPE_CHECKING:
    from sqlglot import exp

most_buckets = 20_000


def local(scope: Scope, tree: "exp.Expr") -> "exp.Expr":
    """A UTC timestamp on the clocks of the time zone; a date is a date in every zone."""
    from sqlglot import exp

    zone = scope.context.clock.timezone
    stamp = exp.cast(tree, "timestamp", dialect="duckdb") if scope.type_of(tree) != "TIMESTAMP" else tree
    if zone == "UTC" or scope.type_of(tree) == "DATE":
        return stamp
    utc = exp.paren(exp.AtTimeZone(this=stamp, zone=exp.Literal.string("UTC")), copy=False)
    return exp.AtTimeZone(this=utc, zone=exp.Literal.string(zone))


def bucket(scope: Scope, tree: "exp.Expr", granularity: str) -> "exp.Expr":
    """The start of the calendar unit that holds a time; weeks start on Monday."""
    from sqlglot import exp

    unit = exp.Literal.string(granularity.upper())
    return exp.TimestampTrunc(this=local(scope, tree), unit=exp.Var(this=unit.this))


def make_spine(
    scope: Scope, place: int, tree: "exp.Expr", granularity: str, window: Window, span: Range | None
) -> Spine:
    """The buckets of a rolling measure, and which rows belong to each.

    The buckets are those of the query's range, with none left out; without a range those in the data.
    """
    import sqlglot

    alias = scope.alias("spine")
    sql = enumerated(span, granularity) if span is not None else in_data(scope, tree, granularity)
    moment = local(scope, tree).sql(dialect="duckdb")
    ends = {"start": f'"{alias}"."bucket"', "end": f'"{alias}"."stop"'}
    base = ends[window.offset]
    parts = []
    if window.trailing != "unbounded":
        parts.append(f"{moment} >= {moved(base, window.trailing, -1)}")
    if window.leading != "unbounded":
        parts.append(f"{moment} < {moved(base, window.leading, 1)}")
    on = sqlglot.parse_one(" AND ".join(parts) or f"{moment} IS NOT NULL", dialect="duckdb")
    return Spine(sql, place, on, alias)


def moved(base: str, size: tuple[int, str] | str | None, sign: int) -> str:
    """A bucket's end, moved by a window's size."""
    if not isinstance(size, tuple):
        return base
    number, unit = size
    number, unit = (number * 3, "month") if unit == "quarter" else (number, unit)
    return f"({base} + INTERVAL '{sign * number}' {unit.upper()})"


def enumerated(span: Range, granularity: str) -> str:
    """The buckets of a range as rows.

    Raises:
        ProjectError: there are too many.
    """
    rows = []
    start = floor(span.start, granularity)
    while start < span.stop:
        stop = shift(start, granularity, 1)
        rows.append(f"SELECT {timestamp_sql(start)} AS bucket, {timestamp_sql(stop)} AS stop")
        start = stop
        if len(rows) > most_buckets:
            message = f"the range '{span.text}' has more than {most_buckets} buckets of a {granularity}"
            raise ProjectError(Fault("lens-range", message, fix="take a coarser granularity or a shorter range"))
    return " UNION ALL ".join(rows) or empty


empty = "SELECT CAST(NULL AS TIMESTAMP) AS bucket, CAST(NULL AS TIMESTAMP) AS stop WHERE 1 = 0"


def in_data(scope: Scope, tree: "exp.Expr", granularity: str) -> str:
    """The buckets that hold any row."""
    start = bucket(scope, tree, granularity).sql(dialect="duckdb")
    unit = "'3' MONTH" if granularity == "quarter" else f"'1' {granularity.upper()}"
    rows = (
        f"SELECT DISTINCT {start} AS bucket FROM {trunk(scope, [tree])} WHERE {tree.sql(dialect='duckdb')} IS NOT NULL"
    )
    return f"SELECT bucket, bucket + INTERVAL {unit} AS stop FROM ({rows}) AS buckets"


def window_range(window: Window, span: Range | None, as_of: datetime) -> Range:
    """The range of a rolling measure where no bucket is asked for: round the query's range, else round as_of."""
    base = (span.stop if window.offset == "end" else span.start) if span is not None else as_of
    first, last = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 wall clock of the query's zone
    start = first if window.trailing == "unbounded" else apply(base, window.trailing, -1)
    stop = last if window.leading == "unbounded" else apply(base, window.leading, 1)
    return Range(start, max(start, stop), text="the rolling window")


def apply(base: datetime, size: tuple[int, str] | str | None, sign: int) -> datetime:
    """A moment moved by a window's size."""
    return shift(base, size[1], sign * size[0]) if isinstance(size, tuple) else base
