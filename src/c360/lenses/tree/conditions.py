"""Conditions of a query in, trees over the columns of a join tree out."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Member
from c360.lenses.request.query import Condition, Joined, MemberCondition, RangeCondition, SqlCondition
from c360.lenses.request.ranges import Range
from c360.lenses.snippets.clock import date_sql, timestamp_sql
from c360.lenses.tree.nodes import Node
from c360.lenses.tree.scope import Scope
from c360.warehouse import literal

if TYPE_CHECKING:
    from sqlglot import exp

signs = {"equals": "=", "in": "=", "notEquals": "<>", "notIn": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
endless = (1, 9999)


def condition_tree(scope: Scope, condition: Condition) -> "exp.Expr":
    """A condition as the home entity sees it."""
    from sqlglot import exp

    if isinstance(condition, SqlCondition):
        if condition.entity is None:
            return scope.query_tree(condition.sql, condition.dialect)
        node = scope.reach(scope.home, condition.entity)
        reader = Member(condition.entity, "filter", "segment", "bool", sql=condition.sql)
        return scope.formula(condition.sql, node, reader, condition.dialect)
    if isinstance(condition, Joined):
        parts = [exp.paren(condition_tree(scope, part), copy=False) for part in condition.parts]
        return exp.and_(*parts) if condition.word == "and" else exp.or_(*parts)
    if isinstance(condition, RangeCondition):
        return range_tree(scope, condition)
    return member_condition(member_tree(scope, condition.member), condition)


def member_tree(scope: Scope, member: Member, node: Node | None = None) -> "exp.Expr":
    """A member as the home entity, or another node, sees it."""
    start = node or scope.home
    return scope.member(scope.reach(start, member.entity), member)


def own_time(scope: Scope) -> Member:
    """The time of the home entity's rows.

    Raises:
        ProjectError: the entity has no one time.
    """
    entity = scope.context.bound.lens.entities[scope.home.entity]
    found = entity.time
    if found is None:
        dates = [member.name for member in entity.of_kind("field", "dimension") if member.type == "date"]
        message = f"'{entity.name}' has no time of its own: it has {', '.join(dates) or 'no date'}"
        fix = "mark the field that says when a row happened with `time: true`"
        raise ProjectError(Fault("lens-no-time", message, entity.at, fix))
    return found


def range_tree(scope: Scope, condition: RangeCondition) -> "exp.Expr":
    """A time within a range: half-open, in UTC for timestamps, by the zone's days for dates."""
    member = condition.member or own_time(scope)
    tree = member_tree(scope, member)
    return within(scope, tree, condition.range, negated=condition.negated)


def within(scope: Scope, tree: "exp.Expr", span: Range, *, negated: bool = False) -> "exp.Expr":
    """A time tree compared with a range."""
    import sqlglot

    text = tree.sql(dialect="duckdb")
    is_day = scope.type_of(tree) == "DATE"
    parts = []
    if span.start.year > endless[0]:
        parts.append(f"{text} {'<' if negated else '>='} {bound(scope, span.start, is_day=is_day)}")
    if span.stop.year < endless[1]:
        sign = (">" if span.closed else ">=") if negated else ("<=" if span.closed else "<")
        parts.append(f"{text} {sign} {bound(scope, span.stop, is_day=is_day)}")
    found: exp.Expr = sqlglot.parse_one((" OR " if negated else " AND ").join(parts) or "TRUE", dialect="duckdb")
    return found


def bound(scope: Scope, moment: datetime, *, is_day: bool) -> str:
    """The end of a range as a literal of the column's kind."""
    if is_day and moment.time() == moment.min.time():
        return date_sql(moment.date())
    return timestamp_sql(moment if is_day else scope.context.clock.to_utc(moment))


def member_condition(tree: "exp.Expr", condition: MemberCondition) -> "exp.Expr":
    """A member compared by one of Cube's operators.

    The negative ones also keep rows without a value, as Cube does; texts are compared without regard to case by
    contains, startsWith and endsWith.
    """
    import sqlglot

    text = f"({tree.sql(dialect='duckdb')})"
    operator, kind = condition.operator, condition.member.type
    if operator in ("set", "notSet"):
        sql = f"{text} IS {'NOT ' if operator == 'set' else ''}NULL"
    else:
        negative = operator.startswith("not")
        parts = [one_value(text, operator, value, kind) for value in condition.values]
        sql = (" AND " if negative else " OR ").join(parts)
        if negative and None not in condition.values:
            sql = f"({sql}) OR {text} IS NULL"
    found: exp.Expr = sqlglot.parse_one(sql, dialect="duckdb")
    return found


def one_value(text: str, operator: str, value: Any, kind: str) -> str:
    """A member compared with one value."""
    if operator in signs:
        if value is None:
            return f"{text} IS {'NOT ' if signs[operator] == '<>' else ''}NULL"
        return f"{text} {signs[operator]} {value_literal(value, kind)}"
    word = literal(str(value).lower())
    lowered = f"LOWER(CAST({text} AS VARCHAR))" if kind != "string" else f"LOWER({text})"
    plain = operator.removeprefix("not").lower()
    if plain == "contains":
        return f"STRPOS({lowered}, {word}) {'=' if operator.startswith('not') else '>'} 0"
    found = (
        f"RIGHT({lowered}, {len(str(value))}) = {word}" if plain == "endswith" else f"STARTS_WITH({lowered}, {word})"
    )
    return f"NOT ({found})" if operator.startswith("not") else found


def value_literal(value: Any, kind: str) -> str:
    """A value as a literal of the member's type.

    Raises:
        ProjectError: it is no such value.
    """
    if kind == "number":
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ProjectError(Fault("lens-filter-value", f"'{value}' is no number")) from None
        return (
            str(value).strip() if not isinstance(value, bool) and str(number) not in ("inf", "nan", "-inf") else "NULL"
        )
    if kind == "bool":
        if str(value).lower() not in ("true", "false", "1", "0"):
            raise ProjectError(Fault("lens-filter-value", f"'{value}' is neither true nor false"))
        return "TRUE" if str(value).lower() in ("true", "1") else "FALSE"
    return literal(str(value))
