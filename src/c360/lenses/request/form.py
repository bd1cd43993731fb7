"""The JSON of a query, as Cube writes it with c360's additions; plain values in, a checked form out."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.model.form import AppendForm, MeasureType, MemberName, WindowForm, listed, with_synonyms

granularities = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
Granularity = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "year"]
operators = (
    "equals", "notEquals", "in", "notIn", "contains", "notContains", "startsWith", "notStartsWith", "endsWith",
    "notEndsWith", "gt", "gte", "lt", "lte", "set", "notSet", "inDateRange", "notInDateRange", "onTheDate",
    "beforeDate", "beforeOrOnDate", "afterDate", "afterOrOnDate",
)  # fmt: skip
RangeForm = str | tuple[str, ...]


class Item(BaseModel):
    """A mapping of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FilterItem(Item):
    """A condition on a member, or several of them joined by `and` or `or`."""

    member: str | None = None
    operator: str | None = None
    values: Annotated[tuple[Any, ...], BeforeValidator(listed)] = ()
    all_of: tuple["str | FilterItem", ...] | None = Field(default=None, alias="and")
    any_of: tuple["str | FilterItem", ...] | None = Field(default=None, alias="or")

    @model_validator(mode="before")
    @classmethod
    def with_member(cls, value: Any) -> Any:
        """`dimension:` and `measure:` are older words for `member:`."""
        if not isinstance(value, dict):
            return value
        return {("member" if key in ("dimension", "measure") else key): item for key, item in value.items()}

    @model_validator(mode="after")
    def has_one_form(self) -> "FilterItem":
        """A leaf names a member and an operator; a node holds filters."""
        forms = [self.member is not None, self.all_of is not None, self.any_of is not None]
        if sum(forms) != 1 or (self.member is not None) != (self.operator is not None):
            raise ValueError("a filter is {member, operator, values}, {and: [...]} or {or: [...]}")
        if self.operator is not None and self.operator not in operators:
            hint = suggest(self.operator, operators) or f"known: {', '.join(operators)}"
            raise ValueError(f"unknown operator '{self.operator}'; {hint}")
        return self


FilterForm = str | FilterItem


class DimensionItem(Item):
    """A dimension with a name of its own, a formula, or a temporal relationship."""

    dimension: str | None = None
    sql: str | None = None
    of: str | None = None
    append: AppendForm | None = None
    granularity: Granularity | None = None
    alias: str | None = Field(default=None, alias="as")

    @model_validator(mode="after")
    def has_one_form(self) -> "DimensionItem":
        """Exactly one of dimension, sql, append."""
        if sum(item is not None for item in (self.dimension, self.sql, self.append)) != 1:
            raise ValueError("a dimension is a name, {dimension, as}, {sql, as} or {append, of, as}")
        if self.dimension is None and self.alias is None:
            raise ValueError("a formula needs a name: `as`")
        if self.append is not None and self.of is None:
            raise ValueError("a temporal relationship needs `of`: the activity whose rows it adds to")
        return self


class MeasureItem(Item):
    """A measure of the lens, or one made for this query.

    Attributes:
        of: the entity whose rows a query-time measure aggregates.
        range: the range of the measure's own time.
        per: what rows are aggregated by first: `type` is taken over the values of `sql` per each.
        weight: `split` shares a row out over the values of to-many dimensions, so that parts add up.
    """

    measure: str | None = None
    of: str | None = None
    type: Annotated[MeasureType | None, with_synonyms({"average": "avg"})] = None
    sql: str | None = None
    alias: str | None = Field(default=None, alias="as")
    range: RangeForm | None = None
    filters: tuple[FilterForm, ...] = ()
    rolling_window: WindowForm | None = None
    per: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    weight: Literal["split"] | None = None

    @model_validator(mode="after")
    def has_one_form(self) -> "MeasureItem":
        """A named measure, or `of`, `type` and `sql`."""
        if self.measure is not None and (self.of or self.type or self.sql or self.per):
            raise ValueError("give `measure`, or `of`, `type`, `sql` for one made for this query, not both")
        if self.measure is None:
            if self.of is None or self.type is None or (self.sql is None and self.type != "count"):
                raise ValueError("a measure made for this query needs `of`, `type` and `sql`")
            if self.alias is None:
                raise ValueError("a measure made for this query needs a name: `as`")
        return self


class AppendItem(AppendForm):
    """A temporal relationship made for this query; `of` is the activity whose rows it adds to."""

    of: str


class TimeItem(Item):
    """A time that rows are grouped by, filtered by, or both; `time` stands for each measure's own."""

    dimension: str
    granularity: Granularity | None = None
    range: RangeForm | None = Field(default=None, alias="dateRange")
    alias: str | None = Field(default=None, alias="as")


def as_order(value: Any) -> Any:
    """`{a: desc}`, `[["a", "desc"]]`, `["a", "-b"]` -> pairs."""
    if isinstance(value, dict):
        return list(value.items())
    pairs = []
    for item in listed(value):
        if isinstance(item, str):
            pairs.append((item.removeprefix("-"), "desc" if item.startswith("-") else "asc"))
        elif isinstance(item, dict) and "id" in item:
            pairs.append((item["id"], "desc" if item.get("desc") else "asc"))
        else:
            pairs.append(item)
    return pairs


def as_via(value: Any) -> Any:
    """`"membership"` or a list breaks every tie; a mapping says it per entity."""
    if value is None or isinstance(value, dict):
        return {key: listed(item) for key, item in (value or {}).items()}
    return {"*": listed(value)}


class RequestForm(Item):
    """A whole query.

    Attributes:
        columns: which columns the answer shows, in order; default dimensions, measures, formulas.
        listing: what LQL lists without a query.
        outer: SQL round the answer, which it reads as the table `c360_lens`.
    """

    dimensions: Annotated[tuple[str | DimensionItem, ...], BeforeValidator(listed)] = ()
    measures: Annotated[tuple[str | MeasureItem, ...], BeforeValidator(listed)] = ()
    filters: Annotated[tuple[FilterForm, ...], BeforeValidator(listed)] = ()
    times: Annotated[tuple[TimeItem, ...], BeforeValidator(listed)] = Field(default=(), alias="timeDimensions")
    appends: dict[MemberName, AppendItem] = Field(default_factory=dict)
    segments: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    derived: dict[str, str] = Field(default_factory=dict)
    having: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    order: Annotated[tuple[tuple[str, Literal["asc", "desc"]], ...] | None, BeforeValidator(as_order)] = None
    limit: int | None = Field(default=None, ge=0)
    offset: int = Field(default=0, ge=0)
    timezone: str = "UTC"
    via: Annotated[dict[str, tuple[str, ...]], BeforeValidator(as_via)] = Field(default_factory=dict)
    params: dict[str, str | float | bool] = Field(default_factory=dict)
    dialect: str | None = None
    ungrouped: bool = False
    of: str | None = None
    total: bool = False
    totals: bool = False
    columns: tuple[str, ...] = ()
    listing: Literal["lenses", "entities"] | None = None
    outer: str | None = None


def read_request(value: Any) -> RequestForm:
    """Check the JSON of a query.

    Raises:
        ProjectError: every fault, with the nearest known key.
    """
    try:
        return RequestForm.model_validate(value)
    except ValidationError as error:
        raise ProjectError(*request_faults(error)) from None


def request_faults(error: ValidationError) -> list[Fault]:
    """Pydantic's findings in plain words; of a union only the member that was meant."""
    from c360.project.load import known_keys

    faults: dict[str, Fault] = {}
    for item in error.errors(include_url=False):
        loc = tuple(part for part in item["loc"] if not str(part).startswith(("function-", "str")))
        kind, where = str(item["type"]), ".".join(str(part) for part in loc if not str(part)[:1].isupper())
        if kind == "string_type" and isinstance(item["input"], dict):
            continue
        if kind == "extra_forbidden":
            known = known_keys(loc[:-1], RequestForm)
            fix = suggest(str(loc[-1]), known) or (f"known keys: {', '.join(sorted(known))}" if known else None)
            fault = Fault("lens-request", f"unknown key '{where}' in the query", fix=fix)
        else:
            message = str(item["msg"]).removeprefix("Value error, ")
            fault = Fault("lens-request", f"the query's '{where}': {message[:1].lower()}{message[1:]}")
        faults.setdefault(str(fault), fault)
    return list(faults.values()) or [Fault("lens-request", "the query cannot be read")]
