"""What each room declares about the tables it makes; publishing, docs, checks and the semantic layer read it."""

from dataclasses import field
from typing import Literal

from c360.records import dataclass

TableKind = Literal["entity", "stream", "identifier", "redirect", "bridge", "table"]
added_columns = ("updated_at",)
history_columns = ("updated_at", "is_deleted", "merged_into")


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    """What is known of a column.

    Attributes:
        pii: how roles without the right see it, or None.
        lineage: where the values come from: `users.email`, `features.contact.number_of_orders`.
        definition: name and version of what computes it, such as `orders_30d@2`.
        null: what an absent value is published as, when the definition says so.
        volatile: a stored pure function of `as_of`: when it differs, that is no change of the row.
        expression: SQL over the stored columns that the view computes; such a column is not stored and never a change.
    """

    name: str
    description: str | None = None
    owner: str | None = None
    pii: Literal["mask", "hide"] | None = None
    lineage: tuple[str, ...] = ()
    definition: str | None = None
    null: str | None = None
    volatile: bool = False
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table that readers see.

    Attributes:
        select: SQL over the work store that gives the stored columns; publishing adds `updated_at`.
        key: the columns that name a row; unique. Without one, every row of a table that differs counts as changed.
        bucket_by: BIGINT column by which a large table is cut into parts, and sorted (the entity id).
        month_by: TIMESTAMP column that cuts the parts of a large stream further.
        aliases: further names, each a view (the entity's label).
        keep_history: publish `<name>_history` with every version of every row.
        merged: SQL that gives (key, merged_into) of rows that became part of another one; for the last history row.
    """

    name: str
    select: str
    key: tuple[str, ...]
    kind: TableKind = "table"
    columns: tuple[PublishedColumn, ...] = ()
    grain: str | None = None
    description: str | None = None
    owner: str | None = None
    bucket_by: str | None = None
    month_by: str | None = None
    aliases: tuple[str, ...] = ()
    keep_history: bool = False
    merged: str | None = None
    described: dict[str, PublishedColumn] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.described.update({column.name: column for column in self.columns})

    @property
    def expressions(self) -> dict[str, str]:
        """The columns that the view computes, with their SQL."""
        return {column.name: column.expression for column in self.columns if column.expression is not None}

    @property
    def volatile(self) -> frozenset[str]:
        """The stored columns that never count as a change."""
        return frozenset(column.name for column in self.columns if column.volatile)

    @property
    def history_name(self) -> str:
        """The table of all versions of the rows."""
        return f"{self.name}_history"
