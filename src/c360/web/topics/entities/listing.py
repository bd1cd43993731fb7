"""A filter, an order and a cursor in, one page of an entity's list out: by key, never by counting rows away."""

from collections.abc import Mapping, Sequence
from typing import Any

from c360.errors import Fault, ProjectError, suggest
from c360.govern.reading import Reading
from c360.govern.sql import comma, quote
from c360.profiles.columns import Column, columns_of, last_seen_column
from c360.profiles.names import Naming, names_of, naming
from c360.records import dataclass
from c360.web.topics.entities.cursors import Cursor, parse_cursor

page_rows = 50
most_facet_values = 12
facet_types = ("VARCHAR", "BOOLEAN")


@dataclass(frozen=True)
class Related:
    """Where a row belongs."""

    entity: str
    entity_id: int
    name: str


@dataclass(frozen=True)
class Row:
    """One entity in a list."""

    entity_id: int
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class FacetValue:
    """One value of a facet with how many have it, in what is listed."""

    value: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """A column with few values."""

    column: str
    label: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class Question:
    """What is asked of a list.

    Attributes:
        chosen: facet column -> values; rows have one of them.
        ids: only these entities, found by a search.
        related: (relation column, id): only what belongs there.
    """

    chosen: Mapping[str, tuple[str, ...]]
    sort: str
    descending: bool
    ids: tuple[int, ...] | None = None
    related: tuple[str, int] | None = None
    segment: str | None = None


@dataclass(frozen=True)
class Listed:
    """One page of a list."""

    rows: tuple[Row, ...]
    next_cursor: str | None
    total: int


def conditions(question: Question, known: Sequence[Column]) -> tuple[list[str], list[Any]]:
    """The WHERE of a question."""
    names = {column.name: column for column in known}
    parts, params = [], list[Any]()
    for name, values in question.chosen.items():
        if name not in names:
            continue
        text = f"CAST({quote(name)} AS VARCHAR)" if names[name].type != "VARCHAR" else quote(name)
        tests = [f"{text} = ?" if value else f"{text} IS NULL" for value in values]
        params += [value for value in values if value]
        parts.append(f"({' OR '.join(tests)})")
    if question.ids is not None:
        parts.append(f"entity_id IN ({comma(str(one) for one in question.ids) or 'NULL'})")
    if question.related is not None:
        parts.append(f"{quote(question.related[0])} = ?")
        params.append(question.related[1])
    return parts, params


def sort_column(columns: Sequence[Column], asked: str | None, named: Naming) -> tuple[str, bool]:
    """By what a list is ordered, and whether the greatest comes first.

    Raises:
        ProjectError: there is no such column.
    """
    names = {column.name: column for column in columns}
    wanted = (asked or "").removeprefix("-")
    if wanted == "name":
        return "name", str(asked).startswith("-")
    if wanted:
        if wanted not in names:
            fix = suggest(wanted, names) or "choose a column of the list"
            raise ProjectError(Fault("bad-parameter", f"there is no column '{wanted[:60]}' to sort by", fix=fix))
        return wanted, str(asked).startswith("-")
    last = last_seen_column(list(columns))
    if last is not None:
        return last.name, True
    return ("name", False) if named.column else ("entity_id", False)


def list_rows(
    reading: Reading, entity: str, question: Question, shown: Sequence[Column], cursor: str | None = None
) -> Listed:
    """One page of an entity's list, with how many there are in all; remembered as long as the snapshot is open."""
    key = ("listed", entity, repr(question), tuple(column.name for column in shown), cursor)
    found: Listed = reading.memory.once(key, lambda: read_list(reading, entity, question, shown, cursor))
    return found


def read_list(reading: Reading, entity: str, question: Question, shown: Sequence[Column], cursor: str | None) -> Listed:
    """One page of an entity's list as it is stored."""
    named = naming(reading, entity)
    known = columns_of(reading, entity)
    parts, params = conditions(question, known)
    table = quote(entity)
    total_where = f" WHERE {' AND '.join(parts)}" if parts else ""
    total = int(reading.rows(f"SELECT count(*) FROM {table}{total_where}", params)[0][0])
    key = named.sql if question.sort == "name" else quote(question.sort)
    if cursor is not None:
        condition, more = after(parse_cursor(cursor, 2), key, descending=question.descending)
        parts, params = [*parts, condition], [*params, *more]
    direction = "DESC" if question.descending else "ASC"
    columns = comma([f"{named.sql} AS n", f"{key} AS k", *(quote(column.name) for column in shown)])
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    sql = (
        f"SELECT entity_id, {columns} FROM {table}{where} ORDER BY ({key}) {direction} NULLS LAST, entity_id "
        f"LIMIT {page_rows + 1}"
    )
    found = reading.rows(sql, params)
    rows = found[:page_rows]
    following = Cursor(reading.snapshot_id, (rows[-1][2], rows[-1][0])).text() if len(found) > page_rows else None
    return Listed(related_rows(reading, shown, rows), following, total)


def after(cursor: Cursor, key: str, *, descending: bool) -> tuple[str, list[Any]]:
    """The rows behind a cursor."""
    value, entity_id = cursor.after
    if value is None:
        return f"({key}) IS NULL AND entity_id > ?", [entity_id]
    beyond = "<" if descending else ">"
    return f"(({key}) {beyond} ? OR (({key}) = ? AND entity_id > ?) OR ({key}) IS NULL)", [value, value, entity_id]


def related_rows(reading: Reading, shown: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> tuple[Row, ...]:
    """Rows with the names of what they belong to."""
    names: dict[str, dict[int, str]] = {}
    for place, column in enumerate(shown, 3):
        if column.target is not None:
            ids = sorted({int(row[place]) for row in rows if row[place] is not None})
            names[column.name] = names_of(reading, column.target, ids)
    found = []
    for row in rows:
        values: dict[str, Any] = {}
        for column, value in zip(shown, row[3:], strict=True):
            if column.target is not None and value is not None:
                name = names[column.name].get(int(value))
                values[column.name] = Related(column.target, int(value), name) if name else None
            else:
                values[column.name] = value
        found.append(Row(int(row[0]), str(row[1]), values))
    return tuple(found)


def facet_columns(reading: Reading, entity: str) -> list[Column]:
    """The columns with few values; masked ones are none. What they are is remembered per snapshot and role."""
    memory = reading.memory
    key = ("facets", entity)
    if key not in memory:
        candidates = [
            column
            for column in columns_of(reading, entity)
            if column.type in facet_types and not column.masked and column.kind in ("trait", "feature")
        ]
        memory[key] = few_valued(reading, entity, candidates)
    found: list[Column] = memory[key]
    return found


def few_valued(reading: Reading, entity: str, candidates: Sequence[Column]) -> list[Column]:
    """The columns that have between two and a dozen values."""
    if not candidates:
        return []
    counts = comma(f"approx_count_distinct({quote(column.name)})" for column in candidates)
    row = reading.rows(f"SELECT {counts} FROM {quote(entity)}")[0]
    few = [column for column, count in zip(candidates, row, strict=True) if 1 <= count <= most_facet_values]
    return few[:6]


def facets(reading: Reading, entity: str, question: Question) -> tuple[Facet, ...]:
    """Each facet's values with their counts in what the other facets leave."""
    memory, known = reading.memory, columns_of(reading, entity)
    found = []
    for column in facet_columns(reading, entity):
        others = {name: values for name, values in question.chosen.items() if name != column.name}
        key = ("facet", entity, column.name, repr(sorted(others.items())), question.related, question.ids)
        if key not in memory:
            rest = Question(others, question.sort, question.descending, question.ids, question.related)
            memory[key] = facet_counts(reading, entity, column, conditions(rest, known))
        chosen = question.chosen.get(column.name, ())
        values = tuple(FacetValue(value, count, value in chosen) for value, count in memory[key])
        if len(values) > 1 or chosen:
            found.append(Facet(column.name, column.label, values))
    return tuple(found)


def facet_counts(
    reading: Reading, entity: str, column: Column, where: tuple[list[str], list[Any]]
) -> list[tuple[str, int]]:
    """How many rows have each value."""
    text = f"CAST({quote(column.name)} AS VARCHAR)"
    condition = " AND ".join([f"{text} IS NOT NULL", *where[0]])
    sql = (
        f"SELECT {text}, count(*) FROM {quote(entity)} WHERE {condition} GROUP BY 1 "
        f"ORDER BY 2 DESC, 1 LIMIT {most_facet_values}"
    )
    return [(str(row[0]), int(row[1])) for row in reading.rows(sql, where[1])]
