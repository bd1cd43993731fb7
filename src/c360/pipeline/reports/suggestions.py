"""A project's `suggest:` and `match:` in, the table of pairs that may be one out: for people to decide, never merged by itself."""

from collections.abc import Iterator, Sequence

from c360.entities import relation_columns, traits_of
from c360.pipeline.reports.matching import likely_sql, parted
from c360.project import Project
from c360.project.blocks.entities import Entity
from c360.warehouse import comma, literal, qualified, quote
from c360.warehouse.catalogue import PublishedColumn, PublishedTable

most_alike = 10  # a value that more than so many share says nothing


def suggestion_tables(project: Project) -> Iterator[PublishedTable]:
    """The one table of suggestions, when any entity asks for them or is matched."""
    selects = [pairs_sql(project, name, entity) for name, entity in project.file.entities.items() if entity.suggest]
    likely = [likely_sql(name) for name in project.file.match]
    if likely:  # a pair may be suggested for both reasons
        every = " UNION ALL ".join([*selects, *likely])
        columns = "entity, entity_id, other_id, MAX(score) AS score, MIN(alike) AS alike, MIN(pattern) AS pattern"
        selects = [f"SELECT {columns} FROM ({every}) AS suggested GROUP BY entity, entity_id, other_id"]
    if selects:
        yield PublishedTable(
            name="suggestion",
            select=" UNION ALL ".join(selects),
            key=("entity", "entity_id", "other_id"),
            columns=(
                PublishedColumn("entity", "Of which entity both are"),
                PublishedColumn("entity_id", "The one whose id stays when they are merged"),
                PublishedColumn("other_id", "The other one"),
                PublishedColumn("score", "How much alike they are, 0-1"),
                PublishedColumn("alike", "How many have the same values: two when only these two have them"),
                PublishedColumn(
                    "pattern", "What of both is the same, and what is not: verdicts over such pairs teach the queue"
                ),
            ),
            grain="one row per pair",
            description="Pairs that may be one, by what the project's `suggest:` compares or by matching; a person decides.",
        )


def pairs_sql(project: Project, name: str, entity: Entity) -> str:
    """Pairs of an entity that have the same value in everything that is compared."""
    keys = compared_columns(project, name, entity)
    values = [f"lower(trim(CAST({quote(column)} AS VARCHAR))) AS k{place}" for place, column in enumerate(keys)]
    present = " AND ".join(f"{quote(column)} IS NOT NULL" for column in keys)
    names = [f"k{place}" for place in range(len(keys))]
    marks = marks_of(entity, keys)
    values += [f"lower(trim(CAST({quote(column)} AS VARCHAR))) AS m{place}" for place, column in enumerate(marks)]
    table = qualified("entities", name)
    keyed = f"(SELECT entity_id, {comma(values)} FROM {table} WHERE {present})"
    few = (
        f"(SELECT {comma(names)}, COUNT(*) AS alike FROM {keyed} AS c GROUP BY {comma(names)} "
        f"HAVING COUNT(*) BETWEEN 2 AND {most_alike})"
    )
    same = " AND ".join(f"f.{key} = a.{key}" for key in names)
    also = " AND ".join(f"b.{key} = a.{key}" for key in names)
    return (
        f"SELECT {literal(name)} AS entity, a.entity_id, b.entity_id AS other_id, CAST(1 AS DOUBLE) AS score, f.alike, {pattern_sql(entity, marks)} AS pattern "
        f"FROM {keyed} AS a JOIN {few} AS f ON {same} JOIN {keyed} AS b ON {also} AND a.entity_id < b.entity_id "
        f"LEFT JOIN {parted} AS d "
        "ON d.one = a.entity_id AND d.other = b.entity_id WHERE d.one IS NULL"
    )


def marks_of(entity: Entity, compared: Sequence[str]) -> list[str]:
    """Further traits that tell two alike apart; not times, nor what grows."""
    return [
        trait
        for trait in traits_of(entity)
        if trait not in compared and not trait.endswith("_at") and entity.keep.get(trait) not in ("max", "min")
    ]


def pattern_sql(entity: Entity, marks: Sequence[str]) -> str:
    """What a pair has in common: `same name, city; same gender; other birth_date; of several`."""
    rule = f"same {', '.join(entity.suggest.compare if entity.suggest else ())}"
    clauses = [
        f"CASE WHEN a.m{place} = b.m{place} THEN {literal(f'; same {mark}')} "
        f"WHEN a.m{place} <> b.m{place} THEN {literal(f'; other {mark}')} ELSE '' END"
        for place, mark in enumerate(marks)
    ]
    return " || ".join([literal(rule), *clauses, "CASE WHEN f.alike > 2 THEN '; of several' ELSE '' END"])


def compared_columns(project: Project, name: str, entity: Entity) -> list[str]:
    """The columns that are compared: a relation is compared by its target's id."""
    relations = {target: column for column, target in relation_columns(project, name).items()}
    return [relations.get(one, one) for one in (entity.suggest.compare if entity.suggest else ())]
