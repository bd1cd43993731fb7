"""The SELECTs of a query in, one statement out: stitched on equal dimension values, formulas and conditions on top."""

from dataclasses import field
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.compile.plan import Part, additive, is_count, make_parts
from c360.lenses.request.query import Derived, Query
from c360.lenses.snippets.clock import Clock
from c360.lenses.snippets.parse import parse_snippet, put_clock, put_params
from c360.lenses.snippets.types import integer_division_of
from c360.lenses.tree.nodes import Context
from c360.records import dataclass
from c360.warehouse import comma, quote

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass
class Compiled:
    """A query as one statement of the engine.

    Attributes:
        sql: DuckDB's dialect, in the portable subset.
        notes: what to know about the numbers: what does not add up, what the data disproved.
        plan: the statement in words.
        not_additive: measure -> the dimensions over which it does not add up (`*`: over any).
    """

    sql: str
    columns: tuple[str, ...]
    notes: list[str] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)
    not_additive: dict[str, list[str]] = field(default_factory=dict)


def compile_query(context: Context, query: Query) -> Compiled:
    """Write the statement of a query.

    Raises:
        ProjectError: ambiguous or missing paths, formulas that would fan out, unknown names.
    """
    parts = make_parts(context, query)
    writer = Writer(context, query, parts)
    compiled = Compiled(writer.sql(), query.columns)
    from c360.lenses.compile.explain import explain

    explain(context, query, parts, compiled)
    return compiled


class Writer:
    """Writes the outer statement."""

    def __init__(self, context: Context, query: Query, parts: list[Part]) -> None:
        self.context = context
        self.query = query
        self.parts = parts
        self.columns = {item.name: f"d{place}" for place, item in enumerate(query.dimensions)}
        self.slots: dict[str, str] = {}
        for part in parts:
            for item in part.measures:
                self.slots[item.name] = f"m{len(self.slots)}"
        self.columns |= self.slots
        self.derived = {item.name: item for item in query.derived}
        self.open: list[str] = []

    def sql(self) -> str:
        """The whole statement."""
        shown = {item.name: self.shown(item.name) for item in self.query.dimensions}
        shown |= {name: self.shown(name) for name in self.query.columns}
        selected = [f"{shown[name]} AS {quote(name)}" for name in self.query.columns]
        sql = f"SELECT {comma(selected)} FROM ({self.stitched()}) AS answer"
        conditions = [self.formula(text, dialect) for text, dialect in self.query.having]
        if conditions:
            sql += f" WHERE {' AND '.join(f'({text})' for text in conditions)}"
        order = self.order()
        if order:
            sql += f" ORDER BY {comma(order)}"
        if self.query.limit is not None:
            sql += f" LIMIT {self.query.limit}"
        if self.query.offset:
            sql += f" OFFSET {self.query.offset}"
        return sql

    def shown(self, name: str) -> str:
        """A column of the answer over the stitched rows."""
        if name in self.derived:
            return self.derived_text(self.derived[name])
        return self.slot(name)

    def slot(self, name: str) -> str:
        """A dimension or measure of the stitched rows; counts of nothing are 0."""
        text = quote(self.columns[name])
        counted = len(self.parts) > 1 and any(
            item.name == name and is_count(item) for part in self.parts for item in part.measures
        )
        return f"COALESCE({text}, 0)" if counted else text

    def stitched(self) -> str:
        """The parts as one row set: UNION ALL with typed NULLs, one row per dimension values, MAX per measure."""
        if len(self.parts) == 1:
            return self.parts[0].sql
        names = [quote(f"d{place}") for place in range(len(self.query.dimensions))]
        types = self.types(names)
        selects = []
        taken = 0
        for part in self.parts:
            values = [f"CAST(NULL AS {kind})" if kind else "NULL" for kind in types]
            for place in range(len(part.measures)):
                values[taken + place] = quote(f"m{place}")
            taken += len(part.measures)
            columns = [f"{value} AS {quote(f'm{slot}')}" for slot, value in enumerate(values)]
            selects.append(f"SELECT {comma([*names, *columns])} FROM ({part.sql}) AS part")
        maxima = [f"MAX({quote(f'm{slot}')}) AS {quote(f'm{slot}')}" for slot in range(len(types))]
        sql = f"SELECT {comma([*names, *maxima])} FROM ({' UNION ALL '.join(selects)}) AS parts"
        return f"{sql} GROUP BY {comma(str(n + 1) for n in range(len(names)))}" if names else sql

    def types(self, names: list[str]) -> list[str]:
        """The engine's type of each measure, so that its NULLs have it too."""
        connection = self.context.bound.connection
        measures = [item for part in self.parts for item in part.measures]
        if connection is None:
            return ["BIGINT" if is_count(item) else declared_type(item.member.type) for item in measures]
        types = []
        for part in self.parts:
            rows = connection.rows(f"DESCRIBE {part.sql}", portable=False)
            types += [str(row[1]) for row in rows[len(names) :]]
        return types

    def order(self) -> list[str]:
        """The order asked for, then the dimensions, so that pages never overlap."""
        chosen = self.query.order if self.query.order is not None else ()
        texts = [f"{self.ordered(name)} {direction.upper()} NULLS LAST" for name, direction in chosen]
        named = {name for name, _ in chosen}
        rest = [item.name for item in self.query.dimensions if item.name not in named]
        return [*texts, *(f"{quote(self.columns[name])} ASC NULLS LAST" for name in rest)]

    def ordered(self, name: str) -> str:
        """A column that the answer is ordered by."""
        if name in self.derived or name in self.columns:
            return self.shown(name)
        return self.named(name)

    def derived_text(self, item: Derived) -> str:
        """A formula over columns of the answer."""
        if item.name in self.open:
            chain = " -> ".join((*self.open, item.name))
            raise ProjectError(Fault("lens-cycle", f"derived columns read each other: {chain}"))
        self.open.append(item.name)
        try:
            return self.formula(item.sql, item.dialect, dict(item.names))
        finally:
            self.open.pop()

    def formula(self, sql: str, dialect: str, names: dict[str, str] | None = None) -> str:
        """SQL over columns of the answer."""
        from sqlglot import exp, parse_one

        snippet = parse_snippet(put_params(sql, self.context.params), dialect)
        if snippet.tree.find(exp.AggFunc) is not None:
            message = f"'{sql}' aggregates, but its columns are aggregates already"
            raise ProjectError(Fault("lens-measure-as-value", message, fix="write a formula over the columns"))

        def put(node: "exp.Expr") -> "exp.Expr":
            if not isinstance(node, exp.Column):
                return node
            reference = snippet.reference(node.name)
            entity, short = (reference.entity, reference.name) if reference else (node.table, node.name)
            full = f"{entity}.{short}" if entity else short
            text = self.named((names or {}).get(full, full))
            return (
                exp.paren(parse_one(text, dialect="duckdb"), copy=False)
                if "(" in text
                else parse_one(text, dialect="duckdb")
            )

        tree = put_clock(snippet.tree.copy(), self.context.clock).transform(put)
        typed = integer_division_of(tree, self.type_of, dialect)
        return typed.sql(dialect="duckdb")

    def named(self, full: str) -> str:
        """A column by name: a derived one, a measure, a dimension by its column or by its member."""
        if full in self.derived:
            return self.derived_text(self.derived[full])
        if full in self.columns:
            return self.slot(full)
        for item in self.query.measures:
            if item.member.full == full and not item.filters and item.range is None and not item.per:
                return self.slot(item.name)
        for place in self.query.dimensions:
            if place.member is not None and place.member.full == full:
                return self.slot(place.name)
        raise ProjectError(Fault("lens-unknown-column", f"'{full}' is no column of the answer"))

    def type_of(self, tree: "exp.Expr") -> str:
        """The type of a stitched column, where integer division depends on it."""
        from sqlglot import exp

        if isinstance(tree, exp.Column):
            slots = {slot: name for name, slot in self.slots.items()}
            name = slots.get(tree.name)
            for part in self.parts:
                for item in part.measures:
                    if item.name == name:
                        return "BIGINT" if is_count(item) else ""
        return ""


def declared_type(kind: str) -> str:
    """The type of a measure where no engine can be asked."""
    return "DOUBLE" if kind in ("sum", "avg", "number", "running_total") else ""


__all__ = ["Clock", "Compiled", "additive", "compile_query"]
