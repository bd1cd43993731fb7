"""The identifier columns of a row in, the SQL that finds its entity out."""

from collections.abc import Iterable, Mapping, Sequence

from c360.cleaning import derived_sql, normal_sql
from c360.project import Project
from c360.project.blocks.ids import IdKind
from c360.records import dataclass
from c360.warehouse import Connection, literal

whole_numbers = ("SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


@dataclass(frozen=True, slots=True)
class Link:
    """SQL that attaches rows of `alias` to entities: `joins` goes into FROM, the others are expressions over it."""

    joins: str
    entity_id: str
    node_id: str
    superseded: str
    values: dict[str, str]


def id_kind(project: Project, name: str) -> IdKind:
    """The declared kind of identifier, or a plain external one for the key of an entity."""
    return project.file.ids.get(name) or IdKind(type="external")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the identifiers of a project are spelled in this store, so that they compare equal to those of the graph."""

    project: Project
    idn: bool = False

    def normal(self, kind: str, columns: Sequence[str], types: Sequence[str | None] = ()) -> str:
        """SQL of the normalised value, from the SQL of the raw columns.

        Args:
            kind: the kind of identifier.
            columns: one SQL expression, or the parts of a composite identifier in order.
            types: the types of those columns where they are known; whole numbers have nothing to clean.
        """
        found = id_kind(self.project, kind)
        if len(columns) == 1 and types and types[0] in whole_numbers and found.type == "external" and not found.options:
            return f"CAST({columns[0]} AS VARCHAR)"
        return normal_sql(found, columns, region=self.project.file.project.region, idn=self.idn)

    def derived(self, target: str, source: str, column: str) -> str:
        """SQL of an identifier that follows from a normalised one: the domain of an e-mail address."""
        return derived_sql(id_kind(self.project, target), id_kind(self.project, source), column)


def spelling_of(work: Connection, project: Project) -> Spelling:
    """The spelling of a store: decoded international domains count where the run found any."""
    return Spelling(project, work.table_exists("cleaning", "idn"))


def link(
    entity: str,
    values: Mapping[str, str],
    alias: str = "l",
    *,
    required: bool = False,
    known: str = "identity.lookup",
) -> Link:
    """Join rows to an entity through its identifiers.

    The first identifier (in the order of `values`) that belongs to an entity names it; the others are used only where
    that one is absent, malformed or blocked.

    Args:
        entity: whose identifiers they are.
        values: kind -> SQL expression of the normalised value.
        alias: prefix of the joined lookups.
        required: leave out rows without an entity; only for a single identifier.
        known: the table of identifiers; a copy of the view that is made once spares its joins each time.
    """
    lookups = {f"{alias}{index}": (kind, value) for index, (kind, value) in enumerate(values.items())}
    joins = [
        f"{'JOIN' if required else 'LEFT JOIN'} {known} {name} ON {name}.entity = {literal(entity)} "
        f"AND {name}.id_kind = {literal(kind)} AND {name}.value = {value}"
        for name, (kind, value) in lookups.items()
    ]
    superseded = " OR ".join(f"coalesce({name}.superseded, FALSE)" for name in lookups)
    return Link(
        joins="\n".join(joins),
        entity_id=first_of(f"{name}.entity_id" for name in lookups),
        node_id=first_of(f"{name}.node_id" for name in lookups),
        superseded=f"({superseded})",
        values=dict(values),
    )


def first_of(expressions: Iterable[str]) -> str:
    """The first expression that is not NULL."""
    parts = list(expressions)
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"
