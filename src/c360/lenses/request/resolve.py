"""A request in, a `Query` with every name resolved out; all unknown names are reported together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.model.form import WindowForm
from c360.lenses.model.lens import Lens, Member, Window
from c360.lenses.model.load import read_window
from c360.lenses.request.derive import components
from c360.lenses.request.filters import Filters
from c360.lenses.request.form import DimensionItem, MeasureItem, RequestForm, TimeItem, granularities
from c360.lenses.request.query import Derived, Dimension, Measure, Query, RangeCondition, own_time
from c360.lenses.request.ranges import Range, read_range
from c360.lenses.snippets.clock import Clock
from c360.lenses.snippets.parse import parse_snippet

Item = TypeVar("Item")
Found = TypeVar("Found")


def resolve(lens: Lens, form: RequestForm, clock: Clock) -> Query:
    """Resolve a request.

    Raises:
        ProjectError: unknown names, each with the nearest; a measure among dimensions or the other way round; two
            columns of one name.
    """
    return Resolver(lens, form, clock).resolve()


class Resolver:
    """Resolves the parts of one request; faults gather until all parts were seen."""

    def __init__(self, lens: Lens, form: RequestForm, clock: Clock) -> None:
        self.lens = lens
        self.form = form
        self.clock = clock
        self.dialect = form.dialect or lens.dialect
        self.faults: list[Fault] = []
        self.measures: dict[str, Measure] = {}
        self.derived: list[Derived] = []
        self.columns: list[str] = []
        self.filters = Filters(lens, self.dialect, clock)

    def resolve(self) -> Query:
        """The whole query."""
        form = self.form
        dimensions = [one for item in form.dimensions for one in self.each(self.dimension, item)]
        times = self.all(self.time, form.times)
        dimensions += [item for item in times if item is not None]
        for item in form.measures:
            self.attempt(self.measure, item)
        for name, sql in form.derived.items():
            self.add_derived(Derived(name, sql, self.dialect))
        conditions = self.attempt(lambda _: self.filters.read(form.filters), None) or []
        conditions += [item for item in self.all(self.segment, form.segments) if item is not None]
        conditions += [item for item in self.all(self.time_range, form.times) if item is not None]
        having = [*((text, self.dialect) for text in form.having), *self.filters.having]
        order = self.order()
        for text, dialect in having:
            self.attempt(lambda pair: self.mentioned(*pair), (text, dialect))
        for formula in list(self.derived):
            self.attempt(lambda one: self.mentioned(one.sql, one.dialect, dict(one.names)), formula)
        self.check_columns([item.name for item in dimensions])
        if self.faults:
            raise ProjectError(*self.faults)
        return Query(
            dimensions=tuple(dimensions), measures=tuple(self.measures.values()), derived=tuple(self.derived),
            filters=tuple(conditions), having=tuple(having), order=order, limit=form.limit, offset=form.offset,
            timezone=form.timezone, via=form.via, params=form.params, dialect=self.dialect,
            columns=form.columns or (*(item.name for item in dimensions), *self.columns), ungrouped=form.ungrouped,
            of=form.of, total=form.total, totals=form.totals,
        )  # fmt: skip

    def attempt(self, read: Callable[[Item], Found], item: Item) -> Found | None:
        """Read one part; its faults are kept for later."""
        try:
            return read(item)
        except ProjectError as error:
            self.faults += error.faults
            return None

    def all(self, read: Callable[[Item], Found], items: Iterable[Item]) -> list[Found | None]:
        """Read several parts."""
        return [self.attempt(read, item) for item in items]

    def each(self, read: Callable[[Any], list[Found]], item: Any) -> list[Found]:
        """Read a part that may stand for several."""
        return self.attempt(read, item) or []

    def dimension(self, item: str | DimensionItem) -> list[Dimension]:
        """A dimension by name, `entity.*`, `entity.member.month`, or with a form of its own."""
        if isinstance(item, str):
            entity, _, rest = item.partition(".")
            if rest == "*":
                members = self.lens.entity(entity).of_kind("field", "dimension")
                return [Dimension(member.full, member) for member in members if not member.hidden]
            return [self.named(item, None, None)]
        if item.dimension is not None:
            return [self.named(item.dimension, item.granularity, item.alias)]
        name = str(item.alias)
        if item.append is not None:
            return [Dimension(name, self.lens.member(f"{item.of}.{name}"), item.granularity)]
        entity_name = self.lens.entity(item.of).name if item.of else ""
        member = Member(entity_name, name, "dimension", "string", sql=item.sql)
        return [Dimension(name, member, item.granularity, dialect=self.dialect, entity=entity_name or None)]

    def named(self, full: str, granularity: str | None, alias: str | None) -> Dimension:
        """A dimension of the lens."""
        if full == own_time:
            return Dimension(alias or own_time, None, granularity)
        short, _, last = full.rpartition(".")
        if granularity is None and "." in short and last in granularities:
            return Dimension(alias or full, self.lens.member(short), last)
        member = self.lens.member(full)
        if member.kind == "measure":
            raise ProjectError(
                Fault("lens-measure-as-dimension", f"'{full}' is a measure", fix="ask for it in `measures`")
            )
        return Dimension(alias or full, member, granularity)

    def time(self, item: TimeItem) -> Dimension | None:
        """A time dimension that rows are grouped by."""
        if item.granularity is None:
            return None
        found = self.named(item.dimension, item.granularity, item.alias)
        twice = [one for one in self.form.times if one.dimension == item.dimension and one.granularity]
        if item.alias is None and (len(twice) > 1 or item.dimension in self.form.dimensions):
            return Dimension(f"{found.name}.{item.granularity}", found.member, item.granularity)
        return found

    def time_range(self, item: TimeItem) -> RangeCondition | None:
        """The range of a time dimension."""
        if item.range is None:
            return None
        member = None if item.dimension == own_time else self.named(item.dimension, None, None).member
        return RangeCondition(member, read_range(item.range, self.clock))

    def segment(self, full: str) -> Any:
        """A named filter; its short name suffices where no other has it."""
        if "." not in full:
            holders = [entity.name for entity in self.lens.entities.values() if full in entity.members]
            full = f"{holders[0]}.{full}" if len(holders) == 1 else full
        member = self.lens.member(full)
        if member.kind != "segment":
            known = [one.full for entity in self.lens.entities.values() for one in entity.of_kind("segment")]
            fix = suggest(full, known) or "segments are declared under an entity's `segments:`"
            raise ProjectError(Fault("lens-not-a-segment", f"'{full}' is a {member.kind}, no segment", fix=fix))
        return self.filters.segment(member)

    def measure(self, item: str | MeasureItem) -> None:
        """A measure of the lens or one made for this query."""
        if isinstance(item, str):
            item = MeasureItem(measure=item)
        member, dialect = self.measure_member(item)
        name = item.alias or member.full
        conditions = tuple(self.filters.read(item.filters))
        span = read_range(item.range, self.clock) if item.range is not None else None
        window = read_window(item.rolling_window) if item.rolling_window else member.window
        parts = components(self.lens, member)
        if parts:
            names = [(part.full, self.hidden(part, conditions, span)) for part in parts]
            self.add_derived(Derived(name, str(member.sql), self.lens.dialect, names=tuple(names)))
            return
        self.add(Measure(
            name, member, dialect, conditions, span, running(member, window), item.per, item.weight == "split"
        ))  # fmt: skip

    def measure_member(self, item: MeasureItem) -> tuple[Member, str | None]:
        """The member behind a measure of the request, and the dialect of its formula."""
        if item.measure is None:
            entity = self.lens.entity(str(item.of))
            return Member(entity.name, str(item.alias), "measure", str(item.type), sql=item.sql), self.dialect
        name, _, short = item.measure.partition(".")
        if short in ("#", "count") and short not in self.lens.entity(name).members:
            return Member(name, short, "measure", "count"), None
        member = self.lens.member(item.measure)
        if member.kind != "measure":
            message = f"'{item.measure}' is a {member.kind}, no measure"
            fix = f'ask for it in `dimensions`, or aggregate it: {{"of": "{name}", "type": "sum", "sql": "{member.reference}"}}'
            raise ProjectError(Fault("lens-dimension-as-measure", message, fix=fix))
        return member, None

    def hidden(self, member: Member, conditions: tuple[Any, ...] = (), span: Range | None = None) -> str:
        """The column of a measure that only a formula reads."""
        same = [
            one.name
            for one in self.measures.values()
            if one.member == member and one.filters == conditions and one.range == span and not one.per
        ]
        if same:
            return same[0]
        name = member.full
        while name in self.measures:
            name += "'"
        window = running(member, member.window)
        self.measures[name] = Measure(name, member, None, conditions, span, window, shown=False)
        return name

    def add(self, measure: Measure) -> None:
        """A measure that is a column of the answer."""
        known = self.measures.get(measure.name)
        if known is not None and known.shown:
            raise ProjectError(twice(measure.name))
        self.measures[measure.name] = measure
        self.columns.append(measure.name)

    def add_derived(self, derived: Derived) -> None:
        """A formula that is a column of the answer."""
        self.derived.append(derived)
        self.columns.append(derived.name)

    def mentioned(self, sql: str, dialect: str, names: dict[str, str] | None = None) -> None:
        """Measures that a formula reads and the request does not ask for are computed beside the others."""
        from sqlglot import exp

        snippet = parse_snippet(sql, dialect)
        for column in snippet.tree.find_all(exp.Column):
            reference = snippet.reference(column.name)
            entity, short = (reference.entity, reference.name) if reference else (column.table, column.name)
            full = f"{entity}.{short}" if entity else short
            self.read_column(full, names or {})

    def read_column(self, full: str, names: dict[str, str]) -> None:
        """A column of the answer by name, else a measure of the lens."""
        if full in names or full in self.columns or full in self.measures or self.is_dimension(full):
            return
        entity = full.partition(".")[0]
        if "." not in full or entity not in self.lens.entities:
            known = [*self.columns, *(str(item) for item in self.form.dimensions)]
            fix = suggest(full, known) or f"the answer has {', '.join(known)}"
            raise ProjectError(Fault("lens-unknown-column", f"'{full}' is no column of the answer", fix=fix))
        member = self.lens.member(full)
        if member.kind != "measure":
            message = f"'{full}' is a {member.kind} that the query does not group by"
            raise ProjectError(Fault("lens-unknown-column", message, fix="add it to `dimensions`, or filter by it"))
        parts = components(self.lens, member)
        if parts:
            pairs = tuple((part.full, self.hidden(part)) for part in parts)
            self.derived.append(Derived(full, str(member.sql), self.lens.dialect, shown=False, names=pairs))
            return
        self.hidden(member)

    def is_dimension(self, name: str) -> bool:
        """Whether a name is one of the dimensions asked for."""
        for item in (*self.form.dimensions, *self.form.times):
            if isinstance(item, str):
                if name == item or (item.endswith(".*") and name.startswith(item[:-1])):
                    return True
            elif name in (item.alias, item.dimension, f"{item.dimension}.{item.granularity}"):
                return True
        return False

    def order(self) -> tuple[tuple[str, str], ...] | None:
        """The order, by columns of the answer or by measures that it does not show."""
        if self.form.order is None:
            return None
        for name, _ in self.form.order:
            known = any(name == one.name for one in self.derived)
            if not known:
                self.attempt(lambda full: self.read_column(full, {}), name)
        return tuple(self.form.order)

    def check_columns(self, dimensions: Sequence[str]) -> None:
        """No two columns have one name; something is asked for."""
        names = [*dimensions, *self.columns]
        for name in self.form.columns:
            if name not in names:
                fix = suggest(name, names)
                self.faults.append(Fault("lens-unknown-column", f"'{name}' is no column of the answer", fix=fix))
        self.faults += [twice(name) for name in dict.fromkeys(names) if names.count(name) > 1]
        if not names and not self.faults:
            self.faults.append(
                Fault("lens-request", "the query asks for nothing", fix="add `measures` or `dimensions`")
            )


def twice(name: str) -> Fault:
    """The fault for two columns of one name."""
    return Fault("lens-name-twice", f"two columns are named '{name}'", fix="give one of them a name with `as`")


def running(member: Member, window: Window | None) -> Window | None:
    """A running total is a window without a start."""
    return Window("unbounded", None) if member.type == "running_total" and window is None else window


__all__ = ["Resolver", "WindowForm", "resolve"]
