"""The keys of a lens file, as DataOS documents them, with c360's few additions; a YAML value in, a checked form out."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MemberName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
ValueType = Literal["string", "number", "date", "bool"]
MeasureType = Literal[
    "count", "count_distinct", "count_distinct_approx", "sum", "avg", "min", "max", "number", "running_total"
]
Cardinality = Literal["1:1", "1:N", "N:1"]
relations = ("first", "last", "nth", "all", "aggregate")

value_types = {"boolean": "bool", "time": "date", "timestamp": "date", "text": "string"}
cardinalities = {"one_to_one": "1:1", "one_to_many": "1:N", "many_to_one": "N:1"}


def listed(value: Any) -> Any:
    """One item where a list is wanted; nothing where it was left empty."""
    return [] if value is None else value if isinstance(value, list) else [value]


def named(value: Any) -> Any:
    """Columns as names: `[{name: a}, b]` -> `[a, b]`."""
    return [item.get("name") if isinstance(item, dict) else item for item in listed(value)]


def with_synonyms(known: dict[str, str]) -> BeforeValidator:
    """Words of other tools for the same thing."""
    return BeforeValidator(lambda value: known.get(value.lower(), value) if isinstance(value, str) else value)


def as_cardinality(value: Any) -> Any:
    """`1:n`, `one_to_many` -> `1:N`."""
    if not isinstance(value, str):
        return value
    return cardinalities.get(value.lower(), value.strip().upper())


class Form(BaseModel):
    """A mapping of a lens file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    description: str | None = None
    tags: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()


class SqlForm(Form):
    """Where an entity's rows come from."""

    query: str
    columns: Annotated[tuple[str, ...], BeforeValidator(named)] = ()
    verified: bool = False
    tables: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    lenses: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()


class AppendForm(Form):
    """A temporal relationship: what another activity of the same entity adds to each row.

    Attributes:
        entity: the activity that is appended.
        relation: `first`, `last`, `nth`, `aggregate` with `ever`, `before`, `after` or `in between`.
        take: the member to take (first, last, nth) or the measure type and member (aggregate).
    """

    entity: str
    relation: str
    take: str | None = None
    n: int | None = Field(default=None, ge=1)
    where: str | None = None


class FieldForm(Form):
    """A column."""

    name: MemberName
    type: Annotated[ValueType, with_synonyms(value_types)] = "string"
    column: str | None = None
    primary: bool = False
    hidden: bool = False
    sql_snippet: str | None = None
    sub_query: bool = False
    time: bool = False


class DimensionForm(Form):
    """A computed value of each row."""

    name: MemberName
    type: Annotated[ValueType, with_synonyms(value_types)] = "string"
    sql_snippet: str | None = None
    hidden: bool = False
    sub_query: bool = False
    primary: bool = False
    time: bool = False
    append: AppendForm | None = None

    @model_validator(mode="after")
    def has_one_source(self) -> "DimensionForm":
        """A dimension is a formula or a temporal relationship."""
        if (self.sql_snippet is None) == (self.append is None):
            raise ValueError("a dimension needs `sql_snippet:` or `append:`")
        return self


window_part = re.compile(r"^\s*([+-]?\d+)\s*(second|minute|hour|day|week|month|quarter|year)s?\s*$", re.IGNORECASE)


class WindowForm(Form):
    """A rolling window round each bucket of the time dimension."""

    trailing: str | None = None
    leading: str | None = None
    offset: Literal["start", "end"] = "end"

    @model_validator(mode="after")
    def has_parts(self) -> "WindowForm":
        """Sizes are `1 month` or `unbounded`."""
        for part in (self.trailing, self.leading):
            if part is not None and part != "unbounded" and not window_part.match(part):
                raise ValueError(f"'{part}' is not a window size such as `1 month`, `-7 day` or `unbounded`")
        if self.trailing is None and self.leading is None:
            raise ValueError("a rolling window needs `trailing:` or `leading:`")
        return self


class MeasureForm(Form):
    """An aggregate over the rows of the entity."""

    name: MemberName
    type: Annotated[MeasureType, with_synonyms({"average": "avg"})]
    sql_snippet: str | None = None
    hidden: bool = False
    rolling_window: WindowForm | None = None

    @model_validator(mode="after")
    def has_snippet(self) -> "MeasureForm":
        """Only a count needs no expression."""
        if self.sql_snippet is None and self.type != "count":
            raise ValueError(f"a measure of type {self.type} needs `sql_snippet:`")
        return self


class SegmentForm(Form):
    """A named filter."""

    name: MemberName
    sql_snippet: str
    hidden: bool = False


class TargetForm(Form):
    """The other end of a relationship."""

    name: str
    field: Annotated[tuple[str, ...], BeforeValidator(listed)]


class RelationshipForm(Form):
    """How rows of this entity relate to rows of another."""

    name: str | None = None
    type: Annotated[Cardinality, BeforeValidator(as_cardinality)]
    field: Annotated[tuple[str, ...], BeforeValidator(listed)]
    target: TargetForm
    verified: bool = False
    sql_snippet: str | None = None

    @model_validator(mode="after")
    def has_equal_keys(self) -> "RelationshipForm":
        """A composite key has as many fields on both ends."""
        if len(self.field) != len(self.target.field) or not self.field:
            raise ValueError("`field` and `target.field` must name as many fields")
        return self


class EntityForm(Form):
    """One entity."""

    name: MemberName
    sql: SqlForm | None = None
    extends: str | None = Field(default=None, alias="extend")
    fields: Annotated[tuple[FieldForm, ...], BeforeValidator(listed)] = ()
    dimensions: Annotated[tuple[DimensionForm, ...], BeforeValidator(listed)] = ()
    measures: Annotated[tuple[MeasureForm, ...], BeforeValidator(listed)] = ()
    segments: Annotated[tuple[SegmentForm, ...], BeforeValidator(listed)] = ()
    relationships: Annotated[tuple[RelationshipForm, ...], BeforeValidator(listed)] = ()

    @model_validator(mode="before")
    @classmethod
    def with_plurals(cls, value: Any) -> Any:
        """`measure:` and `relationship:`, as some pages write them, are the plural keys."""
        if not isinstance(value, dict):
            return value
        plurals = {"measure": "measures", "relationship": "relationships", "dimension": "dimensions", "field": "fields"}
        return {plurals.get(key, key) if plurals.get(key) not in value else key: item for key, item in value.items()}


class LensForm(Form):
    """A lens file.

    Attributes:
        dialect: the SQL dialect of its snippets; DataOS files are written for Trino.
    """

    name: str
    contract: str | None = None
    owner: str | None = None
    dialect: str | None = None
    entities: tuple[EntityForm, ...]
