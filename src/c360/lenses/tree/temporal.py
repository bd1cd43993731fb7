"""Two activities of one entity and a temporal relation in, what the second adds to each row of the first out.

Source: ActivitySchema 2.0 (github.com/ActivitySchema/ActivitySchema): first, last, nth and aggregate, each ever, before,
after or in between. Rows of the first activity are never multiplied and never dropped: what is joined to them has one
row per key by construction. Before and after are strict; in between ends before the activity's next occurrence.
"""

import re
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Append, Member, counts
from c360.lenses.model.relations import numbered, read_relation
from c360.lenses.tree.aggregates import Aggregate, aggregate
from c360.lenses.tree.nodes import Extra, Node
from c360.lenses.tree.scope import Scope
from c360.warehouse import comma, quote

if TYPE_CHECKING:
    from sqlglot import exp

aggregate_take = re.compile(r"^(count_distinct|count|sum|avg|min|max)\s*(?:\(\s*(.*?)\s*\))?$", re.DOTALL)


def append_extra(scope: Scope, node: Node, member: Member) -> "exp.Expr":
    """The column that a temporal relationship adds to the rows of a node."""
    from sqlglot import exp

    key = (id(node), f"append {member.full}")
    append = member.append
    if append is None:
        raise ValueError(member)
    counted = Builder(scope, node, member, append)
    if key not in scope.extras:
        scope.extras[key] = counted.extra()
        scope.joined[scope.extras[key].alias] = scope.extras[key]
    found: exp.Expr = exp.column("m0", table=scope.extras[key].alias, quoted=True)
    if counted.is_count():
        found = exp.Coalesce(this=found, expressions=[exp.Literal.number(0)])
    return found


class Builder:
    """Writes the derived table of one temporal relationship.

    The appended rows of an entity are numbered in time. How many of them lie before, and up to, each moment is one
    running sum over both activities; so every relation is a range of numbers, and taking the first or last of it is a
    join on equality.
    """

    def __init__(self, scope: Scope, node: Node, member: Member, append: Append) -> None:
        self.scope = scope
        self.node = node
        self.member = member
        self.append = append
        self.relation = read_relation(append.relation)
        lens = scope.context.bound.lens
        self.appended = Scope(scope.context, lens.entity(append.entity, member.at).name)
        self.cohort = Scope(scope.context, node.entity)
        self.keys = common_key(scope, node.entity, append.entity, member)

    def is_count(self) -> bool:
        """Whether nothing means 0 and not NULL."""
        return self.relation.pick == "aggregate" and self.taken().kind in counts

    def taken(self) -> Aggregate:
        """What is aggregated over the range: a measure of the activity, or `sum(order_value)`."""
        text = self.append.take or "count"
        home = self.appended.home
        members = self.scope.context.bound.lens.entities[home.entity].members
        if text in members and members[text].kind == "measure":
            return aggregate(self.appended, members[text], home)
        match = aggregate_take.match(text)
        if match is None:
            fix = "write count, sum(member), avg(...), min(...), max(...), count_distinct(...), or name a measure"
            raise ProjectError(Fault("lens-append", f"'{text}' is nothing to aggregate", self.member.at, fix))
        measure = Member(home.entity, "taken", "measure", match[1], sql=match[2] or None, at=self.member.at)
        return aggregate(self.appended, measure, home)

    def extra(self) -> Extra:
        """The derived table, and how it joins the rows of the node."""
        from sqlglot import exp

        alias = self.scope.alias("appended")
        sql = self.numbers() if self.relation.pick == "occurrence" else self.table()
        sides = [self.scope.own(self.node, name) for name in self.outer_names()]
        strict = len(self.keys) + 1  # the entity and the time; a primary key may hold a NULL
        pairs = [
            (exp.EQ if n < strict else exp.NullSafeEQ)(
                this=side, expression=exp.column(f"k{n}", table=alias, quoted=True)
            )
            for n, side in enumerate(sides)
        ]
        return Extra(alias, self.node, sql, exp.and_(*pairs))

    def outer_names(self) -> list[str]:
        """The fields of the first activity that the value depends on."""
        own = [left for left, _ in self.keys]
        if self.relation.span == "ever":
            return own
        names = [*own, time_of(self.cohort, self.member).name]
        if self.relation.span in ("between", *numbered):
            names += [one.name for one in self.cohort_key() if one.name not in names]
        return names

    def cohort_key(self) -> tuple[Member, ...]:
        """The primary key of the first activity, which tells rows of one moment apart."""
        return self.scope.context.bound.lens.entities[self.node.entity].key

    def cohort_rows(self) -> str:
        """SELECT DISTINCT k0, k1 ... of the first activity's rows that have an entity and a time."""
        from c360.lenses.tree.group import trunk

        trees = [self.cohort.own(self.cohort.home, name) for name in self.outer_names()]
        texts = [tree.sql(dialect="duckdb") for tree in trees]
        selected = comma(f"{text} AS {quote(f'k{n}')}" for n, text in enumerate(texts))
        present = " AND ".join(f"{text} IS NOT NULL" for text in texts[: len(self.keys) + 1])
        return f"SELECT DISTINCT {selected} FROM {trunk(self.cohort, trees)} WHERE {present}"

    def entity_columns(self, prefix: str = "") -> list[str]:
        """The columns that hold the entity's key."""
        return [f"{prefix}{quote(f'k{n}')}" for n in range(len(self.keys))]

    def appended_rows(self) -> str:
        """The appended rows with their key, time `t`, what is taken as `v`, numbered by `seq` within the entity."""
        from c360.lenses.tree.group import trunk

        scope, home = self.appended, self.appended.home
        keys = [scope.own(home, right) for _, right in self.keys]
        time = scope.own(home, time_of(scope, self.member).name)
        ties = [scope.own(home, one.name) for one in self.scope.context.bound.lens.entities[home.entity].key]
        value = self.value()
        filters = [scope.query_tree(self.append.where, scope.lens_dialect)] if self.append.where else []
        if any(scope.node_of(alias).root is not None for alias in scope.joined):
            message = f"the condition of '{self.member.full}' reads rows of which '{home.entity}' has many"
            raise ProjectError(Fault("lens-fan-out", message, self.member.at, "use members of the activity itself"))
        trees = [*keys, time, *ties, *filters, *([value] if value is not None else [])]
        texts = [tree.sql(dialect="duckdb") for tree in keys]
        order = comma(tree.sql(dialect="duckdb") for tree in (time, *ties))
        selected = [f"{text} AS {quote(f'k{n}')}" for n, text in enumerate(texts)]
        selected += [f"{time.sql(dialect='duckdb')} AS t"]
        selected += [f"{value.sql(dialect='duckdb')} AS v"] if value is not None else []
        selected += [f"ROW_NUMBER() OVER (PARTITION BY {comma(texts)} ORDER BY {order}) AS seq"]
        conditions = [f"{text} IS NOT NULL" for text in [*texts, time.sql(dialect="duckdb")]]
        conditions += [f"({tree.sql(dialect='duckdb')})" for tree in filters]
        return f"SELECT {comma(selected)} FROM {trunk(scope, trees)} WHERE {' AND '.join(conditions)}"

    def value(self) -> "exp.Expr | None":
        """What is taken of an appended row; None for a count of rows."""
        if self.relation.pick == "aggregate":
            taken = self.taken()
            if taken.kind == "number":
                message = f"'{self.append.take}' of type number cannot be taken over a range of rows"
                raise ProjectError(
                    Fault("lens-append", message, self.member.at, "use sum(...), count(...) or the like")
                )
            return taken.value
        name = self.append.take or time_of(self.appended, self.member).name
        return self.appended.member(self.appended.home, self.appended.find(self.appended.home, name, self.member.at))

    def table(self) -> str:
        """One row per key of the first activity, with the value as m0."""
        entity = comma(self.entity_columns())
        parts = [f"c360_appended AS ({self.appended_rows()})"]
        if self.relation.span == "ever":
            sizes = f"SELECT {entity}, CAST(1 AS BIGINT) AS lo, COUNT(*) AS hi FROM c360_appended GROUP BY {entity}"
            parts.append(f"c360_ranges AS ({sizes})")
        else:
            parts += self.ranges(entity)
        return f"WITH {', '.join(parts)} {self.taken_from_ranges()}"

    def ranges(self, entity: str) -> list[str]:
        """Common table expressions up to `c360_ranges`: key of the first activity, and which numbers belong to it."""
        time = quote(f"k{len(self.keys)}")
        names = self.entity_columns()
        moments = (
            f"SELECT {entity}, t, SUM(one) AS here FROM (SELECT {entity}, t, 1 AS one FROM c360_appended UNION ALL "
            f"SELECT {entity}, {time} AS t, 0 AS one FROM c360_cohort) AS both_activities GROUP BY {entity}, t"
        )
        marks = (
            f"SELECT {entity}, t, here, "
            f"SUM(here) OVER (PARTITION BY {entity} ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto, "
            f"SUM(here) OVER (PARTITION BY {entity}) AS total FROM ({moments}) AS moments"
        )
        found = [f"c360_cohort AS ({self.cohort_rows()})", f"c360_marks AS ({marks})"]
        on = " AND ".join(f"c.{name} = m.{name}" for name in names)
        keys = comma(f"c.{quote(f'k{n}')}" for n in range(len(self.outer_names())))
        bounds = {"before": ("1", "m.upto - m.here"), "after": ("m.upto + 1", "m.total")}
        if self.relation.span == "between":
            rest = comma([time, *(quote(f"k{n}") for n in range(len(names) + 1, len(self.outer_names())))])
            after = f"SELECT *, LEAD({time}) OVER (PARTITION BY {entity} ORDER BY {rest}) AS next_t FROM c360_cohort"
            later = " AND ".join(f"c.{name} = n.{name}" for name in names)
            source = (
                f"({after}) AS c JOIN c360_marks AS m ON {on} AND c.{time} = m.t "
                f"LEFT JOIN c360_marks AS n ON {later} AND c.next_t = n.t"
            )
            low, high = "m.upto + 1", "COALESCE(n.upto - n.here, m.total)"
        else:
            source = f"c360_cohort AS c JOIN c360_marks AS m ON {on} AND c.{time} = m.t"
            low, high = bounds[self.relation.span]
        found.append(f"c360_ranges AS (SELECT {keys}, {low} AS lo, {high} AS hi FROM {source})")
        return found

    def taken_from_ranges(self) -> str:
        """The value of each range: an equality join for first, last and nth; an aggregate otherwise."""
        keys = [quote(f"k{n}") for n in range(len(self.outer_names()))]
        on = " AND ".join(f"r.{name} = a.{name}" for name in self.entity_columns())
        if self.relation.pick != "aggregate":
            place = {"first": "r.lo", "last": "r.hi"}.get(self.relation.pick, f"r.lo + {(self.append.n or 1) - 1}")
            selected = comma([*(f"r.{key}" for key in keys), "a.v AS m0"])
            return (
                f"SELECT {selected} FROM c360_ranges AS r JOIN c360_appended AS a "
                f"ON {on} AND a.seq = {place} WHERE r.lo <= r.hi"
            )
        taken = self.taken()
        entity = comma(f"r.{name}" for name in self.entity_columns())
        if taken.kind == "count" and taken.value is None:
            made = "CASE WHEN lo <= hi THEN hi - lo + 1 ELSE 0 END"
            return f"SELECT {comma(keys)}, {made} AS m0 FROM c360_ranges"
        made = Aggregate(taken.kind, column_v()).sql_tree().sql(dialect="duckdb")
        values = (
            f"SELECT {entity}, r.lo, r.hi, {made} AS m0 "
            f"FROM (SELECT DISTINCT {comma(self.entity_columns())}, lo, hi FROM c360_ranges) AS r "
            f"JOIN c360_appended AS a ON {on} AND a.seq >= r.lo AND a.seq <= r.hi GROUP BY {entity}, r.lo, r.hi"
        )
        same = " AND ".join(f"r.{name} = v.{name}" for name in self.entity_columns())
        selected = comma([*(f"r.{key}" for key in keys), "v.m0"])
        return f"SELECT {selected} FROM c360_ranges AS r JOIN ({values}) AS v ON {same} AND r.lo = v.lo AND r.hi = v.hi"

    def numbers(self) -> str:
        """Which occurrence of its activity a row is, from 1, forwards or backwards in time."""
        names = [quote(f"k{n}") for n in range(len(self.outer_names()))]
        direction = " DESC" if self.relation.span == "occurrence from last" else ""
        order = comma(f"{name}{direction}" for name in names[len(self.keys) :])
        number = f"ROW_NUMBER() OVER (PARTITION BY {comma(self.entity_columns())} ORDER BY {order})"
        return f"SELECT {comma(names)}, {number} AS m0 FROM ({self.cohort_rows()}) AS rows_of_entity"


def column_v() -> "exp.Expr":
    """The value of an appended row."""
    from sqlglot import exp

    return exp.column("v", table="a")


def time_of(scope: Scope, member: Member) -> Member:
    """The time of an activity.

    Raises:
        ProjectError: it has no one time.
    """
    entity = scope.context.bound.lens.entities[scope.home.entity]
    if entity.time is None:
        fix = "mark the field that says when a row happened with `time: true`"
        message = f"'{entity.name}' has no time of its own, so nothing can be before or after it"
        raise ProjectError(Fault("lens-no-time", message, member.at, fix))
    return entity.time


def common_key(scope: Scope, cohort: str, appended: str, member: Member) -> list[tuple[str, str]]:
    """The fields by which two activities belong to one entity: pairs of field names.

    The stream's `entity_id` where both have it, else the keys by which both relate to one third entity.

    Raises:
        ProjectError: there is no such key, or more than one.
    """
    lens, graph = scope.context.bound.lens, scope.context.bound.graph
    members = lens.entities[cohort].members, lens.entities[appended].members
    if all("entity_id" in names for names in members):
        return [("entity_id", "entity_id")]
    found = {}
    for left in graph.edges[cohort]:
        for right in graph.edges[appended]:
            if (
                left.to_one
                and right.to_one
                and (left.target, left.target_fields) == (right.target, right.target_fields)
            ):
                found[(left.source_fields, right.source_fields)] = left.target
    if len(found) != 1:
        what = (
            "relate to no common entity"
            if not found
            else f"relate to several: {', '.join(sorted(set(found.values())))}"
        )
        message = f"'{cohort}' and '{appended}' {what}, so '{member.full}' cannot tell whose rows belong together"
        fix = "give both a field `entity_id`, or relate both N:1 to the entity that does these things"
        raise ProjectError(Fault("lens-append", message, member.at, fix))
    left_fields, right_fields = next(iter(found))
    return list(zip(left_fields, right_fields, strict=True))
