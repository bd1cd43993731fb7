"""Do the names in a project mean something: every source, identifier kind, entity, activity and list that is used."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from c360.errors import Fault, suggest
from c360.project.blocks.activities import ActivityInput
from c360.project.blocks.entities import BelongsTo, Entity
from c360.project.blocks.ids import ListRef
from c360.project.model import Project


def check_references(project: Project) -> list[Fault]:
    """Every name that is used but not declared, each with the nearest declared one."""
    return [
        *check_timezones(project),
        *check_ids(project),
        *check_entities(project),
        *check_activities(project),
        *check_outputs(project),
    ]


def unknown(project: Project, what: str, name: str, known: Iterator[str] | list[str], *path: str | int) -> Fault:
    """The fault for a name that nobody declared."""
    names = sorted(known)
    section = "ids" if what == "identifier kind" else f"{what}s"
    fix = suggest(name, names) or (f"declared: {', '.join(names)}" if names else f"declare it under `{section}:`")
    return project.fault(f"unknown-{what.replace(' ', '-')}", f"unknown {what} '{name}'", *path, fix=fix)


def check_timezones(project: Project) -> Iterator[Fault]:
    """Time zones must be known to the system's zone database."""
    zones: list[tuple[str, tuple[str, ...]]] = [(project.timezone, ("project", "timezone"))]
    zones += [
        (source.timezone, ("sources", name, "timezone"))
        for name, source in project.file.sources.items()
        if source.timezone
    ]
    for zone, path in zones:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield project.fault("unknown-timezone", f"unknown time zone '{zone}'", *path, fix="e.g. Europe/Berlin")


def check_ids(project: Project) -> Iterator[Fault]:
    """Block lists must be declared."""
    for name, kind in project.file.ids.items():
        for block in kind.block:
            if isinstance(block, ListRef) and block.list not in project.file.lists:
                yield unknown(project, "list", block.list, list(project.file.lists), "ids", name, "block")


def identifier_kinds(project: Project) -> set[str]:
    """Declared kinds, and the keys that entities name for themselves."""
    return {*project.file.ids, *(entity.key.name for entity in project.file.entities.values() if entity.key)}


def check_entities(project: Project) -> Iterator[Fault]:
    """Sources, kinds and related entities that an entity names."""
    taken: dict[str, str] = {}
    for name, entity in project.file.entities.items():
        for published in {name, entity.label or name}:
            if taken.setdefault(published, name) != name:
                yield project.fault("name-twice", f"two entities are called '{published}'", "entities", name)
        yield from check_entity(project, name, entity)


def check_entity(project: Project, name: str, entity: Entity) -> Iterator[Fault]:
    """One entity's names."""
    file, path = project.file, ("entities", name)
    kinds = identifier_kinds(project)
    if not entity.ids:
        fix = "add `ids: [...]`, or `key: {source, column, as}`"
        yield project.fault("entity-without-ids", f"entity '{name}' has no identifiers", *path, fix=fix)
    yield from (
        unknown(project, "identifier kind", kind, list(kinds), *path, "ids") for kind in set(entity.ids) - kinds
    )
    for index, item in enumerate(entity.from_):
        yield from check_source(project, item.source, *path, "from", index, "source")
        yield from check_kinds(project, entity, item.ids, *path, "from", index, "ids")
    for key in ("same", "not_same"):
        for index, merges in enumerate(getattr(entity, key)):
            yield from check_source(project, merges.source, *path, key, index, "source")
            yield from check_kinds(project, entity, [merges.id], *path, key, index, "id")
    for target, relations in entity.belongs_to.items():
        if target not in file.entities:
            yield unknown(project, "entity", target, list(file.entities), *path, "belongs_to", target)
            continue
        for relation in relations:
            yield from check_relation(project, (name, target), relation)


def check_source(project: Project, name: str, *path: str | int) -> Iterator[Fault]:
    """A source must be declared."""
    if name not in project.file.sources:
        yield unknown(project, "source", name, list(project.file.sources), *path)


def check_kinds(project: Project, entity: Entity, kinds: Iterable[str], *path: str | int) -> Iterator[Fault]:
    """Identifier kinds must be among the entity's; that it has none is told once."""
    for kind in kinds:
        if entity.ids and kind not in entity.ids:
            yield unknown(project, "identifier kind", kind, list(entity.ids), *path, kind)


def check_relation(project: Project, ends: tuple[str, str], relation: BelongsTo) -> Iterator[Fault]:
    """One way in which an entity belongs to another."""
    file, (name, target) = project.file, ends
    path = ("entities", name, "belongs_to", target)
    if relation.source is not None:
        if relation.source not in file.sources:
            yield unknown(project, "source", relation.source, list(file.sources), *path, "source")
        for kind in relation.ids or {}:
            owners = [entity for entity in file.entities.values() if kind in entity.ids]
            if not owners:
                yield unknown(project, "identifier kind", kind, list(file.ids), *path, "ids", kind)
        return
    if relation.via is not None:
        if relation.via not in file.entities[name].belongs_to:
            known = [other for other in file.entities[name].belongs_to if other != target]
            yield unknown(project, "relation", relation.via, known, *path, "via")
        return
    if relation.by not in file.entities[target].ids:
        known = list(file.entities[target].ids)
        yield unknown(project, "identifier kind", str(relation.by), known, *path, "by")
    owner, _, kind = str(relation.from_).rpartition(".")
    entity = file.entities.get(owner or name)
    if entity is None:
        yield unknown(project, "entity", owner, list(file.entities), *path, "from")
    elif kind not in entity.ids:
        yield unknown(project, "identifier kind", kind, list(entity.ids), *path, "from")


def check_activities(project: Project) -> Iterator[Fault]:
    """Sources, entities and kinds that activities name; activities that sets name."""
    file = project.file
    for name, activity in file.activities.items():
        for index, item in enumerate(activity.from_):
            yield from check_activity(project, name, index, item)
    for name, members in file.activity_sets.items():
        if name in file.activities:
            yield project.fault("name-twice", f"'{name}' is an activity and a set", "activity_sets", name)
        for member in members:
            if member not in file.activities:
                yield unknown(project, "activity", member, list(file.activities), "activity_sets", name)


def check_activity(project: Project, name: str, index: int, item: ActivityInput) -> Iterator[Fault]:
    """One input of an activity."""
    file, path = project.file, ("activities", name, "from", index)
    yield from check_source(project, item.source, *path, "source")
    for entity, ids in item.of.items():
        if entity in file.entities:
            yield from check_kinds(project, file.entities[entity], ids, *path, "of", entity)
        else:
            yield unknown(project, "entity", entity, list(file.entities), *path, "of")
    if item.source in file.sources and not (item.time or file.sources[item.source].time):
        fix = f"add `time:` to the activity or to source '{item.source}'"
        yield project.fault("activity-without-time", f"activity '{name}' has no time", *path, fix=fix)


def check_outputs(project: Project) -> Iterator[Fault]:
    """Entities and segments that features, segments, syncs, matches and checks name."""
    file = project.file
    for key, names in (("features", file.features), ("match", file.match)):
        yield from (
            unknown(project, "entity", name, list(file.entities), key, name)
            for name in names
            if name not in file.entities
        )
    for name, segment in file.segments.items():
        if segment.of not in file.entities:
            yield unknown(project, "entity", segment.of, list(file.entities), "segments", name, "of")
    for name, sync in file.syncs.items():
        if sync.segment is not None and sync.segment not in file.segments:
            yield unknown(project, "segment", sync.segment, list(file.segments), "syncs", name, "segment")
