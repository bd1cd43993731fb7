"""A `Query` in, its measure groups out: what shares home, filters and window is computed by one SELECT."""

from collections.abc import Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.compile.times import bucket, make_spine, window_range
from c360.lenses.model.lens import Member, counts
from c360.lenses.request.query import Condition, Dimension, Measure, Query, RangeCondition
from c360.lenses.request.ranges import Range
from c360.lenses.snippets.parse import parse_snippet
from c360.lenses.tree.aggregates import Aggregate, aggregate
from c360.lenses.tree.conditions import condition_tree, member_tree, own_time, within
from c360.lenses.tree.group import Group
from c360.lenses.tree.nodes import Context
from c360.lenses.tree.scope import Scope
from c360.records import dataclass

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass
class Part:
    """One SELECT of the answer.

    Attributes:
        measures: its columns m0, m1 ...
        many: the dimensions behind to-many edges: a home row counts once per value of each.
        words: why it is computed as it is.
    """

    home: str
    sql: str
    measures: list[Measure]
    many: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def make_parts(context: Context, query: Query) -> list[Part]:
    """The SELECTs of a query, in the order of its measures."""
    if not query.measures:
        return [rows_part(context, query)]
    groups: dict[tuple[object, ...], list[Measure]] = {}
    for number, item in enumerate(query.measures):
        alone = number if item.per else None
        key = (item.member.entity, item.filters, item.range, item.window, item.split, alone)
        groups.setdefault(key, []).append(item)
    return [measure_part(context, query, measures) for measures in groups.values()]


def rows_part(context: Context, query: Query) -> Part:
    """A query without measures: the distinct values, or with `ungrouped` every row."""
    home = query.of or home_of(context, query)
    context.bound.lens.entity(home)
    scope = Scope(context, home)
    dimensions = [dimension_tree(scope, item) for item in query.dimensions]
    filters = [condition_tree(scope, item) for item in query.filters]
    group = Group(scope, dimensions, [], filters, ungrouped=query.ungrouped)
    part = Part(home, group.sql(), [])
    part.many = many_of(group, query)
    if query.ungrouped and part.many:
        message = f"'{part.many[0]}' has many values for one row of '{home}'"
        fix = 'list the rows of its own entity with `"of"`, or leave out `"ungrouped"`'
        raise ProjectError(Fault("lens-fan-out", message, fix=fix))
    return part


def home_of(context: Context, query: Query) -> str:
    """Whose rows a query without measures lists: the first entity that reaches all others by to-one edges."""
    entities = [name for item in query.dimensions for name in entities_of(context, item)]
    if not entities:
        message = (
            "a query of `time` needs a measure, or `of`: the entity it lists; so does one of formulas without members"
        )
        raise ProjectError(Fault("lens-request", message))
    graph = context.bound.graph
    whole = [name for name in entities if all(graph.is_to_one(name, other, query.via) for other in entities)]
    return (whole or entities)[0]


def entities_of(context: Context, item: Dimension) -> list[str]:
    """The entities that a dimension reads; none for `time`."""
    from sqlglot import exp

    named = item.entity or (item.member and item.member.entity)
    if named or item.member is None or item.member.sql is None:
        return [named] if named else []
    snippet = parse_snippet(item.member.sql, item.dialect or context.bound.lens.dialect)
    names = [
        reference.entity if (reference := snippet.reference(column.name)) else column.table
        for column in snippet.tree.find_all(exp.Column)
    ]
    lens = context.bound.lens
    return [full for name in names if (full := lens.aliases.get(str(name), str(name))) in lens.entities]


def measure_part(context: Context, query: Query, measures: Sequence[Measure]) -> Part:
    """The SELECT of one group of measures."""
    first = measures[0]
    scope = Scope(context, first.member.entity)
    dimensions = [dimension_tree(scope, item) for item in query.dimensions]
    conditions = [*query.filters, *first.filters]
    filters = []
    spine = None
    if first.range is not None:
        filters.append(within(scope, member_tree(scope, own_time(scope)), first.range))
    if first.window is not None:
        place, spans, conditions = rolled(query, conditions, scope)
        if place is None:
            time = member_tree(scope, own_time(scope))
            span = window_range(first.window, spans, context.clock.local)
            filters.append(within(scope, time, span))
        else:
            item = query.dimensions[place]
            tree = time_tree(scope, item)
            spine = make_spine(scope, place, tree, str(item.granularity), first.window, spans)
            refuse_many(scope, tree, first, item)
    filters = [condition_tree(scope, item) for item in conditions] + filters
    group = Group(scope, dimensions, [], filters, split=first.split, spine=spine)
    group.aggregates = [made for item in measures for made in aggregates_of(scope, item, group)]
    part = Part(scope.home.entity, group.sql(), list(measures))
    part.many = many_of(group, query)
    part.words = words_of(scope, group, query)
    return part


def aggregates_of(scope: Scope, item: Measure, group: Group) -> list[Aggregate]:
    """The aggregate of a measure; with `per` the inner one."""
    if not item.per:
        return [aggregate(scope, item.member, scope.home, item.dialect)]
    reader = replace(item.member, kind="dimension")
    dialect = item.dialect or scope.lens_dialect
    group.per = [per_tree(scope, text, dialect, reader) for text in item.per]
    group.outer = item.member.type if item.member.sql is not None else "rows"
    if item.member.sql is None:
        return []
    inner = replace(item.member, type="number")
    return [aggregate(scope, inner, scope.home, item.dialect)]


def per_tree(scope: Scope, text: str, dialect: str, reader: Member) -> "exp.Expr":
    """What rows are aggregated by first: a member by name, or a formula."""
    members = scope.context.bound.lens.entities[scope.home.entity].members
    short = text.removeprefix(f"{scope.home.entity}.")
    if short in members:
        return scope.member(scope.home, members[short])
    return scope.query_tree(text, dialect, reader)


def rolled(query: Query, conditions: list[Condition], scope: Scope) -> tuple[int | None, Range | None, list[Condition]]:
    """The bucketed dimension of a query, its range, and the other conditions: a window reaches beyond the range."""
    places = [place for place, item in enumerate(query.dimensions) if item.granularity]
    place = places[0] if places else None
    own = scope.context.bound.lens.entities[scope.home.entity].time
    member = (query.dimensions[place].member if place is not None else None) or own
    spans, others = [], []
    for item in conditions:
        if isinstance(item, RangeCondition) and not item.negated and (item.member or own) == member:
            spans.append(item.range)
        else:
            others.append(item)
    return place, spans[0] if spans else None, others


def refuse_many(scope: Scope, tree: "exp.Expr", measure: Measure, item: Dimension) -> None:
    """A rolling window needs one time per home row."""
    from sqlglot import exp

    for column in tree.find_all(exp.Column):
        if scope.node_of(column.table).root is not None:
            message = f"'{measure.name}' rolls over '{item.name}', of which one '{scope.home.entity}' has many"
            fix = 'roll over the measure\'s own time: {"dimension": "time", "granularity": ...}'
            raise ProjectError(Fault("lens-fan-out", message, measure.member.at, fix))


def dimension_tree(scope: Scope, item: Dimension) -> "exp.Expr":
    """A dimension as the home entity sees it."""
    tree = time_tree(scope, item)
    return bucket(scope, tree, item.granularity) if item.granularity else tree


def time_tree(scope: Scope, item: Dimension) -> "exp.Expr":
    """A dimension without its granularity."""
    if item.member is None:
        return member_tree(scope, own_time(scope))
    if item.dialect is None:
        return member_tree(scope, item.member)
    if item.entity is None:
        return scope.query_tree(str(item.member.sql), item.dialect)
    node = scope.reach(scope.home, item.entity)
    return scope.formula(str(item.member.sql), node, item.member, item.dialect)


def many_of(group: Group, query: Query) -> list[str]:
    """The dimensions of which a home row can have many values."""
    return [query.dimensions[place].name for branch in group.branches for place in branch.dimensions]


def words_of(scope: Scope, group: Group, query: Query) -> list[str]:
    """The plan of one SELECT in words."""
    from c360.lenses.compile.explain import explain_part

    return explain_part(scope, group, query)


def additive(measure: Measure) -> bool:
    """Whether the measure's values over disjoint rows add up."""
    return measure.member.type in ("count", "sum") and not measure.per and measure.window is None


def is_count(measure: Measure) -> bool:
    """Whether no rows mean 0 and not NULL."""
    return measure.member.type in counts
