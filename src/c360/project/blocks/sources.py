"""`sources:` a table of raw records: where it lies, its key, its time and how it changes."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from c360.project.blocks.base import Block, Duration, Name, OneOrMany, Tier, as_list

FileFormat = Literal["csv", "ndjson", "json", "parquet"]


class Threshold(Block):
    """`{count: 2, period: day}`: an age.

    Attributes:
        count: how many.
        period: of what.
    """

    count: int = Field(gt=0)
    period: Literal["minute", "hour", "day"]


class Freshness(Block):
    """How old the newest row may be (the keys of dbt).

    Attributes:
        tier: how often the source is refreshed.
        warn_after, error_after: the age that is reported, and the age that stops publishing.
        loaded_at_field: the column that says when a row came; default: the source's `time`.
    """

    tier: Tier | None = None
    warn_after: Threshold | None = None
    error_after: Threshold | None = None
    loaded_at_field: str | None = None


class Source(Block):
    """A table of raw records read from files.

    Attributes:
        file: one path or glob, or several; relative to the project folder. Compression by ending (.gz, .zst).
        format: by the ending of the file when not given.
        key: the column or columns that name a record; without one every row stands for itself.
        time: the column of the event time; naive values are read in `timezone` (default: the project's).
        order: the load-order column: of two rows with one key the greater wins, then the greater content hash.
        append_only: a log; otherwise the source is a full state and a missing key is a delete.
        deleted: SQL condition that marks a row as a delete.
        columns: declared types; a cell that does not fit sends its row to quarantine.
        where: SQL condition; rows that do not meet it are not part of the source.
        optional: the glob may match nothing.
        timezone: the zone of times that name none; default: the project's.
        late: how late rows may come (`3d`): only widens the search for them, never what is right.
        tier: how often it is refreshed.
        encoding: of text files, when it is not UTF-8 and there is no byte-order mark.
        delimiter: between the columns of a CSV file; found out when not given.
        date_format, timestamp_format: how dates and times are written (`%d/%m/%Y`), when not as ISO 8601.
        null_values: texts that mean that there is no value.
        freshness: how old its newest row may be.
    """

    file: OneOrMany
    format: FileFormat | None = None
    key: OneOrMany | None = None
    time: str | None = None
    timezone: str | None = None
    order: str | None = None
    append_only: bool = False
    deleted: str | None = None
    late: Duration | None = None
    tier: Tier | None = None
    encoding: str | None = None
    delimiter: str | None = None
    date_format: str | None = None
    timestamp_format: str | None = None
    null_values: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ("",)
    columns: dict[str, str] | None = None
    where: str | None = None
    optional: bool = False
    freshness: Freshness | None = None


Sources = dict[Name, Source]
