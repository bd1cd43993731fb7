"""A role and the published tables in, one SELECT per table out: what that role sees of it, masked and cut at the query.

The SELECTs become temporary views that stand in front of the published ones under the same names, so that whatever is
asked on such a connection (page, JSON, graph, title, lens, export) sees the same. What is not understood is empty.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from c360.errors import C360Error
from c360.project import Project
from c360.project.blocks.outputs import Role
from c360.records import dataclass
from c360.warehouse import comma, literal, quote
from c360.warehouse.snapshots.manifest import ColumnEntry, TableEntry
from c360.warehouse.snippets import columns_only, compile_snippet

dots = "••••••••"
own_suffixes = ("stream", "identifier", "redirect", "record", "link", "history", "moment", "daily", "weekly", "monthly")
mark = "\x00"  # stands for the relation in a pattern; no project file can hold it
kind_columns = {"value": "id_kind", "value_a": "id_kind_a", "value_b": "id_kind_b"}


@dataclass(frozen=True)
class RoleViews:
    """What a role sees.

    Attributes:
        selects: table or view name -> SELECT over the published table, which is named with its database.
        patterns: the same with a mark in the place of the published table.
        masked, hidden: table name -> columns.
    """

    selects: Mapping[str, str]
    patterns: Mapping[str, str]
    masked: Mapping[str, frozenset[str]]
    hidden: Mapping[str, frozenset[str]]


class Compiler:
    """Compiles the views of one role over one snapshot."""

    def __init__(self, project: Project, role: Role, tables: Mapping[str, TableEntry], as_of: datetime) -> None:
        self.project = project
        self.role = role
        self.tables = tables
        self.as_of = as_of
        self.masked: dict[str, frozenset[str]] = {}
        self.hidden: dict[str, frozenset[str]] = {}

    def compile(self, views: Mapping[str, tuple[str, ...]], database: str) -> RoleViews:
        """Compile every view of the snapshot.

        Args:
            views: view -> its columns, all of the snapshot's.
            database: what the snapshot's database is called on the connection.
        """
        home = {alias: name for name, entry in self.tables.items() for alias in entry.aliases}
        patterns = {}
        for view, columns in views.items():
            table = home.get(view, view.removesuffix("_history"))
            entry = self.tables.get(table)
            body = self.select(entry, columns, mark, database) if entry else None
            patterns[view] = body or f"SELECT * FROM {mark} WHERE false"
        selects = {
            view: pattern.replace(mark, f"{quote(database)}.main.{quote(view)}") for view, pattern in patterns.items()
        }
        return RoleViews(selects, patterns, self.masked, self.hidden)

    def select(self, entry: TableEntry, columns: tuple[str, ...], source: str, database: str) -> str | None:
        """What the role sees of one view; None when that is nothing."""
        owners = self.owners(entry)
        if not owners or not all(self.sees(owner) for owner in owners):
            return self.by_entity_column(entry, columns, source)
        described = {column.name: column for column in entry.columns}
        shown = [self.column(entry, owners, described.get(name), name) for name in columns]
        conditions = self.row_conditions(entry, owners, database)
        if conditions is None:
            return None
        if conditions and self.role.sql:  # a barrier: no expression of the asker ever meets a row that is cut away
            rows = f"SELECT * FROM {source} WHERE {' AND '.join(conditions)}"
            return f"WITH allowed AS MATERIALIZED ({rows}) SELECT {comma(shown)} FROM allowed"
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {comma(shown)} FROM {source}{where}"

    def owners(self, entry: TableEntry) -> tuple[str, ...]:
        """The entities whose rows a table holds; none when that is not known."""
        entities = self.project.file.entities
        if entry.name in entities:
            return (entry.name,)
        ends = tuple(name.removesuffix("_id") for name in entry.key[:2])
        if entry.kind == "bridge" and len(ends) == 2 and all(end in entities for end in ends):
            return ends
        owner, _, suffix = entry.name.rpartition("_")
        return (owner,) if owner in entities and suffix in own_suffixes else ()

    def sees(self, entity: str) -> bool:
        """Whether the role sees an entity at all."""
        return self.role.see == "all" or entity in self.role.see

    def by_entity_column(self, entry: TableEntry, columns: tuple[str, ...], source: str) -> str | None:
        """A table over several entities that says in `entity` whose a row is; without row filters and masks only."""
        if self.owners(entry) or "entity" not in columns or self.role.rows:
            return None
        names = {column.name for column in entry.columns}
        shown = [
            f"CAST(NULL AS {kind}) AS {quote(name)}" if name in free_text and self.keeps_back() else quote(name)
            for name, kind in ((column.name, column.type) for column in entry.columns if column.name in names)
        ]
        seen = self.project.file.entities if self.role.see == "all" else self.role.see
        return (
            f"SELECT {comma(shown)} FROM {source} WHERE entity IN ({comma(literal(name) for name in seen) or 'NULL'})"
        )

    def keeps_back(self) -> bool:
        """Whether any column is masked or hidden from the role, or marked as personal."""
        kinds = self.project.file.ids.items()
        marked = any(kind.pii and name not in self.role.clear for name, kind in kinds)
        return bool(marked or self.role.mask or self.role.hide)

    def treatment(self, owners: Iterable[str], name: str, column: ColumnEntry | None = None) -> str:
        """`clear`, `mask` or `hide` for a column or identifier kind."""
        names = {name, *(f"{owner}.{name}" for owner in owners)}
        sources = {item.rsplit(".", 1)[-1] for item in column.lineage} if column else set()
        if names & set(self.role.hide) or (sources & bare(self.role.hide)):
            return "hide"
        if names & set(self.role.mask) or (sources & bare(self.role.mask)):
            return "mask"
        kind = self.project.file.ids.get(name)
        marked = (column.pii if column else None) or (kind.pii if kind else None)
        return "clear" if marked is None or names & set(self.role.clear) else marked

    def column(self, entry: TableEntry, owners: tuple[str, ...], column: ColumnEntry | None, name: str) -> str:
        """One column of the SELECT."""
        if column is None:  # the marks of history: updated_at, is_deleted, merged_into
            return quote(name)
        if name in kind_columns and kind_columns[name] in {other.name for other in entry.columns}:
            return f"{self.by_kind(owners, name)} AS {quote(name)}"
        treatment = self.treatment(owners, name, column)
        if self.points_at_unseen(owners, name):
            treatment = "hide"
        if treatment == "clear":
            return quote(name)
        kept = self.masked if treatment == "mask" else self.hidden
        kept[entry.name] = kept.get(entry.name, frozenset()) | {name}
        shown = masked_sql(quote(name), column.type) if treatment == "mask" else f"CAST(NULL AS {column.type})"
        return f"{shown} AS {quote(name)}"

    def points_at_unseen(self, owners: tuple[str, ...], name: str) -> bool:
        """Whether a column names an entity that the role does not see."""
        for entity, block in self.project.file.entities.items():
            own_kind = any(name in self.project.file.entities[owner].ids for owner in owners)
            if not self.sees(entity) and (name == f"{entity}_id" or (name in block.ids and not own_kind)):
                return True
        return False

    def by_kind(self, owners: tuple[str, ...], name: str) -> str:
        """A column that holds identifiers of several kinds."""
        cases = []
        for kind in self.kinds(owners):
            treatment = self.treatment(owners, kind)
            if treatment == "mask":
                cases.append(f"WHEN {literal(kind)} THEN {masked_sql(quote(name), 'VARCHAR')}")
            elif treatment == "hide":
                cases.append(f"WHEN {literal(kind)} THEN NULL")
        return f"CASE {quote(kind_columns[name])} {' '.join(cases)} ELSE {quote(name)} END" if cases else quote(name)

    def kinds(self, owners: Iterable[str]) -> list[str]:
        """The identifier kinds of entities."""
        return [kind for owner in owners for kind in self.project.file.entities[owner].ids]

    def row_conditions(self, entry: TableEntry, owners: tuple[str, ...], database: str) -> list[str] | None:
        """The rows that the role sees; None when its condition cannot be asked of this entity."""
        conditions = []
        hidden = [kind for kind in self.kinds(owners) if self.treatment(owners, kind) == "hide"]
        names = {column.name for column in entry.columns}
        if hidden and entry.kind == "identifier":
            conditions.append(f"id_kind NOT IN ({comma(literal(kind) for kind in hidden)})")
        if self.role.rows is None:
            return conditions
        for owner in owners:
            allowed = self.allowed_rows(owner)
            own_id = "entity_id" if "entity_id" in names else f"{owner}_id"
            if allowed is None or own_id not in names:
                return None
            inner = f"SELECT entity_id FROM {quote(database)}.main.{quote(owner)} WHERE {allowed}"
            conditions.append(allowed if entry.name == owner else f"{quote(own_id)} IN ({inner})")
        return conditions

    def allowed_rows(self, entity: str) -> str | None:
        """The role's row condition over an entity's table; None when the table lacks a column of it."""
        entry = self.tables.get(entity)
        if entry is None or self.role.rows is None:
            return None
        try:
            resolve = columns_only([column.name for column in entry.columns])
            return f"coalesce(({compile_snippet(self.role.rows, resolve, as_of=self.as_of)}), false)"
        except C360Error:
            return None


free_text = ("value", "other_value", "raw", "record_key", "example", "message", "value_a", "value_b")


def bare(names: Iterable[str]) -> set[str]:
    """Names without their entity."""
    return {name.rsplit(".", 1)[-1] for name in names}


def masked_sql(column: str, kind: str) -> str:
    """A value as dots: the last four characters stay where there are more than seven; other types than text are NULL."""
    if kind != "VARCHAR":
        return f"CAST(NULL AS {kind})"
    return f"CASE WHEN length({column}) > 7 THEN '{dots}' || right({column}, 4) WHEN {column} IS NOT NULL THEN '{dots}' END"
