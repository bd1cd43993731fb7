"""A request on a lens in, the answer out: rows with their SQL, snapshot, freshness, caveats and plan."""

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.binding.bound import Bound
from c360.lenses.compile.fetch import fetch_rows
from c360.lenses.compile.stitch import Compiled, compile_query
from c360.lenses.model.graph import anywhere
from c360.lenses.request.appends import with_appends
from c360.lenses.request.depth import refuses_depth
from c360.lenses.request.form import RequestForm, read_request
from c360.lenses.request.query import Query
from c360.lenses.request.resolve import resolve
from c360.lenses.snippets.clock import Clock
from c360.lenses.tree.nodes import Context
from c360.records import dataclass
from c360.warehouse import Connection, Row


@dataclass(frozen=True)
class Answer:
    """What a query gives.

    Attributes:
        sql: the statement that was run.
        types: the engine's type of each column.
        as_of: what "now" was (naive UTC).
        snapshot: the published snapshot, or the state of the files, that it read.
        freshness: what it read -> when that was written.
        notes: what to know about the numbers, such as what does not add up.
        plan: the statement in words.
        not_additive: measure -> the dimensions over which it does not add up (`*`: over any).
        totals: the measures without dimensions, computed and not summed, when asked for.
        total_rows: how many rows there are without limit and offset, when asked for.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    sql: str
    types: tuple[str, ...] = ()
    as_of: datetime | None = None
    snapshot: str | None = None
    freshness: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    not_additive: dict[str, list[str]] = field(default_factory=dict)
    totals: dict[str, Any] | None = None
    total_rows: int | None = None

    def arrow(self) -> Any:
        """The rows as a pyarrow table with the engine's types."""
        from c360.lenses.arrow import arrow_table

        return arrow_table(self.columns, self.types, self.rows)

    def as_json(self) -> dict[str, Any]:
        """The answer as plain values; `rows` are objects by column name."""
        return {
            "columns": list(self.columns), "types": list(self.types), "rows": self.dicts(), "sql": self.sql, "as_of": self.as_of, "snapshot": self.snapshot,
            "freshness": self.freshness, "notes": list(self.notes), "plan": list(self.plan),
            "not_additive": self.not_additive, "totals": self.totals, "total_rows": self.total_rows,
        }  # fmt: skip

    def dicts(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def now() -> datetime:
    """The present moment (naive UTC)."""
    return datetime.now(UTC).replace(tzinfo=None)


def prepare(bound: Bound, request: Any, as_of: datetime | None = None) -> tuple[Context, Query]:
    """A request with all names resolved, and the context to compile it in."""
    form = request if isinstance(request, RequestForm) else read_request(request)
    clock = Clock(as_of or bound.as_of or now(), form.timezone)
    clock.zone  # noqa: B018 an unknown zone is said before anything else
    check_via(bound, form)
    bound.refresh()
    lens = with_appends(bound.lens, form)
    query = resolve(lens, form, clock)
    return Context(bound.with_lens(lens), clock, query.params, query.via, query.dialect), query


def check_via(bound: Bound, form: RequestForm) -> None:
    """What `via` names is there.

    Raises:
        ProjectError: it names no entity and no relationship of the lens.
    """
    edges = [edge for leaving in bound.graph.edges.values() for edge in leaving]
    known = {*bound.lens.entities, *(edge.name for edge in edges)}
    known |= {f"{edge.source}.{','.join(edge.source_fields)}" for edge in edges}
    wanted = [*form.via, *(token for tokens in form.via.values() for token in tokens)]
    unknown = [name for name in wanted if name not in known and name != anywhere]
    if unknown:
        raise ProjectError(
            *(
                Fault(
                    "lens-unknown-via",
                    f"`via` names '{name}', which is no entity or relationship",
                    fix=suggest(name, known),
                )
                for name in unknown
            )
        )


@refuses_depth
def compile_request(bound: Bound, request: Any, as_of: datetime | None = None) -> Compiled:
    """The statement of a request, without running it."""
    form = request if isinstance(request, RequestForm) else read_request(request)
    context, query = prepare(bound, form, as_of)
    compiled = put_round(compile_query(context, query), form.outer)
    bound.proven_of = bound.state()
    return compiled


@refuses_depth
def run_query(
    bound: Bound, request: Any, connection: Connection | None = None, as_of: datetime | None = None
) -> Answer:
    """Answer a request.

    Args:
        bound: the lens over its tables.
        request: the JSON of a query, or a form that another query language was read into.
        connection: where to run it; default the one the lens is bound to.
        as_of: what "now" is (naive UTC); default the present.

    Raises:
        ProjectError: the request is wrong, each fault with its fix.
        WarehouseError: the engine refused the statement.
    """
    form = request if isinstance(request, RequestForm) else read_request(request)
    if form.listing is not None:
        return listed(bound, form.listing)
    context, query = prepare(bound, form, as_of)
    runs_on = connection or bound.connection
    if runs_on is None:
        raise ValueError("run_query needs a connection")
    compiled = put_round(compile_query(context, query), form.outer)
    bound.proven_of = bound.state()
    rows = list(fetch_rows(runs_on, compiled.sql))
    types = tuple(str(column[1]) for column in runs_on.raw.description or ())
    return Answer(
        columns=compiled.columns, rows=rows, sql=compiled.sql, types=types, as_of=context.clock.as_of, snapshot=bound.snapshot_id(),
        freshness=bound.freshness(), notes=tuple(compiled.notes), plan=tuple(compiled.plan),
        not_additive=compiled.not_additive, totals=totals(context, query, runs_on) if query.totals else None,
        total_rows=total_rows(context, query, runs_on) if query.total else None,
    )  # fmt: skip


def listed(bound: Bound, what: str) -> Answer:
    """What LQL lists: the lenses, or the entities of one."""
    if what == "lenses":
        return Answer(("lens", "description"), [(bound.lens.name, bound.lens.description)], "")
    rows = [(entity.name, entity.description, len(entity.members)) for entity in bound.lens.entities.values()]
    return Answer(("entity", "description", "members"), rows, "")


def put_round(compiled: Compiled, outer: str | None) -> Compiled:
    """The outer SELECT of LQL round the statement.

    Raises:
        ProjectError: it is no SELECT over the answer alone.
    """
    if outer is None:
        return compiled
    from c360.lenses.request.text.outer import wrap

    sql, columns = wrap(outer, compiled.sql, compiled.columns)
    return replace(compiled, sql=sql, columns=columns)


def totals(context: Context, query: Query, connection: Connection) -> dict[str, Any]:
    """The measures over all rows that the filters keep: computed anew, without dimensions, conditions and limit."""
    whole = replace(
        query, dimensions=(), having=(), order=None, limit=None, offset=0, ungrouped=False,
        columns=tuple(name for name in query.columns if name not in {item.name for item in query.dimensions}),
    )  # fmt: skip
    if not whole.columns:
        return {}
    compiled = compile_query(context, whole)
    return dict(zip(compiled.columns, first(fetch_rows(connection, compiled.sql), len(compiled.columns)), strict=True))


def first(rows: Sequence[Row], width: int) -> Row:
    """The first row, or one of NULLs."""
    return rows[0] if rows else (None,) * width


def total_rows(context: Context, query: Query, connection: Connection) -> int:
    """How many rows the query has without limit and offset."""
    compiled = compile_query(context, replace(query, limit=None, offset=0))
    return int(connection.scalar(f"SELECT COUNT(*) FROM ({compiled.sql}) AS answer"))
