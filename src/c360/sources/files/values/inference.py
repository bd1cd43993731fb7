"""All values of a source in, the type of each column out."""

from collections.abc import Sequence

from c360.errors import SourceError
from c360.project import Project
from c360.sources.files.loading.reader import Reader
from c360.sources.files.values.classes import (
    ColumnType,
    day,
    fraction,
    join,
    long,
    moment,
    own_day,
    own_moment,
    text,
    whole,
)
from c360.sources.files.values.types import class_sql
from c360.warehouse import Connection, comma

batch = 250
Facts = tuple[int, int, int, int, int, str | None]


def is_time(kind: ColumnType) -> bool:
    """Whether a column of this type can say when."""
    return kind.sql in ("DATE", "TIMESTAMP")


def exact_types(work: Connection, project: Project, reader: Reader) -> tuple[dict[str, ColumnType], list[str]]:
    """The narrowest type that all values of each column fit, with warnings where a few values widen one.

    Raises:
        SourceError: the time column holds no times.
    """
    columns = reader.columns
    asked = [(index, name) for index, name in enumerate(columns.names) if name not in columns.declared]
    types = dict(columns.declared)
    warnings: list[str] = []
    facts: list[Facts] = []
    for start in range(0, len(asked), batch):
        facts += classes_of(work, reader, [index for index, _ in asked[start : start + batch]])
    for (_, name), fact in zip(asked, facts, strict=True):
        classes, before, after, values, texts, example = fact
        types[name] = join(classes, (before, after), identifier=name in columns.identifiers)
        if name == columns.time and not is_time(types[name]):
            types[name] = time_type(project, reader, classes)
        elif types[name].sql == "VARCHAR" and 0 < texts * 2 <= values and name not in columns.identifiers:
            warnings.append(
                f"column '{name}' is kept as text: {texts:,} of {values:,} values are unlike the others, e.g. "
                f"'{(example or '')[:60]}'; declare its type under `columns:` to set such records aside"
            )
    return {name: types[name] for name in columns.names}, warnings


def classes_of(work: Connection, reader: Reader, indexes: Sequence[int]) -> list[Facts]:
    """For each column: its classes, the most digits before and after the point, how many values and texts there are."""
    kinds = comma(f"c{index}, {class_sql(f'c{index}', reader.columns.reading)} AS k{index}" for index in indexes)
    where = "WHERE _json = 0" if reader.has_json else ""
    aggregates = comma(facts_sql(index) for index in indexes)
    row = work.rows(f"SELECT {aggregates} FROM (SELECT {kinds} FROM ({reader.relation()}) {where})", portable=False)[0]
    return [row[start : start + 6] for start in range(0, len(row), 6)]


def facts_sql(index: int) -> str:
    """The aggregates of one column."""
    raw, kind = f"c{index}", f"k{index}"
    digits = f"ltrim(CASE WHEN {kind} & {whole | fraction} <> 0 THEN {raw} END, '-')"
    return (
        f"coalesce(bit_or({kind}), 0), coalesce(max(strlen(split_part({digits}, '.', 1))), 0), "
        f"coalesce(max(strlen(split_part({digits}, '.', 2))), 0), count({raw}), "
        f"count(CASE WHEN {kind} = {text} THEN 1 END), min(CASE WHEN {kind} = {text} THEN {raw} END)"
    )


def time_type(project: Project, reader: Reader, classes: int) -> ColumnType:
    """The type of a time column that is not wholly a time: its other values keep their records out.

    Raises:
        SourceError: not one value is a time.
    """
    if classes and not classes & (day | moment | own_day | own_moment):
        what = "numbers" if classes & (whole | long | fraction) else "other text"
        message = f"source '{reader.name}': the time column '{reader.columns.time}' holds {what}, no times"
        fix = "name another column under `time:`, or its form under `timestamp_format:`"
        raise SourceError(project.fault("source-time-not-a-time", message, "sources", reader.name, "time", fix=fix))
    if classes & own_day and not classes & (day | moment | own_moment):
        return ColumnType("DATE", declared=True)
    return ColumnType("TIMESTAMP", declared=True)
