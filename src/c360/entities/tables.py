"""Landing tables and entity ids in, one table per entity out: traits that survived, and what each belongs to."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from c360.activity.links import spelling_of
from c360.entities.conflicts import start_conflicts, write_conflicts, write_path_conflicts
from c360.entities.context import Context, copy_known, known_table
from c360.entities.memberships import bridge_table, build_members
from c360.entities.order import in_order
from c360.entities.records import build_records
from c360.entities.survivors import build_survivors, kept_table
from c360.entities.unchanged import hangs_on_date, remember, remembered, state_of
from c360.entities.vocabulary import key_columns, traits_of
from c360.project import Project
from c360.warehouse import Connection, comma, qualified, quote

if TYPE_CHECKING:
    from c360.sources import Landed


def build(
    work: Connection,
    project: Project,
    landed: "Mapping[str, Landed]",
    as_of: datetime,
    *,
    code: str = "",
    anew: bool = False,
) -> None:
    """Write the tables of every entity and the bridges between them, unless those that are there were built of the same.

    Grain:  entities.<entity>: one row per entity_id; entities.member_<a>_<b>: one row per membership.
    Reads:  landing.<source>, identity.entity, identity.lookup, identity.dated
    Writes: entities.record_<entity>, entities.<entity>, entities.member_<a>_<b>, entities.relation_conflict;
            entities._state: what is remembered

    Args:
        work: the work database.
        project: the declarations.
        landed: the sources.
        as_of: the run's "now".
        code: what else the tables hang on; when it changes they are built.
        anew: build them in any case.
    """
    work.create_schema("entities")
    context = Context(project, landed, as_of, spelling_of(work, project))
    state = state_of(work, context, code, dated=hangs_on_date(project))
    if anew or state is None or remembered(work) != state:
        build_all(work, context)
        remember(work, state)


def build_all(work: Connection, context: Context) -> None:
    """Write all tables."""
    project = context.project
    copy_known(work)
    for name, entity in project.file.entities.items():
        if entity.from_:
            build_records(work, context, name)
        build_survivors(work, project, name)
    relations, _ = in_order(project)
    start_conflicts(work)
    for relation in relations:
        build_members(work, context, relation)
        write_conflicts(work, relation)
        work.execute(f"DROP TABLE {relation.candidates}")
    for name in project.file.entities:
        work.replace_table(qualified("entities", name), entity_sql(project, name))
    for name in project.file.entities:
        work.execute(f"DROP TABLE {kept_table(name)}")
    work.execute(f"DROP TABLE {known_table}")
    write_path_conflicts(work, project)


def entity_sql(project: Project, name: str) -> str:
    """SQL of `entities.<entity>`: surviving values, our id and the own key of each primary target."""
    entity = project.file.entities[name]
    keys = {target: column for column, target in key_columns(project, name).items()}
    columns = [f"k.{quote(column)}" for column in ("entity_id", "public_id", *entity.ids, *traits_of(entity))]
    targets, joins = [], []
    for number, target in enumerate(entity.belongs_to):
        own, other = quote(f"{name}_id"), quote(f"{target}_id")
        joins.append(
            f"LEFT JOIN {bridge_table(name, target)} m{number} ON m{number}.{own} = k.entity_id AND m{number}.is_primary"
        )
        targets.append(f"m{number}.{other} AS {other}")
        if target in keys:
            key = project.file.entities[target].key
            joins.append(f"LEFT JOIN {kept_table(target)} t{number} ON t{number}.entity_id = m{number}.{other}")
            columns.append(f"t{number}.{quote(key.name if key else '')} AS {quote(keys[target])}")
    return f"SELECT {comma([*columns, *targets])} FROM {kept_table(name)} k {' '.join(joins)}"
