"""The list of an entity: one search box over every identifier and name, facets and order in the URL, pages by key."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

from c360.errors import Fault, suggest
from c360.profiles.columns import Column, columns_of, list_columns
from c360.profiles.names import naming
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.navigation import entity_label, one_label
from c360.web.frame.page import Context, Download, File, Page, Parameter, shown
from c360.web.frame.plain import plain
from c360.web.frame.visit import Visit
from c360.web.topics.entities.cursors import parse_cursor
from c360.web.topics.entities.listing import Facet, Listed, Question, Row, facets, list_rows, sort_column
from c360.web.topics.search.searching import search

most_exported = 1_000_000
neutral = "'"
formula_starts = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Head:
    """A column heading.

    Attributes:
        to: the address that orders the list by it.
        order: `ascending` or `descending` when the list is ordered by it.
    """

    name: str
    label: str
    help: str | None
    is_number: bool
    to: str
    order: str | None


@dataclass(frozen=True)
class ChosenFilter:
    """A filter that is in force, with the address of the list without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True)
class FacetLink:
    """One value of a facet and the address that adds or removes it."""

    value: str
    count: int
    is_chosen: bool
    to: str


@dataclass(frozen=True)
class FacetLinks:
    """A facet as links."""

    label: str
    values: tuple[FacetLink, ...]


@dataclass(frozen=True)
class EntitiesContext(Context):
    """One page of the list."""

    entity: str = shown("The entity as the project names it.")
    one: str = shown("How one of them is called.")
    total: int = shown("How many there are with these filters.")
    query: str = shown("What was searched for.")
    heads: tuple[Head, ...] = shown("The columns.")
    rows: tuple[Row, ...] = shown("The rows of this page; `values` by column name.")
    exact: tuple[int, ...] = shown("Ids that the search names by a whole identifier.")
    facets: tuple[FacetLinks, ...] = shown("Columns with few values, with counts and links that filter by them.")
    chosen: tuple[ChosenFilter, ...] = shown("The filters in force.")
    next_cursor: str | None = shown("The cursor of the next page; it carries the snapshot.")
    next_to: str | None = shown("The address of the next page.")
    first_to: str | None = shown("The address of the first page, when this is another one.")
    csv_to: str | None = shown("The address of the rows as a file, for roles that may export.")


def entity_of(visit: Visit) -> str:
    """The entity of the path.

    Raises:
        MissingError: the project has none of that name, or the role does not see it.
    """
    name = visit.path["entity"]
    seen = [entity for entity in visit.project.file.entities if visit.reading.sees(entity)]
    if name in seen:
        return name
    known = {visit.project.file.entities[entity].label: entity for entity in seen}
    if name in known:
        return known[name]
    if name in visit.project.file.entities and name not in visit.reading.manifest.tables:
        raise MissingError(Fault("unknown-entity", f"nothing of '{name}' is published yet", fix="run the project"))
    fix = suggest(name, seen) or f"there are: {', '.join(seen)}"
    raise MissingError(Fault("unknown-entity", f"there is no entity '{name[:60]}'", fix=fix))


def question_of(visit: Visit, columns: list[Column], entity: str) -> tuple[Question, tuple[int, ...]]:
    """What is asked, and which ids are named exactly."""
    chosen: dict[str, tuple[str, ...]] = {}
    names = {column.name for column in columns}
    for text in visit.values["filter"]:
        column, _, value = text.partition(":")
        if column not in names:
            fix = suggest(column, names) or "use the filters of the list"
            raise MissingError(Fault("bad-parameter", f"there is no column '{column[:60]}' to filter by", fix=fix))
        chosen[column] = (*chosen.get(column, ()), value)
    sort, descending = sort_column(columns, visit.values["sort"], naming(visit.reading, entity))
    if not visit.values["q"]:
        return Question(chosen, sort, descending), ()
    hits = search(visit.reading, entity, visit.values["q"])
    exact = tuple(hit.entity_id for hit in hits if hit.is_exact)
    return Question(chosen, sort, descending, tuple(hit.entity_id for hit in hits)), exact


def show(visit: Visit) -> EntitiesContext:
    """Read one page of the list."""
    cursor = visit.values["cursor"]
    if cursor:
        visit.snapshot = parse_cursor(cursor, 2).snapshot
    entity = entity_of(visit)
    columns = columns_of(visit.reading, entity)
    picked = list_columns(columns, naming(visit.reading, entity).column)
    question, exact = question_of(visit, columns, entity)
    listed = list_rows(visit.reading, entity, question, picked, cursor)
    listed = exact_first(listed, exact)
    visit.reading.saw(entity, [row.entity_id for row in listed.rows])
    base = f"/entities/{entity}"
    return EntitiesContext(
        title=entity_label(visit.project, entity),
        entity=entity,
        one=one_label(visit.project, entity),
        total=listed.total,
        query=visit.values["q"],
        heads=heads(visit, base, picked, question),
        rows=listed.rows,
        exact=exact,
        facets=facet_links(visit, base, facets(visit.reading, entity, question)),
        chosen=chosen_filters(visit, base, columns),
        next_cursor=listed.next_cursor,
        next_to=address(visit, base, cursor=listed.next_cursor) if listed.next_cursor else None,
        first_to=address(visit, base, cursor=None) if cursor else None,
        csv_to=address(visit, f"{base}/export", cursor=None) if visit.viewer.may("export") else None,
    )


def exact_first(listed: Listed, exact: tuple[int, ...]) -> Listed:
    """Rows that are named by a whole identifier stand first."""
    rows = sorted(listed.rows, key=lambda row: row.entity_id not in exact)
    return Listed(tuple(rows), listed.next_cursor, listed.total)


def address(visit: Visit, base: str, **changes: Any) -> str:
    """The address of the list with some parameters changed; a change to None removes one."""
    values: dict[str, Any] = {name: visit.values[name] for name in ("q", "filter", "sort", "cursor")}
    values |= changes
    pairs = [("q", values["q"]), *(("filter", text) for text in values["filter"])]
    pairs += [("sort", values["sort"]), ("cursor", values["cursor"])]
    query = urlencode([(name, value) for name, value in pairs if value])
    return f"{base}?{query}" if query else base


def heads(visit: Visit, base: str, picked: list[Column], question: Question) -> tuple[Head, ...]:
    """The column headings with their order."""
    to, order = order_link(visit, base, "name", question, down_first=False)
    found = [Head("name", "Name", None, is_number=False, to=to, order=order)]
    for column in picked:
        to, order = order_link(visit, base, column.name, question, down_first=column.is_number or column.is_time)
        found.append(Head(column.name, column.label, column.help, column.is_number, to, order))
    return tuple(found)


def order_link(visit: Visit, base: str, name: str, question: Question, *, down_first: bool) -> tuple[str, str | None]:
    """The address that orders by a column, the other way round when it is ordered by it already."""
    is_current = question.sort == name
    down = not question.descending if is_current else down_first
    order = ("descending" if question.descending else "ascending") if is_current else None
    return address(visit, base, sort=f"{'-' if down else ''}{name}", cursor=None), order


def facet_links(visit: Visit, base: str, found: tuple[Facet, ...]) -> tuple[FacetLinks, ...]:
    """Facets as links that add or remove a filter."""
    chosen = visit.values["filter"]
    links = []
    for facet in found:
        values = []
        for item in facet.values:
            text = f"{facet.column}:{item.value}"
            rest = tuple(one for one in chosen if one != text) if item.is_chosen else (*chosen, text)
            to = address(visit, base, filter=rest, cursor=None)
            values.append(FacetLink(item.value, item.count, item.is_chosen, to))
        links.append(FacetLinks(facet.label, tuple(values)))
    return tuple(links)


def chosen_filters(visit: Visit, base: str, columns: list[Column]) -> tuple[ChosenFilter, ...]:
    """The filters in force, each with the way to remove it."""
    labels = {column.name: column.label for column in columns}
    found = []
    for text in visit.values["filter"]:
        name, _, value = text.partition(":")
        rest = tuple(one for one in visit.values["filter"] if one != text)
        found.append(ChosenFilter(labels.get(name, name), value, address(visit, base, filter=rest, cursor=None)))
    return tuple(found)


def export(visit: Visit) -> File:
    """The list as CSV: all rows with these filters, every column that the role sees."""
    from c360.govern.sql import comma, quote
    from c360.web.topics.entities.listing import conditions

    entity = entity_of(visit)
    columns = columns_of(visit.reading, entity)
    question, _ = question_of(visit, columns, entity)
    parts, params = conditions(question, columns)
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    names = ["entity_id", *(column.name for column in columns)]
    sql = f"SELECT {comma(quote(name) for name in names)} FROM {quote(entity)}{where} ORDER BY entity_id LIMIT {most_exported}"
    rows = visit.reading.rows(sql, params)
    visit.reading.saw(entity, [int(row[0]) for row in rows])
    return File(f"{entity}.csv", "text/csv; charset=utf-8", csv_bytes(names, rows), len(rows))


def csv_bytes(names: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    """Rows as CSV; text that a spreadsheet would take for a formula is marked as text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


def csv_cell(value: Any) -> Any:
    """One value of a CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{neutral}{value}" if value.startswith(formula_starts) else value
    return plain(value)


parameters = (
    Parameter("q", "Any identifier or name; exact identifiers come first.", default="", longest=200),
    Parameter("filter", "A filter as COLUMN:VALUE; may be given several times.", kind="many", default=()),
    Parameter("sort", "The column to order by; with a leading - the greatest first.", longest=80),
)
cursor = Parameter("cursor", "Where the page begins, as the page before gave it.", longest=600)
path_help = {"entity": "An entity of the project, such as contact."}
endpoints = (
    Page(
        "/entities/{entity}", "entities.html", "customers", EntitiesContext, show, "List the members of an entity.",
        (*parameters, cursor), fragments=("list",), path_help=path_help, is_kept=True,
    ),
    Download(
        "/entities/{entity}/export", "export", "export", export, "The list as CSV.", "text/csv", parameters, path_help=path_help,
    ),
)  # fmt: skip
