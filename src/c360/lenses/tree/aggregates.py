"""A measure in, its aggregate over the rows of a node out."""

from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Member
from c360.lenses.tree.nodes import Node
from c360.lenses.tree.scope import Scope
from c360.records import dataclass

if TYPE_CHECKING:
    from sqlglot import exp

functions = {"sum": "SUM", "running_total": "SUM", "avg": "AVG", "min": "MIN", "max": "MAX"}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate function and what it is applied to.

    Attributes:
        kind: the measure's type.
        value: what is aggregated; None for a count of rows; of a `number` the whole formula.
    """

    kind: str
    value: "exp.Expr | None"

    def sql_tree(self) -> "exp.Expr":
        """The aggregate as a tree."""
        from sqlglot import exp

        if self.kind == "number" and self.value is not None:
            return self.value
        if self.value is None:
            return exp.Count(this=exp.Star())
        if self.kind == "count":
            return exp.Count(this=self.value)
        if self.kind == "count_distinct":
            return exp.Count(this=exp.Distinct(expressions=[self.value]))
        if self.kind == "count_distinct_approx":
            return exp.ApproxDistinct(this=self.value)
        return exp.func(functions[self.kind], self.value)

    def shared(self, weight: str) -> str:
        """The aggregate of shares: each row counts `weight`, the part of it that falls on a group.

        Raises:
            ProjectError: the aggregate is no sum of its rows' parts.
        """
        if self.kind not in ("count", "sum"):
            message = f"only count and sum can be split over groups, not {self.kind}"
            raise ProjectError(Fault("lens-weight", message, fix='leave out `"weight": "split"`'))
        if self.value is None:
            return f"SUM({weight})"
        value = self.value.sql(dialect="duckdb")
        if self.kind == "count":
            return f"SUM(CASE WHEN {value} IS NOT NULL THEN {weight} END)"
        return f"SUM({value} * {weight})"


def aggregate(scope: Scope, measure: Member, node: Node, dialect: str | None = None) -> Aggregate:
    """The aggregate of a measure over the rows of a node.

    Raises:
        ProjectError: its formula would read many rows per row, or a `number` aggregates nothing.
    """
    from sqlglot import exp

    if measure.sql is None or measure.sql.strip() == "*":
        return Aggregate(measure.type, None)
    value = scope.formula(measure.sql, node, measure, dialect)
    aggregates = value.find(exp.AggFunc) is not None
    if measure.type == "number" and not aggregates:
        message = f"measure '{measure.full}' of type number has no aggregate"
        raise ProjectError(Fault("lens-no-aggregate", message, measure.at, "write sum(...), count(...) or the like"))
    if measure.type != "number" and aggregates:
        message = f"measure '{measure.full}' of type {measure.type} aggregates an aggregate"
        raise ProjectError(Fault("lens-measure-as-value", message, measure.at, "make its type `number`"))
    return Aggregate(measure.type, value)
