"""`features:` computed traits, one short declaration each: exactly one verb and its modifiers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from c360.project.blocks.base import Block, Duration, Name, OneOrMany, Tier, as_list

verbs = (
    "count", "sum", "min", "max", "avg", "first", "last", "nth", "pick", "any", "distinct", "median", "mode",
    "percentile", "stddev", "list", "ratio", "score", "trend", "streak", "sql",
)  # fmt: skip
reserved = ("defaults", "use", "measures", "again")


class FeatureDefaults(Block):
    """What the features of an entity take when they say nothing themselves.

    Attributes:
        tier: how often they are refreshed.
        null: what stands for NULL.
        history: how often past values are kept.
    """

    tier: Tier | None = None
    null: Any = None
    history: str | None = None


class Feature(Block):
    """A computed trait.

    The verb's value names what is read: an activity, an activity set, `contact.trait` of related entities, `gap`,
    or an SQL formula (`sql`).

    Attributes:
        take: what first/last/nth returns, what distinct/list/mode collect: `ts` or an attribute.
        of: the activity of `avg: gap`, `median: gap`, and of `sum: attribute`.
        window: only the last `30d`, `4w`, `12mo` before as_of, half-open [t-w, t).
        relative, to: only activities before or after the one named by `to: {first: order_placed}`.
        ago: as it was that long before as_of; a window ends there.
        followed_by, not_followed_by: only activities after which another one happened, or not, within a time:
            `{order_placed: 24h}`; what is too recent to tell does not count as not followed.
        via: the relation that is walked when there are two.
        order: for pick: SQL order of the candidates.
        null: what stands for NULL; `keep` leaves it.
        replaces: the old feature that this one deprecates.
        count, any: activities, or related entities: how many, or whether there is one.
        sum, min, max, avg, median, mode, percentile, stddev: an attribute of activities, or a column of related entities.
        first, last, nth: an activity: the first, the last, or number `n`.
        pick: a column of related entities, of the first in `order`.
        distinct, list: the different values, counted or listed.
        ratio: two features, of which the first is divided by the second.
        score: a number of the entity as one of `n` classes of equal size, 1 to 5; edges are those of the month's first day.
        best: whether a high or a low number gets the highest score.
        trend, streak: the change from one `window` to the next; days, weeks or months in a row.
        sql: an SQL formula over the entity's columns and those of what it belongs to.
        n: which one, for nth; how many at most, for list.
        p: which percentile, 0-1.
        where: SQL condition on what is read.
        type: the SQL type of the result, when it should be another one.
        unit: what the number counts, such as USD or days.
        tier: how often it is refreshed.
        version: raised when the definition changes.
        previous: older versions that stay readable as `name@1`, marked as deprecated: `{1: {count: order_placed}}`.
        history: how often past values are kept, such as `daily`.
        pii: how roles without the right see it.
        signal: a positive usage signal, listed for sales.
    """

    count: str | None = None
    sum: str | None = None
    min: str | None = None
    max: str | None = None
    avg: str | None = None
    first: str | None = None
    last: str | None = None
    nth: str | None = None
    pick: str | None = None
    any: str | None = None
    distinct: str | None = None
    median: str | None = None
    mode: str | None = None
    percentile: str | None = None
    stddev: str | None = None
    list: str | None = None
    ratio: OneOrMany | None = None
    score: str | None = None
    trend: str | None = None
    streak: str | None = None
    sql: str | None = None

    take: str | None = None
    of: str | None = None
    n: int | None = Field(default=None, ge=1)
    p: float | None = Field(default=None, ge=0, le=1)
    best: Literal["high", "low"] | None = None
    window: Duration | None = None
    relative: Literal["before", "after"] | None = None
    to: dict[Literal["first", "last"], str] | None = None
    ago: Duration | None = None
    followed_by: dict[str, Duration] | None = None
    not_followed_by: dict[str, Duration] | None = None
    where: str | None = None
    via: Name | None = None
    order: str | None = None
    null: Any = None
    type: str | None = None
    unit: str | None = None
    tier: Tier | None = None
    version: int = Field(default=1, ge=1)
    previous: dict[int, "Feature"] = Field(default_factory=dict)
    replaces: Name | None = None
    history: str | None = None
    pii: Literal["mask", "hide"] | None = None
    signal: bool = False

    @model_validator(mode="after")
    def has_one_verb(self) -> "Feature":
        """A feature says one thing."""
        used = [verb for verb in verbs if getattr(self, verb) is not None]
        if len(used) != 1:
            said = " and ".join(used) if used else "none"
            raise ValueError(f"a feature needs exactly one of {', '.join(verbs)}; this one has {said}")
        return self

    @property
    def verb(self) -> str:
        """The one verb: count, sum, first ..."""
        return next(verb for verb in verbs if getattr(self, verb) is not None)

    @property
    def subject(self) -> Any:
        """What the verb names."""
        return getattr(self, self.verb)

    @property
    def null_is_declared(self) -> bool:
        """Whether the feature states its own NULL policy."""
        return "null" in self.model_fields_set


class Again(Block):
    """A set of features once more, under a suffix, over a filter or another path.

    Attributes:
        measures: the set, written or referred to by a YAML anchor.
        suffix: what is added to the names.
        where: SQL condition on the members that count.
        via: the relation by which members are reached.
    """

    measures: dict[Name, Feature]
    suffix: str
    where: str | None = None
    via: Name | None = None


class LibraryUse(Block):
    """Features of the standard library, for the activities that a project has.

    Attributes:
        windows: the windows instead of the library's own, such as `[30d, all]`.
        activities: what a template calls an activity -> what the project calls it.
        attributes: what a template calls an attribute -> what the project calls it.
        only: just these templates.
        without: all but these templates.
        values: the values of templates that make one feature per value, such as `{category: [tea, coffee]}`.
    """

    windows: Annotated[tuple[str, ...] | None, BeforeValidator(as_list)] = None
    activities: dict[Name, str] = Field(default_factory=dict)
    attributes: dict[Name, Name] = Field(default_factory=dict)
    only: Annotated[tuple[Name, ...] | None, BeforeValidator(as_list)] = None
    without: Annotated[tuple[Name, ...], BeforeValidator(as_list)] = ()
    values: dict[Name, tuple[str, ...]] = Field(default_factory=dict)


def as_uses(value: Any) -> Any:
    """`use: shop`, `use: [web, shop]` and `use: {shop: {windows: [30d]}}` name parts of the library."""
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, list):
        return {name: {} for name in value} if all(isinstance(name, str) for name in value) else value
    return {name: item or {} for name, item in value.items()} if isinstance(value, dict) else value


class EntityFeatures(BaseModel):
    """The features of one entity: `own` by name, in file order, plus `again` and `defaults`.

    Attributes:
        defaults: what its features take when they say nothing themselves.
        use: parts of the standard library: `web`, `shop`, `saas`, `support`, `crm`.
        measures: a set of features that is used again below.
        again: sets that are used once more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    defaults: FeatureDefaults = FeatureDefaults()
    use: Annotated[dict[Name, LibraryUse], BeforeValidator(as_uses)] = Field(default_factory=dict)
    measures: dict[Name, Feature] = Field(default_factory=dict)
    own: dict[Name, Feature] = Field(default_factory=dict)
    again: tuple[Again, ...] = ()


def split_reserved(value: Any) -> Any:
    """Separate the reserved keys of an entity's features from the features themselves."""
    if not isinstance(value, dict) or "own" in value:
        return value
    return {
        **{key: item for key, item in value.items() if key in reserved},
        "own": {key: item for key, item in value.items() if key not in reserved},
    }


Features = dict[Name, Annotated[EntityFeatures, BeforeValidator(split_reserved)]]
