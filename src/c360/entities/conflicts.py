"""Candidates of all relations in, `entities.relation_conflict` out: where the ways to a target disagree."""

from c360.entities.memberships import Relation
from c360.entities.vocabulary import is_many
from c360.project import Project
from c360.warehouse import Connection, comma, literal, quote

table = '"entities"."relation_conflict"'


def start_conflicts(work: Connection) -> None:
    """Write the report without rows.

    Grain:  one row per entity, target entity kind, and other target.
    Writes: entities.relation_conflict(entity, entity_id, target, chosen_id, chosen_by, members, other_id, other_by,
            other_members): `members` are how many of the entity's members spoke for each side
    """
    columns = [
        "CAST('' AS VARCHAR) AS entity", "CAST(0 AS BIGINT) AS entity_id", "CAST('' AS VARCHAR) AS target",
        "CAST(0 AS BIGINT) AS chosen_id", "CAST('' AS VARCHAR) AS chosen_by", "CAST(0 AS BIGINT) AS members",
        "CAST(0 AS BIGINT) AS other_id", "CAST('' AS VARCHAR) AS other_by", "CAST(0 AS BIGINT) AS other_members",
    ]  # fmt: skip
    work.replace_table(table, f"SELECT {comma(columns)} WHERE FALSE")


def write_conflicts(work: Connection, relation: Relation) -> None:
    """List the candidates that lost against another target, for relations that allow only one."""
    if is_many(relation.options):
        return
    candidates = relation.candidates
    columns = [
        literal(relation.entity), "w.entity_id", literal(relation.target), "w.target_id", "w.option_name", "w.members",
        "o.target_id", "o.option_name", "o.members",
    ]  # fmt: skip
    work.execute(
        f"INSERT INTO {table} SELECT {comma(columns)} FROM {candidates} w JOIN {candidates} o "
        "ON o.entity_id = w.entity_id AND o.target_id <> w.target_id WHERE w.place = 1 AND o.place > 1"
    )


def write_path_conflicts(work: Connection, project: Project) -> None:
    """List the entities whose own target differs from that of what they belong to: a contact and its group's account."""
    entities = project.file.entities
    for name, entity in entities.items():
        for middle in entity.belongs_to:
            for target in entities[middle].belongs_to if middle in entities else ():
                if target in entity.belongs_to:
                    work.execute(path_conflict_sql(name, middle, target))


def path_conflict_sql(name: str, middle: str, target: str) -> str:
    """SQL that lists the disagreements of one triangle of relations."""
    own, other = quote(f"{target}_id"), quote(f"{middle}_id")
    tables = {key: f"{quote('entities')}.{quote(key)}" for key in (name, middle)}
    columns = [
        literal(name), "a.entity_id", literal(target), f"a.{own}", literal(target), "1",
        f"b.{own}", literal(f"via {middle}"), "1",
    ]  # fmt: skip
    return (
        f"INSERT INTO {table} SELECT {comma(columns)} FROM {tables[name]} a "
        f"JOIN {tables[middle]} b ON b.entity_id = a.{other} WHERE a.{own} <> b.{own}"
    )
