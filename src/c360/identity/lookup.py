"""Identifier columns of a later room's rows in, the SQL that finds their entity out."""

from collections.abc import Mapping, Sequence

from c360.cleaning import normal_sql
from c360.identity.inputs.kinds import kind_of_id
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, literal, quote


@dataclass(frozen=True)
class Join:
    """What finds the entity of a row.

    Attributes:
        sql: LEFT JOINs that keep every row once.
        node_id: BIGINT, the node of the row's first identifier (in the order of `ids`) that is known; NULL when there is none.
        entity_id: BIGINT, the entity of that node.
        superseded: BOOLEAN, a human merge has replaced one of the row's identifiers by a newer one.
        aliases: identifier kind -> alias of its `identity.lookup` row.
    """

    sql: str
    node_id: str
    entity_id: str
    superseded: str
    aliases: Mapping[str, str]


def entity_join(
    project: Project, entity: str, ids: Mapping[str, Sequence[str]], alias: str, *, idn: bool = False
) -> Join:
    """Compile the join from raw identifier columns to the entity.

    Args:
        project: the project.
        entity: whose identifiers they are.
        ids: identifier kind -> SQL expressions over the row (several for a composite identifier).
        idn: whether the data hold international domains (`cleaning.Lists.idn`).
        alias: what the aliases of the joined tables start with.
    """
    kinds = list(ids)
    region = project.file.project.region
    normal = {kind: normal_sql(kind_of_id(project, kind), ids[kind], region=region, idn=idn) for kind in kinds}
    aliases = {kind: quote(f"{alias}_{kind}") for kind in kinds}
    joins = [
        f"LEFT JOIN identity.lookup AS {aliases[kind]} ON {aliases[kind]}.entity = {literal(entity)} "
        f"AND {aliases[kind]}.id_kind = {literal(kind)} AND {aliases[kind]}.value = {normal[kind]}"
        for kind in kinds
    ]
    return Join(
        sql=" ".join(joins),
        node_id=first_of([f"{aliases[kind]}.node_id" for kind in kinds]),
        entity_id=first_of([f"{aliases[kind]}.entity_id" for kind in kinds]),
        superseded=" OR ".join(f"COALESCE({aliases[kind]}.superseded, FALSE)" for kind in kinds),
        aliases=aliases,
    )


def dated_table(work: Connection) -> str:
    """The table of identifiers with the dates since when they are known, which older stores hold in one place."""
    return "identity.dated" if work.table_exists("identity", "dated") else "identity.node"


def first_of(parts: Sequence[str]) -> str:
    """COALESCE of several expressions, one as it is."""
    return parts[0] if len(parts) == 1 else f"COALESCE({', '.join(parts)})"
