"""A published table in, its page out; and the index of all columns."""

from collections.abc import Sequence

from c360.pipeline.docs.html import Html, code, element, facts, joined, link, table
from c360.pipeline.docs.sentences import feature_sentence, null_sentence
from c360.pipeline.docs.site import Site, table_page
from c360.warehouse.catalogue import PublishedColumn, PublishedTable, added_columns, history_columns

added = {
    "updated_at": "When this row was last changed by a publish; rows whose values stay the same keep it",
    "is_deleted": "Whether the row has ended",
    "merged_into": "The id that this row became part of, when it was merged",
}
header = ("column", "type", "description", "owner", "from", "when there is no value")


def all_columns(site: Site, published: PublishedTable) -> list[PublishedColumn]:
    """The columns that readers see: the declared ones, those that the snapshot holds besides, those that publishing adds."""
    entry = site.manifest.tables.get(published.name) if site.manifest else None
    held = [column.name for column in entry.columns] if entry else []
    declared = {column.name for column in published.columns}
    return [
        *published.columns,
        *(
            PublishedColumn(name, added.get(name))
            for name in dict.fromkeys([*held, *added_columns])
            if name not in declared
        ),
    ]


def table_document(site: Site, published: PublishedTable) -> str:
    """The page of one table."""
    entry = site.manifest.tables.get(published.name) if site.manifest else None
    columns = all_columns(site, published)
    lead = published.description or f"The table {published.name}."
    content: list[object] = [
        facts((
            ("Grain", published.grain), ("Key", joined(code(name) for name in published.key)),
            ("Owner", site.owner(published.owner)), ("Also called", joined(code(name) for name in published.aliases)),
            ("Rows", f"{entry.rows:,}" if entry else None),
            ("History", history(published)),
        )),
        element("h2", f"Columns ({len(columns)})"),
        table(header, [(column.name, cells(site, published, column)) for column in columns], f"Columns of {published.name}"),
    ]  # fmt: skip
    node = node_of(site, published)
    if node is not None:
        title = f"Lineage of {published.name}"
        content += [element("h2", "Lineage"), site.drawing(site.graph.around(node), title, root="../", current=node)]
    return site.page(table_page(published.name), published.name, lead, content)


def node_of(site: Site, published: PublishedTable) -> str | None:
    """The node of the lineage that a table is, if it is one."""
    page = table_page(published.name)
    return next((name for name, node in site.graph.nodes.items() if node.page == page), None)


def history(published: PublishedTable) -> Html | None:
    """Where earlier versions of the rows are."""
    if not published.keep_history:
        return None
    more = joined(code(name) for name in history_columns)
    return Html(f"{code(published.history_name)} holds every version of every row, with {more}")


def cells(site: Site, published: PublishedTable, column: PublishedColumn, root: str = "../") -> Sequence[object]:
    """The row of a column."""
    definition = site.definitions.get((published.name, column.name)) if published.kind == "entity" else None
    meaning: list[object] = [column.description or (feature_sentence(definition) if definition else "")]
    if definition is not None and column.description:
        meaning.append(element("small", feature_sentence(definition)))
    if column.pii:
        meaning.append(Html(f" {element('span', f'personal: {column.pii}', class_='tag pii')}"))
    origins = joined((site.origin(origin, root) for origin in column.lineage), "; ")
    return (column.name, type_of(site, published, column), meaning, site.owner(column.owner, published.owner), origins,
            null_sentence(definition) if definition else "")  # fmt: skip


def type_of(site: Site, published: PublishedTable, column: PublishedColumn) -> str:
    """The published type of a column, once it is known."""
    entry = site.manifest.tables.get(published.name) if site.manifest else None
    found = next((item.type for item in entry.columns if item.name == column.name), "") if entry else ""
    return found.lower()


def column_index(site: Site) -> str:
    """Every column of every table on one page, to search with the browser."""
    rows = [
        (f"{published.name}.{column.name}",
         (link(column.name, f"{table_page(published.name)}#{column.name}"), link(published.name, table_page(published.name)),
          column.description or "", site.owner(column.owner, published.owner)))
        for published in site.tables
        for column in all_columns(site, published)
    ]  # fmt: skip
    rows.sort(key=lambda row: str(row[0]).partition(".")[2])
    lead = f"{len(rows)} columns of {len(site.tables)} tables, by name."
    return site.page(
        "columns.html", "All columns", lead, table(("column", "table", "description", "owner"), rows, "All columns")
    )
