"""A project in, the tables that its readers see out: what each holds, its key, its columns and where they come from."""

from collections.abc import Iterator

from c360.activity.vocabulary import activities_of, attributes_of
from c360.entities import columns_of, relation_columns, traits_of
from c360.entities.memberships import bridge_table
from c360.entities.order import in_order
from c360.entities.records import record_table
from c360.entities.vocabulary import key_columns
from c360.features import catalogue, histories
from c360.features.rollups import periods
from c360.pipeline.reports.breakdowns import breakdown_tables
from c360.pipeline.reports.evidence import evidence_tables
from c360.pipeline.reports.findings import finding_tables
from c360.pipeline.reports.matching import match_tables
from c360.pipeline.reports.suggestions import suggestion_tables
from c360.project import Project
from c360.project.blocks.entities import Entity
from c360.warehouse import comma, literal, qualified, quote
from c360.warehouse.catalogue import PublishedColumn, PublishedTable

entity_id = PublishedColumn("entity_id", "Our id of it: stays the same over runs and rebuilds")
public_id = PublishedColumn("public_id", "The id to show outside: derived from its first identifier")


def published_tables(project: Project) -> list[PublishedTable]:
    """Every table of a run, in the order in which readers list them: entities first."""
    file = project.file
    return [
        *(entity_table(project, name) for name in file.entities),
        *(stream_table(project, name) for name in file.entities if activities_of(project, name)),
        *history_tables(project),
        *bridge_tables(project),
        *(table for name in file.entities for table in identity_tables(project, name)),
        *(record_table_of(project, name) for name, entity in file.entities.items() if entity.from_),
        *breakdown_tables(project),
        *finding_tables(project),
        *evidence_tables(project),
        *suggestion_tables(project),
        *match_tables(project),
    ]


def entity_table(project: Project, name: str) -> PublishedTable:
    """One row per entity: identifiers, traits, relations and features."""
    entity = project.file.entities[name]
    features = [entry for entry in catalogue(project) if entry.entity == name]
    base = columns_of(project, name)
    columns = [f"e.{quote(column)}" for column in base] + [f"f.{quote(entry.name)}" for entry in features]
    select = f"SELECT {comma(columns)} FROM {qualified('entities', name)} e"
    if features:
        select += f" JOIN {qualified('features', name)} f ON f.entity_id = e.entity_id"
    label = entity.label or name
    return PublishedTable(
        name=name,
        select=select,
        key=("entity_id",),
        kind="entity",
        columns=(
            *(described(project, name, entity, column) for column in base),
            *(
                PublishedColumn(
                    entry.name,
                    entry.description,
                    entry.owner,
                    entry.pii,
                    lineage=tuple(entry.sources),
                    definition=f"{entry.name.partition('@')[0]}@{entry.version}#{entry.digest}",
                    null=None if entry.null is None else str(entry.null),
                    volatile=entry.volatile,
                )
                for entry in features
            ),
        ),
        grain=f"one row per {label}",
        description=entity.description or f"Every {label}: identifiers, traits, relations and features.",
        owner=entity.owner or project.file.project.owner,
        bucket_by="entity_id",
        aliases=(entity.label,) if entity.label and entity.label != name else (),
        keep_history=True,
        merged=f"SELECT entity_id, merged_into FROM identity.redirect WHERE entity = {literal(name)}",
    )


def described(project: Project, name: str, entity: Entity, column: str) -> PublishedColumn:
    """A column of an entity that is no feature."""
    fixed = {item.name: item for item in (entity_id, public_id)}
    if column in fixed:
        return fixed[column]
    written = entity.describe.get(column)
    lineage = tuple(lineage_of(entity, column))
    if column in entity.ids:
        kind = project.file.ids.get(column)
        text = written or (kind.description if kind else None) or f"The {column} of the {entity.label or name} now"
        return PublishedColumn(column, text, pii=kind.pii if kind else None, lineage=lineage)
    targets = relation_columns(project, name)
    if column in targets:
        return PublishedColumn(column, written or f"The {targets[column]} it belongs to (its entity_id)")
    keys = key_columns(project, name)
    if column in keys and column not in traits_of(entity):
        return PublishedColumn(column, written or f"The key of the {keys[column]} it belongs to")
    rule = entity.keep.get(column, "latest")
    return PublishedColumn(column, written or f"From {', '.join(lineage)}; kept on a merge: {rule}", lineage=lineage)


def lineage_of(entity: Entity, column: str) -> Iterator[str]:
    """The source columns that an identifier or trait is read from."""
    for item in entity.from_:
        if column in item.ids:
            yield from (f"{item.source}.{part}" for part in item.ids[column])
        elif column in item.traits:
            yield f"{item.source}.{item.traits[column]}"


def stream_table(project: Project, name: str) -> PublishedTable:
    """The activity stream of an entity (ActivitySchema 2.0)."""
    attributes = attributes_of(project, name)
    names = ["activity_uuid", "entity_id", "activity", "activity_ts", "occurrence", "activity_repeated_at", *attributes]
    columns = [
        PublishedColumn("activity_uuid", "Names the activity; derived from source, key and activity"),
        PublishedColumn("entity_id", f"The {name} who did it"),
        PublishedColumn("activity", "What was done"),
        PublishedColumn("activity_ts", "When, in UTC"),
        PublishedColumn("occurrence", "How many times it had done this by then, from 1"),
        PublishedColumn("activity_repeated_at", "When it did this the next time; NULL for the last"),
        *(PublishedColumn(attribute, f"Attribute {attribute} of the activity") for attribute in attributes),
        PublishedColumn("activity_occurence", "occurrence, as the activity schema spells it", expression="occurrence"),
    ]
    return PublishedTable(
        name=f"{name}_stream",
        select=f"SELECT {comma(quote(column) for column in names)} FROM {qualified('activity', name)}",
        key=("activity_uuid",),
        kind="stream",
        columns=tuple(columns),
        grain="one row per activity_uuid",
        description=f"What each {name} did: {', '.join(activities_of(project, name))}.",
        owner=project.file.project.owner,
        bucket_by="entity_id",
        month_by="activity_ts",
    )


def history_tables(project: Project) -> Iterator[PublishedTable]:
    """The features with `history:` as time series."""
    entries = {(entry.entity, entry.name): entry for entry in catalogue(project)}
    for (entity, history), reads in histories(project).items():
        period, names = periods[history], [read.definition.name for read in reads]
        described = [entries[entity, name] for name in names]
        yield PublishedTable(
            name=f"{entity}_{history}",
            select=f"SELECT * FROM {qualified('features', f'{entity}_{history}')}",
            key=("entity_id", period),
            columns=(
                PublishedColumn("entity_id", f"The {entity}"),
                PublishedColumn(period, f"The {period}, on the clock of the project's time zone"),
                *(PublishedColumn(e.name, e.description, e.owner, e.pii, lineage=tuple(e.sources)) for e in described),
            ),
            grain=f"one row per {entity} and {period} on which something happened",
            description=f"What the features of each {entity} were made of, by {period}: {', '.join(names)}.",
            owner=project.file.project.owner,
            bucket_by="entity_id",
        )


def bridge_tables(project: Project) -> Iterator[PublishedTable]:
    """Who belongs to what, many to many, with the period and role where the source has them."""
    relations, _ = in_order(project)
    for relation in relations:
        own, other = f"{relation.entity}_id", f"{relation.target}_id"
        columns = [own, other, "joined_at", "left_at", "role", "is_primary", "share"]
        yield PublishedTable(
            name=f"{relation.entity}_{relation.target}",
            select=f"SELECT {comma(quote(column) for column in columns)} FROM {bridge_table(relation.entity, relation.target)}",
            key=(own, other, "joined_at"),
            kind="bridge",
            columns=(
                PublishedColumn(own, f"The {relation.entity}"),
                PublishedColumn(other, f"The {relation.target} it belongs to"),
                PublishedColumn("joined_at", "Since when, where the source says so"),
                PublishedColumn("left_at", "Until when; NULL while it lasts"),
                PublishedColumn("role", "As what"),
                PublishedColumn("is_primary", f"Whether this is the {relation.target} of the {relation.entity}'s row"),
                PublishedColumn("share", "The part of it that is credited to this membership, 0-1"),
            ),
            grain="one row per membership",
            description=f"Which {relation.entity} belongs to which {relation.target}.",
            bucket_by=own,
        )


def identity_tables(project: Project, name: str) -> Iterator[PublishedTable]:
    """Every identifier of every entity, and the ids that were merged away."""
    masks = {kind.pii for kind in (project.file.ids.get(key) for key in project.file.entities[name].ids) if kind}
    yield PublishedTable(
        name=f"{name}_identifier",
        select=(
            "SELECT l.entity_id, l.id_kind, l.value, n.first_seen, l.superseded FROM identity.lookup l "
            f"JOIN identity.dated n ON n.node_id = l.node_id WHERE l.entity = {literal(name)}"
        ),
        key=("id_kind", "value"),
        kind="identifier",
        columns=(
            entity_id,
            PublishedColumn("id_kind", "What kind of identifier it is"),
            PublishedColumn("value", "The identifier, normalised", pii="mask" if masks - {None} else None),
            PublishedColumn("first_seen", "The time of the first record that holds it"),
            PublishedColumn("superseded", "Whether a human merge replaced it by a newer one"),
        ),
        grain="one row per identifier",
        description=f"Every identifier of every {name}.",
        bucket_by="entity_id",
    )
    yield PublishedTable(
        name=f"{name}_redirect",
        select=f"SELECT entity_id, merged_into, redirected_at FROM identity.redirect WHERE entity = {literal(name)}",
        key=("entity_id",),
        kind="redirect",
        columns=(
            PublishedColumn("entity_id", "An id that was published before"),
            PublishedColumn("merged_into", "The id that it is now"),
            PublishedColumn("redirected_at", "Since when"),
        ),
        grain="one row per id that was merged away",
        description=f"Ids of {name}s that are now another one's.",
    )


def record_table_of(project: Project, name: str) -> PublishedTable:
    """The source records that an entity is built from: the candidates of every trait."""
    entity = project.file.entities[name]
    values = [*entity.ids, *traits_of(entity)]
    columns = ["entity_id", "source", "source_order", "record_key", "record_ts", "superseded", *values]
    return PublishedTable(
        name=f"{name}_record",
        select=f"SELECT {comma(quote(column) for column in columns)} FROM {record_table(name)}",
        key=("source", "source_order", "record_key"),
        kind="table",
        columns=(
            entity_id,
            PublishedColumn("source", "The source of the record"),
            PublishedColumn("source_order", "Which input of the entity read it, from 0"),
            PublishedColumn("record_key", "Its key in the source"),
            PublishedColumn("record_ts", "Its time, where the source has one"),
            PublishedColumn("superseded", "Whether a human merge replaced its identifier by a newer one"),
            *(described(project, name, entity, column) for column in values),
        ),
        grain="one row per source record",
        description=f"The records that each {name} is built from.",
        bucket_by="entity_id",
    )
