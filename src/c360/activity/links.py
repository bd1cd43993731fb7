"""The identifier columns of a row in, the SQL that finds its entity out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from c360.project import Project
from c360.project.blocks.ids import IdKind
from c360.warehouse import literal


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


def normal_values(project: Project, ids: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Kind -> SQL of its normalised value, from the SQL of its raw columns."""
    from c360.cleaning import normal_sql

    return {kind: normal_sql(id_kind(project, kind), columns) for kind, columns in ids.items()}


def link(entity: str, values: Mapping[str, str], alias: str = "l") -> Link:
    """Join rows to an entity through its identifiers.

    The first identifier (in the order of `values`) that belongs to an entity names it; the others are used only where
    that one is absent, malformed or blocked.

    Args:
        entity: whose identifiers they are.
        values: kind -> SQL expression of the normalised value.
        alias: prefix of the joined lookups.
    """
    lookups = {f"{alias}{index}": (kind, value) for index, (kind, value) in enumerate(values.items())}
    joins = [
        f"LEFT JOIN identity.lookup {name} ON {name}.entity = {literal(entity)} "
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
