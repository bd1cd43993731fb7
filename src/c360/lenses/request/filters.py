"""Filters of a request in, conditions on rows out; those on measures become conditions on the answer."""

from collections.abc import Iterable
from typing import Any

from c360.errors import Fault, ProjectError
from c360.lenses.model.lens import Lens, Member
from c360.lenses.request.form import FilterForm, FilterItem
from c360.lenses.request.query import Condition, Joined, MemberCondition, RangeCondition, SqlCondition
from c360.lenses.request.ranges import Range, read_range
from c360.lenses.snippets.clock import Clock
from c360.lenses.snippets.parse import parse_snippet
from c360.warehouse import literal

compared = {"equals": "=", "notEquals": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "in": "=", "notIn": "<>"}


class Filters:
    """Reads the filters of one request.

    Attributes:
        having: conditions on measures, over the rows of the answer, each with its dialect.
    """

    def __init__(self, lens: Lens, dialect: str, clock: Clock) -> None:
        self.lens = lens
        self.dialect = dialect
        self.clock = clock
        self.having: list[tuple[str, str]] = []

    def read(self, forms: Iterable[FilterForm]) -> list[Condition]:
        """The conditions on rows; all faults together."""
        conditions: list[Condition] = []
        faults: list[Fault] = []
        for form in forms:
            try:
                if self.is_of_measures(form):
                    self.having.append(
                        (self.on_answer(form), "duckdb" if isinstance(form, FilterItem) else self.dialect)
                    )
                else:
                    conditions.append(self.condition(form))
            except ProjectError as error:
                faults += error.faults
        if faults:
            raise ProjectError(*faults)
        return conditions

    def segment(self, member: Member) -> Condition:
        """A named filter of the lens."""
        return SqlCondition(str(member.sql), self.lens.dialect, member.entity)

    def kinds(self, form: FilterForm) -> set[bool]:
        """Whether the members of a filter are measures: all, none, or some of them."""
        if isinstance(form, FilterItem):
            if form.member is not None:
                return {self.lens.member(form.member).kind == "measure"} if form.member != "time" else {False}
            return {kind for part in (form.all_of or form.any_of or ()) for kind in self.kinds(part)}
        from sqlglot import exp

        snippet = parse_snippet(form, self.dialect)
        kinds = set()
        for column in snippet.tree.find_all(exp.Column):
            reference = snippet.reference(column.name)
            entity, name = (reference.entity, reference.name) if reference else (column.table, column.name)
            found = self.lens.member(f"{entity}.{name}" if entity else name)
            kinds.add(found.kind == "measure")
        return kinds

    def is_of_measures(self, form: FilterForm) -> bool:
        """Whether a filter is one on the answer."""
        kinds = self.kinds(form)
        if len(kinds) > 1:
            message = "a filter mixes measures, which the answer has, with values of rows"
            raise ProjectError(Fault("lens-filter-mixed", message, fix="write two filters, both must hold"))
        return kinds == {True}

    def condition(self, form: FilterForm) -> Condition:
        """A condition on rows."""
        if isinstance(form, str):
            return SqlCondition(form, self.dialect)
        if form.member is None:
            parts = tuple(self.condition(part) for part in form.all_of or form.any_of or ())
            if not parts:
                raise ProjectError(Fault("lens-request", "a filter's `and` or `or` is empty"))
            return Joined("and" if form.all_of is not None else "or", parts)
        member = None if form.member == "time" else self.lens.member(form.member)
        return self.leaf(member, str(form.operator), form.values)

    def leaf(self, member: Member | None, operator: str, values: tuple[Any, ...]) -> Condition:
        """A member compared with values."""
        if operator in ("set", "notSet"):
            if member is None:
                raise ProjectError(Fault("lens-request", "`time` can only be compared with dates"))
            return MemberCondition(member, operator)
        if not values:
            raise ProjectError(Fault("lens-request", f"the operator '{operator}' needs `values`"))
        texts = [str(value) for value in values]
        if operator in ("inDateRange", "notInDateRange", "onTheDate"):
            span = read_range(texts[0] if len(texts) == 1 else texts, self.clock)
            return RangeCondition(member, span, negated=operator == "notInDateRange")
        if operator.startswith(("before", "after")):
            return self.half_line(member, operator, texts[0])
        if member is None:
            raise ProjectError(Fault("lens-request", "`time` can only be compared with dates"))
        if member.type == "date" and operator in compared and values[0] is not None:
            return self.dates(member, operator, texts)
        return MemberCondition(member, operator, tuple(values))

    def half_line(self, member: Member | None, operator: str, text: str) -> Condition:
        """Before or after a date; a whole day belongs to neither unless it is `OrOn`."""
        from datetime import datetime

        day = read_range([text], self.clock)
        first, last = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 wall clock of the query's zone
        if operator == "beforeDate":
            return RangeCondition(member, Range(first, day.start, text=text))
        if operator == "beforeOrOnDate":
            return RangeCondition(member, Range(first, day.stop, day.closed, text=text))
        if operator == "afterDate":
            return RangeCondition(member, Range(first, day.stop, day.closed, text=text), negated=True)
        return RangeCondition(member, Range(day.start, last, text=text))

    def dates(self, member: Member, operator: str, texts: list[str]) -> Condition:
        """A date compared by an operator for plain values: a whole day equals any moment of it."""
        word = {"gt": "afterDate", "gte": "afterOrOnDate", "lt": "beforeDate", "lte": "beforeOrOnDate"}.get(operator)
        if word:
            return self.half_line(member, word, texts[0])
        negated = operator in ("notEquals", "notIn")
        parts: tuple[Condition, ...] = tuple(
            RangeCondition(member, read_range([text], self.clock), negated) for text in texts
        )
        whole = parts[0] if len(parts) == 1 else Joined("and" if negated else "or", parts)
        return Joined("or", (whole, MemberCondition(member, "notSet"))) if negated else whole

    def on_answer(self, form: FilterForm) -> str:
        """A condition on measures as a formula over the answer."""
        if isinstance(form, str):
            return form
        if form.member is None:
            word = " AND " if form.all_of is not None else " OR "
            return "(" + word.join(self.on_answer(part) for part in form.all_of or form.any_of or ()) + ")"
        name, operator = "${" + form.member + "}", str(form.operator)
        if operator in ("set", "notSet"):
            return f"{name} IS {'NOT ' if operator == 'set' else ''}NULL"
        if operator not in compared:
            message = f"the operator '{operator}' does not compare the measure '{form.member}'"
            raise ProjectError(Fault("lens-request", message, fix=f"use {', '.join(compared)}, set or notSet"))
        parts = [f"{name} {compared[operator]} {number(value)}" for value in form.values]
        return "(" + (" AND " if compared[operator] == "<>" else " OR ").join(parts) + ")"


def number(value: Any) -> str:
    """A value that a measure is compared with."""
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "NULL"
    try:
        return repr(float(value)) if not float(value).is_integer() else str(int(float(value)))
    except (TypeError, ValueError):
        return literal(str(value))
