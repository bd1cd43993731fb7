"""Ranked candidates in, a scratch table out: one row per entity with the value of each trait that won."""

from c360.entities.context import known_table, make_scratch
from c360.entities.records import rank_column, record_table
from c360.entities.vocabulary import keep_of, traits_of
from c360.project import Project
from c360.project.blocks.entities import Entity
from c360.warehouse import Connection, comma, literal, quote


def kept_table(entity: str) -> str:
    """The quoted name of an entity's surviving values."""
    return quote(f"c360_kept_{entity}")


def build_survivors(work: Connection, project: Project, entity: str) -> None:
    """Write one row per living entity.

    An identifier comes from the records; an entity that is known only by an event or through another entity takes it
    from the identity graph. A value that a human merge replaced loses against any other.

    Grain:  one row per entity_id.
    Reads:  identity.entity, c360_known, entities.record_<entity>
    Writes: scratch c360_kept_<entity>(entity_id, public_id, identifiers, traits)
    """
    block = project.file.entities[entity]
    columns, joins, ctes = ["e.entity_id", "e.public_id"], "", ""
    if block.from_:
        ctes = f"WITH s AS ({survivors_sql(block, entity, work.describe(f'SELECT * FROM {record_table(entity)}'))}) "
        joins += " LEFT JOIN s ON s.entity_id = e.entity_id"
    if block.ids:
        joins += f" LEFT JOIN ({identifiers_sql(block, entity)}) i ON i.entity_id = e.entity_id"
    for kind in block.ids:
        name = quote(kind)
        columns.append(f"coalesce(s.{name}, i.{name}) AS {name}" if block.from_ else f"i.{name} AS {name}")
    columns += [f"s.{quote(trait)} AS {quote(trait)}" for trait in traits_of(block)]
    living = f"e.entity = {literal(entity)} AND e.status = 'active'"
    make_scratch(
        work, kept_table(entity), f"{ctes}SELECT {comma(columns)} FROM identity.entity e{joins} WHERE {living}"
    )


def survivors_sql(block: Entity, entity: str, types: dict[str, str]) -> str:
    """SQL of each entity's winners: its only record, else per column the candidate of lowest rank that is not NULL."""
    ranked = [name for name in (*block.ids, *traits_of(block)) if keep_of(block, name) not in ("min", "max")]
    places = [
        f"min(CASE WHEN {quote(name)} IS NOT NULL THEN {quote(rank_column(block, name))} END) AS {quote(f'w_{name}')}"
        for name in ranked
    ]
    columns = ["r.entity_id"]
    for name in (*block.ids, *traits_of(block)):
        column = f"r.{quote(name)}"
        if name in ranked:
            won = f"r.{quote(rank_column(block, name))} = w.{quote(f'w_{name}')}"
            columns.append(f"{pick_sql(won, column, types.get(name, ''))} AS {quote(name)}")
        else:
            columns.append(f"{keep_of(block, name)}({column}) AS {quote(name)}")
    table = record_table(entity)
    winners = f"SELECT {comma(['entity_id', *places])} FROM {table} WHERE NOT is_only GROUP BY entity_id"
    single = comma(["r.entity_id", *(f"r.{quote(name)}" for name in (*block.ids, *traits_of(block)))])
    return (
        f"SELECT {single} FROM {table} r WHERE r.is_only UNION ALL SELECT {comma(columns)} FROM {table} r "
        f"JOIN ({winners}) w ON w.entity_id = r.entity_id WHERE NOT r.is_only GROUP BY r.entity_id"
    )


def pick_sql(won: str, column: str, column_type: str) -> str:
    """SQL of the one value in a group whose row meets `won`; not every engine has a maximum of booleans."""
    if column_type.upper() == "BOOLEAN":
        return f"max(CASE WHEN {won} AND {column} THEN 1 WHEN {won} AND NOT {column} THEN 0 END) = 1"
    return f"max(CASE WHEN {won} THEN {column} END)"


def identifiers_sql(block: Entity, entity: str) -> str:
    """SQL of each entity's best identifier per kind in the graph: not replaced, then latest seen, then by value.

    Only kinds that no record gives are asked for: `s` holds what the records gave.
    """
    joins, missing = "", "TRUE"
    if block.from_:
        given = " ".join(f"WHEN {literal(kind)} THEN s.{quote(kind)}" for kind in block.ids)
        joins = " LEFT JOIN s ON s.entity_id = l.entity_id"
        missing = f"CASE l.id_kind {given} END IS NULL"
    order = "PARTITION BY l.entity_id, l.id_kind ORDER BY l.superseded, l.first_seen DESC NULLS LAST, l.value"
    ranked = (
        f"SELECT l.entity_id, l.id_kind, l.value, row_number() OVER ({order}) AS place FROM {known_table} l"
        f"{joins} WHERE l.entity = {literal(entity)} AND {missing}"
    )
    columns = [
        "entity_id",
        *(f"max(CASE WHEN id_kind = {literal(kind)} THEN value END) AS {quote(kind)}" for kind in block.ids),
    ]
    return f"SELECT {comma(columns)} FROM ({ranked}) g WHERE place = 1 GROUP BY entity_id"
