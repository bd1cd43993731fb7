"""`SELECT "customer.state", MEASURE("order_placed.monetary") FROM lens.customer_360 ...` in, a request out."""

from typing import TYPE_CHECKING, Any

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.model.lens import Lens
from c360.lenses.request.form import RequestForm, granularities, read_request
from c360.lenses.snippets.parse import refused_functions
from c360.lenses.snippets.statement import parse_statement

if TYPE_CHECKING:
    from sqlglot import exp

quotes_names = ("trino", "presto", "athena", "duckdb", "postgres", "snowflake", "redshift", "oracle")
types = {
    "Sum": "sum",
    "Avg": "avg",
    "Min": "min",
    "Max": "max",
    "Count": "count",
    "ApproxDistinct": "count_distinct_approx",
}


def read_sql(lens: Lens, text: str) -> RequestForm:
    """Read one SELECT over a lens.

    Columns are members (`"customer.state"` or `customer.state`), `date_trunc('month', time)` a time dimension,
    `MEASURE(...)` a measure, `sum(member)` a measure made for this query, and formulas over measures are derived.

    Raises:
        ProjectError: it is not one SELECT over this lens.
    """
    return SqlReader(lens, text).read()


class SqlReader:
    """Reads one statement; what it finds gathers in `request`."""

    def __init__(self, lens: Lens, text: str) -> None:
        self.lens = lens
        self.text = text
        self.dialect = lens.dialect if lens.dialect in quotes_names else "duckdb"
        self.request: dict[str, Any] = {"dimensions": [], "measures": [], "timeDimensions": [], "derived": {}}
        self.columns: list[str] = []

    def read(self) -> RequestForm:
        """The whole statement."""
        select = self.parse()
        self.check(select)
        for item in select.expressions:
            self.column(item)
        where, having, order = select.args.get("where"), select.args.get("having"), select.args.get("order")
        self.request["filters"] = [self.formula(part) for part in conjuncts(where.this)] if where else []
        self.request["having"] = [self.formula(part) for part in conjuncts(having.this)] if having else []
        if order:
            self.request["order"] = [self.ordered(item) for item in order.expressions]
        for word in ("limit", "offset"):
            if select.args.get(word) is not None:
                self.request[word] = whole(word, select.args[word].expression.name)
        self.check_group(select)
        return read_request({**self.request, "columns": self.columns, "dialect": self.dialect})

    def parse(self) -> "exp.Select":
        """The statement's tree."""
        from sqlglot import exp

        fix = 'write SELECT "entity.member", MEASURE("entity.measure") FROM lens.' + self.lens.name
        tree = parse_statement(self.text, self.dialect, "the query", fix=fix)
        if not isinstance(tree, exp.Select):
            raise ProjectError(Fault("sql-syntax", "the query must be one SELECT", fix=fix))
        return tree

    def check(self, select: "exp.Select") -> None:
        """Only the clauses that a lens answers, over this lens alone."""
        from sqlglot import exp

        known = {"expressions", "from_", "from", "where", "group", "having", "order", "limit", "offset", "kind"}
        extra = [key for key, value in select.args.items() if value and key not in known]
        if extra or select.find(exp.Subquery, exp.Join, exp.Window) is not None:
            what = extra[0] if extra else "sub-queries, joins or windows"
            fix = "the lens joins by itself; ask for members"
            raise ProjectError(Fault("sql-not-allowed", f"a query of a lens has no {what}", fix=fix))
        tables = list(select.find_all(exp.Table))
        name = tables[0].name if tables else ""
        if len(tables) != 1 or name not in (self.lens.name, "lens"):
            fix = suggest(name, [self.lens.name]) or f"write FROM lens.{self.lens.name}"
            raise ProjectError(Fault("lens-unknown", f"'{name}' is not this lens", fix=fix))
        for call in select.find_all(exp.Anonymous):
            if refused_functions.match(str(call.this)):
                raise ProjectError(Fault("sql-not-allowed", f"a query may not call {call.this}()"))

    def column(self, item: "exp.Expr") -> None:
        """One item of the SELECT list."""
        from sqlglot import exp

        alias = item.alias if isinstance(item, exp.Alias) else None
        tree = item.this if isinstance(item, exp.Alias) else item
        full = member_name(tree)
        measure = measure_name(tree)
        if measure is not None or (full is not None and self.kind(full) == "measure"):
            self.add("measures", {"measure": measure or full, **named(alias)}, alias or measure or str(full))
        elif full is not None:
            self.add("dimensions", {"dimension": full, **named(alias)}, alias or full)
        elif isinstance(tree, exp.DateTrunc | exp.TimestampTrunc) and member_name(tree.this):
            self.time(tree, alias)
        elif any(measure_name(node) for node in tree.walk()):
            self.need(alias, tree)
            self.request["derived"][alias] = self.formula(tree)
            self.columns.append(str(alias))
        elif tree.find(exp.AggFunc) is not None:
            self.need(alias, tree)
            self.add("measures", {**self.aggregate(tree), **named(alias)}, str(alias))
        else:
            self.need(alias, tree)
            self.add("dimensions", {"sql": self.formula(tree), **named(alias)}, str(alias))

    def add(self, kind: str, item: dict[str, Any], name: str) -> None:
        """One more part of the request."""
        self.request[kind].append(item)
        self.columns.append(name)

    def need(self, alias: str | None, tree: "exp.Expr") -> None:
        """A formula has a name."""
        if alias is None:
            shown = tree.sql(dialect=self.dialect)
            raise ProjectError(Fault("lens-request", f"the column {shown} needs a name", fix=f"write {shown} AS name"))

    def kind(self, full: str) -> str:
        """What a member is."""
        entity, _, name = full.partition(".")
        if full == "time" or name.rpartition(".")[2] in granularities:
            return "dimension"
        if name in ("#", "*"):
            return "measure" if name == "#" else "dimension"
        return self.lens.member(f"{entity}.{name}").kind

    def time(self, tree: "exp.Expr", alias: str | None) -> None:
        """`date_trunc('month', "order_placed.activity_ts")`."""
        full, unit = str(member_name(tree.this)), str(tree.args["unit"].name).lower()
        name = alias or full
        self.add("timeDimensions", {"dimension": full, "granularity": unit, "as": name}, name)

    def aggregate(self, tree: "exp.Expr") -> dict[str, Any]:
        """An aggregate over members: a measure made for this query, of the entity that it reads first."""
        from sqlglot import exp

        members = [name for column in tree.find_all(exp.Column) if (name := member_name(column))]
        if not members:
            fix = 'write COUNT("entity.key"), or MEASURE("entity.#")'
            raise ProjectError(Fault("lens-request", "an aggregate names no member, so whose rows?", fix=fix))
        of, inner, kind = members[0].partition(".")[0], tree.this, types.get(type(tree).__name__)
        if isinstance(tree, exp.Count) and isinstance(inner, exp.Distinct) and len(inner.expressions) == 1:
            return {"of": of, "type": "count_distinct", "sql": self.formula(inner.expressions[0])}
        if kind is None or not isinstance(inner, exp.Expr) or isinstance(inner, exp.Star | exp.Distinct):
            return {"of": of, "type": "number", "sql": self.formula(tree)}
        return {"of": of, "type": kind, "sql": self.formula(inner)}

    def formula(self, tree: "exp.Expr") -> str:
        """An expression as text with `${entity.member}` for members; a bare name is a column of the answer."""
        from sqlglot import exp

        def put(node: exp.Expr) -> exp.Expr:
            name = measure_name(node) or member_name(node)
            return exp.Var(this="${" + name + "}") if name else node

        return str(tree.copy().transform(put).sql(dialect=self.dialect))

    def ordered(self, item: "exp.Expr") -> tuple[str, str]:
        """One item of ORDER BY: a place, a name, a member or a measure."""
        from sqlglot import exp

        tree = item.this if isinstance(item, exp.Ordered) else item
        direction = "desc" if isinstance(item, exp.Ordered) and item.args.get("desc") else "asc"
        if isinstance(tree, exp.Literal) and tree.is_int:
            place = int(tree.name)
            if not 1 <= place <= len(self.columns):
                raise ProjectError(Fault("lens-request", f"ORDER BY {place}: there are {len(self.columns)} columns"))
            return self.columns[place - 1], direction
        name = measure_name(tree) or member_name(tree) or (tree.name if isinstance(tree, exp.Column) else None)
        if name is None:
            shown = tree.sql(dialect=self.dialect)
            raise ProjectError(Fault("lens-request", f"ORDER BY {shown}: name a column of the SELECT"))
        return name, direction

    def check_group(self, select: "exp.Select") -> None:
        """GROUP BY says what the lens does anyway; a member that is not selected would be missed."""
        from sqlglot import exp

        group = select.args.get("group")
        for tree in group.expressions if group else ():
            full = member_name(tree)
            if isinstance(tree, exp.Literal) or full is None:
                continue
            asked = [item.get("dimension") for item in (*self.request["dimensions"], *self.request["timeDimensions"])]
            if full not in asked and full not in self.columns:
                fix = f'add "{full}" to the SELECT list'
                raise ProjectError(Fault("lens-request", f"GROUP BY {full}, which is not selected", fix=fix))


def named(alias: str | None) -> dict[str, str]:
    """The name of a column, where one is given."""
    return {"as": alias} if alias else {}


def member_name(tree: "exp.Expr") -> str | None:
    """`"customer.state"` or `customer.state` -> customer.state; None for anything else."""
    from sqlglot import exp

    if not isinstance(tree, exp.Column):
        return None
    parts = [part.name for part in tree.parts]
    full = ".".join(parts)
    return full if "." in full or full == "time" else None


def measure_name(tree: "exp.Expr") -> str | None:
    """`MEASURE("order_placed.monetary")` -> order_placed.monetary."""
    from sqlglot import exp

    if isinstance(tree, exp.Anonymous) and str(tree.this).upper() in ("MEASURE", "AGGREGATE") and tree.expressions:
        return member_name(tree.expressions[0]) or tree.expressions[0].name
    return None


def conjuncts(tree: "exp.Expr") -> list["exp.Expr"]:
    """The parts of a condition that must all hold."""
    from sqlglot import exp

    tree = tree.unnest()
    return [*conjuncts(tree.left), *conjuncts(tree.right)] if isinstance(tree, exp.And) else [tree]


def whole(word: str, text: str) -> int:
    """The number of LIMIT or OFFSET.

    Raises:
        ProjectError: it is no whole number.
    """
    if not (text.isascii() and text.isdigit()):
        raise ProjectError(Fault("sql-syntax", f"{word.upper()} needs one whole number"))
    return int(text[:18])
