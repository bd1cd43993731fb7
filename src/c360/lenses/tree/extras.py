"""A measure or activity of another entity in, a derived table with one row per key of this one out."""

from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Member, counts
from c360.lenses.snippets.types import columns_of, type_family
from c360.lenses.tree.aggregates import aggregate
from c360.lenses.tree.nodes import Extra, Node
from c360.lenses.tree.scope import Scope
from c360.warehouse import comma, quote

if TYPE_CHECKING:
    from sqlglot import exp

    from c360.lenses.snippets.parse import Reference


def sub_query_column(scope: Scope, node: Node, member: Member) -> "exp.Expr":
    """A `sub_query` dimension: measures of other entities, aggregated for each row of this one."""
    lens = scope.context.bound.lens

    def resolve(reference: "Reference") -> "exp.Expr":
        if reference.entity in (None, "ENTITY", node.entity):
            return scope.member(node, scope.find(node, reference.name, member.at))
        found = lens.member(f"{reference.entity}.{reference.name}", member.at)
        if found.kind == "measure":
            return measure_column(scope, node, found, member)
        return scope.member(scope.reach(node, found.entity, member), found)

    tree = scope.transform(str(member.sql), scope.lens_dialect, resolve, member.at)
    from sqlglot import exp

    return tree if isinstance(tree, exp.Column | exp.Func) else exp.paren(tree, copy=False)


def measure_column(scope: Scope, node: Node, measure: Member, reader: Member) -> "exp.Expr":
    """A measure of another entity over the rows that belong to each row of the node."""
    from sqlglot import exp

    key = (id(node), measure.full)
    if key not in scope.extras:
        scope.extras[key] = pre_aggregate(scope, node, measure, reader)
        scope.joined[scope.extras[key].alias] = scope.extras[key]
    found: exp.Expr = exp.column("m0", table=scope.extras[key].alias, quoted=True)
    if measure.type in counts:
        found = exp.Coalesce(this=found, expressions=[exp.Literal.number(0)])
    return found


def pre_aggregate(scope: Scope, node: Node, measure: Member, reader: Member) -> Extra:
    """The measure grouped by what its rows and the node's rows have in common.

    The rows of the measure are walked back to the node. Without an extra join condition the last step's own key
    suffices; with one (`${a.ts} < ${b.ts}`) it is grouped by the columns of the node that the condition reads.
    """
    from sqlglot import exp

    from c360.lenses.tree.group import Group

    path = scope.context.bound.graph.path(node.entity, measure.entity, scope.context.via)
    if not path:
        message = f"'{reader.full}' is a sub-query over a measure of its own entity"
        raise ProjectError(Fault("lens-measure-as-value", message, reader.at, "name a measure of another entity"))
    inner = Scope(scope.context, measure.entity)
    first, end = path[0], inner.home
    matched: list[exp.Expr] = []
    for edge in reversed(path[1:]):
        end = inner.walk(end, edge.reverse())
    alias = scope.alias("sub_query")
    if first.relation.condition is None:
        keys = [inner.own(end, name) for name in first.target_fields]
        lefts = [scope.own(node, name) for name in first.source_fields]
        pairs: list[exp.Expr] = []
        for place, (left, right) in enumerate(zip(lefts, keys, strict=True)):
            made: exp.Expr = exp.column(f"d{place}", table=alias, quoted=True)
            families = {type_family(scope.type_of(left)), type_family(inner.type_of(right))} - {""}
            sides = (exp.cast(left, "varchar"), exp.cast(made, "varchar")) if len(families) > 1 else (left, made)
            pairs.append(exp.EQ(this=sides[0], expression=sides[1]))
    else:
        last = inner.walk(end, first.reverse())
        names = columns_of(last.on, last.alias)
        keys = [exp.column(name, table=last.alias, quoted=True) for name in names]
        ends = {column.name for _, right in last.keys for column in right.find_all(exp.Column)}
        strict = ends if first.relation.condition_word == "and" else set()
        pairs = [
            (exp.EQ if name in strict else exp.NullSafeEQ)(
                this=exp.column(name, table=node.alias, quoted=True),
                expression=exp.column(f"d{place}", table=alias, quoted=True),
            )
            for place, name in enumerate(names)
        ]
        matched = [] if strict or last.on is None else [last.on.copy()]
    group = Group(inner, keys, [aggregate(inner, measure, inner.home)], matched)
    return Extra(alias, node, group.sql(), exp.and_(*pairs))


def append_column(scope: Scope, node: Node, member: Member) -> "exp.Expr":
    """A temporal relationship: the value that another activity of the same entity adds to each row."""
    from c360.lenses.tree.temporal import append_extra

    return append_extra(scope, node, member)


__all__ = ["append_column", "comma", "quote", "sub_query_column"]
