"""`activities:` what an entity did at a time; together they make one stream per entity."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from c360.project.blocks.base import Block, Name, OneOrMany, as_list


class ActivityInput(Block):
    """Rows of one source that are this activity.

    Attributes:
        of: entity -> {identifier kind: column or columns}; `of: contact` with `ids:` is the short form.
        time: column or SQL expression of the event time; default the source's `time`.
        attributes: name -> SQL expression over the source's columns.
        source: the source that is read.
        where: SQL condition; other rows are not this activity.
    """

    source: Name
    of: dict[Name, dict[Name, OneOrMany]]
    where: str | None = None
    time: str | None = None
    attributes: dict[Name, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def unfold_of(cls, value: Any) -> Any:
        """`of: contact, ids: {user_id: id}` becomes `of: {contact: {user_id: id}}`."""
        if isinstance(value, dict) and isinstance(value.get("of"), str):
            rest = {key: item for key, item in value.items() if key not in ("of", "ids")}
            return {**rest, "of": {value["of"]: value.get("ids", {})}}
        return value


class Activity(Block):
    """One activity, from one source or from several (`from:`).

    Attributes:
        split_by: one activity per value of this column, named `activity: value`.
        revenue: the attribute that holds money.
        transaction: the attribute that names a transaction, for de-duplication over sources.
        signal: a positive usage signal.
        from: the sources of the activity; with one source its keys may stand beside the activity's own.
    """

    from_: Annotated[tuple[ActivityInput, ...], BeforeValidator(as_list)] = Field(alias="from", min_length=1)
    split_by: str | None = None
    revenue: Name | None = None
    transaction: Name | None = None
    signal: bool = False

    @model_validator(mode="before")
    @classmethod
    def unfold_source(cls, value: Any) -> Any:
        """An activity of one source writes the keys of its input beside its own."""
        if not isinstance(value, dict) or "source" not in value:
            return value
        inner = {"source", "of", "ids", "where", "time", "attributes"}
        own = {key: item for key, item in value.items() if key not in inner}
        return {**own, "from": [{key: item for key, item in value.items() if key in inner}]}


Activities = dict[Name, Activity]
