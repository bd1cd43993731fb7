"""A project in, the tables that break a derived relation down out: which members speak for which target, and who has none."""

from collections.abc import Iterator

from c360.cleaning import derived_sql
from c360.entities import columns_of, relation_columns
from c360.entities.memberships import bridge_table
from c360.project import Project
from c360.project.blocks.entities import BelongsTo
from c360.warehouse import comma, literal, qualified, quote
from c360.warehouse.catalogue import PublishedColumn, PublishedTable


def breakdown_tables(project: Project) -> Iterator[PublishedTable]:
    """For each relation that members decide (`{by: domain, from: contact.email}`): its votes, and who got none."""
    for name, entity in project.file.entities.items():
        for target, options in entity.belongs_to.items():
            for option in options:
                member, _, kind = str(option.from_ or "").rpartition(".")
                if member and member != name:
                    yield votes_table(project, (name, target), option, (member, kind))
                    yield without_table(project, name, target, member)


def votes_table(project: Project, ends: tuple[str, str], option: BelongsTo, voice: tuple[str, str]) -> PublishedTable:
    """How many members of each entity have which identifier of the target: `group_domain`."""
    (name, target), (member, kind) = ends, voice
    own, by, number = f"{name}_id", str(option.by), f"number_of_{member}s"
    ids = project.file.ids
    value = derived_sql(ids[by], ids[kind], f"c.{quote(kind)}")
    votes = (
        f"SELECT m.{quote(own)}, {value} AS {quote(by)}, count(DISTINCT m.{quote(f'{member}_id')}) AS {quote(number)} "
        f"FROM {bridge_table(member, name)} m JOIN {qualified('entities', member)} c ON c.entity_id = m.{quote(f'{member}_id')} "
        "GROUP BY 1, 2"
    )
    select = (
        f"SELECT v.{quote(own)}, v.{quote(by)}, l.entity_id AS {quote(f'{target}_id')}, v.{quote(number)} FROM ({votes}) v "
        f"LEFT JOIN identity.lookup l ON l.entity = {literal(target)} AND l.id_kind = {literal(by)} AND l.value = v.{quote(by)}"
    )
    return PublishedTable(
        name=f"{name}_{by}",
        select=select,
        key=(own, by),
        columns=(
            PublishedColumn(own, f"The {name}"),
            PublishedColumn(by, f"A {by} of its members, personal ones included"),
            PublishedColumn(f"{target}_id", f"The {target} of that {by}; NULL where it leads to none"),
            PublishedColumn(number, f"How many of its {member}s have it"),
        ),
        grain=f"one row per {name} and {by}",
        description=f"Which {by}s the members of each {name} have.",
    )


def without_table(project: Project, name: str, target: str, member: str) -> PublishedTable:
    """The entities with members of which none leads to a target: teams on personal addresses only."""
    number = f"number_of_{member}s"
    skipped = {*relation_columns(project, name), "public_id"}
    shown = [column for column in columns_of(project, name) if column not in skipped]
    columns = comma(f"e.{quote(column)}" for column in shown)
    select = (
        f"SELECT {columns}, count(DISTINCT m.{quote(f'{member}_id')}) AS {quote(number)} "
        f"FROM {qualified('entities', name)} e JOIN {bridge_table(member, name)} m ON m.{quote(f'{name}_id')} = e.entity_id "
        f"WHERE e.{quote(f'{target}_id')} IS NULL GROUP BY {columns}"
    )
    label = project.file.entities[name].label or name
    return PublishedTable(
        name=f"{name}_without_{target}",
        select=select,
        key=("entity_id",),
        columns=(
            *(PublishedColumn(column, f"As in the table {name}") for column in shown),
            PublishedColumn(number, f"How many {member}s it has"),
        ),
        grain=f"one row per {label} without {target}",
        description=f"Every {label} with {member}s of whom none leads to an {target}: all on personal addresses.",
    )
