"""A query with every name resolved: what the compiler reads, whichever form it was asked in."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from c360.lenses.model.lens import Member, Window
from c360.lenses.request.ranges import Range
from c360.records import dataclass

own_time = "time"


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """A formula over members, in some dialect; `entity` is whose bare names and ENTITY it reads."""

    sql: str
    dialect: str
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class MemberCondition:
    """A member compared with values by one of Cube's operators."""

    member: Member
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class RangeCondition:
    """A time within a range; member is None for the own time of the measure's entity."""

    member: Member | None
    range: Range
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by `and` or `or`."""

    word: Literal["and", "or"]
    parts: tuple["Condition", ...]


Condition = SqlCondition | MemberCondition | RangeCondition | Joined


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column that rows are grouped by.

    Attributes:
        name: the column of the answer.
        member: what it is; None for the own time of each measure.
        dialect: the dialect of a formula made for this query; None for the lens's.
    """

    name: str
    member: Member | None
    granularity: str | None = None
    dialect: str | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A column that is aggregated.

    Attributes:
        member: the measure, of the lens or made for this query; its entity is the home.
        shown: whether it is a column of the answer, or only read by formulas.
    """

    name: str
    member: Member
    dialect: str | None = None
    filters: tuple[Condition, ...] = ()
    range: Range | None = None
    window: Window | None = None
    per: tuple[str, ...] = ()
    split: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Derived:
    """A formula over columns of the answer.

    Attributes:
        names: measure -> the column that holds it, where the formula's measures have a range or filters of their own.
    """

    name: str
    sql: str
    dialect: str
    shown: bool = True
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Query:
    """What is asked.

    Attributes:
        columns: the names of the answer's columns, in order.
        having: formulas over columns, each with its dialect.
        of: the entity whose rows an ungrouped query lists.
    """

    dimensions: tuple[Dimension, ...] = ()
    measures: tuple[Measure, ...] = ()
    derived: tuple[Derived, ...] = ()
    filters: tuple[Condition, ...] = ()
    having: tuple[tuple[str, str], ...] = ()
    order: tuple[tuple[str, str], ...] | None = None
    limit: int | None = None
    offset: int = 0
    timezone: str = "UTC"
    via: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Mapping[str, str | float | bool] = field(default_factory=dict)
    dialect: str = "trino"
    columns: tuple[str, ...] = ()
    ungrouped: bool = False
    of: str | None = None
    total: bool = False
    totals: bool = False
