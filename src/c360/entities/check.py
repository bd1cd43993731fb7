"""A project in, the faults of its entities out: rules for unknown traits, names that clash, relations in a circle."""

from collections.abc import Iterator

from c360.entities.order import in_order, needs_of
from c360.entities.vocabulary import key_columns, relation_columns, reserved_columns, traits_of
from c360.errors import Fault, suggest
from c360.project import Project

record_columns = {"is_only", "source", "source_order", "record_key", "record_ts", "superseded"}


def check(project: Project) -> list[Fault]:
    """Every fault of the entities and their relations."""
    faults = [fault for name in project.file.entities for fault in check_entity(project, name)]
    known = {(name, target) for name, entity in project.file.entities.items() for target in entity.belongs_to}
    ready, circle = in_order(project)
    for relation in circle:
        message = f"whether a {relation.entity} belongs to a {relation.target} depends on itself"
        path = ("entities", relation.entity, "belongs_to", relation.target)
        faults.append(project.fault("relation-cycle", message, *path, fix="take one of the relations from a source"))
    for relation in (*ready, *circle):
        for owner, target in sorted(needs_of(project, relation) - known):
            message = f"the relation reads members that do not exist: no {owner} belongs to a {target}"
            path = ("entities", relation.entity, "belongs_to", relation.target)
            fix = f"add `belongs_to: {{{target}: ...}}` to entity '{owner}'"
            faults.append(project.fault("relation-without-members", message, *path, fix=fix))
    return faults


def check_entity(project: Project, name: str) -> Iterator[Fault]:
    """The faults of one entity."""
    entity = project.file.entities[name]
    traits = traits_of(entity)
    for trait in entity.keep:
        if trait not in traits:
            message = f"`keep:` names '{trait}', which is no trait of {name}"
            if trait in entity.ids:
                message = (
                    f"`keep:` names the identifier '{trait}'; identifiers follow the human merges, then the latest"
                )
            fix = suggest(trait, traits) or f"traits: {', '.join(traits)}"
            yield project.fault("unknown-trait", message, "entities", name, "keep", trait, fix=fix)
    taken = dict.fromkeys(reserved_columns, "a column of every entity table")
    taken |= dict.fromkeys(record_columns, "a column of every record table")
    taken |= dict.fromkeys((kind.lower() for kind in entity.ids), "an identifier")
    for trait in traits:
        if trait.lower() in taken or trait.lower().startswith("rank_"):
            what = taken.get(trait.lower(), "a column of every record table")
            fix = f"call it `{name}_{trait}`"
            message = f"trait '{trait}' of {name} has the name of {what}"
            yield project.fault("name-reserved", message, "entities", name, "traits", trait, fix=fix)
        taken.setdefault(trait.lower(), "another trait")
    for column, target in {**relation_columns(project, name), **key_columns(project, name)}.items():
        if column.lower() in taken:
            message = f"the {target} of a {name} needs the column '{column}', which is {taken[column.lower()]}"
            yield project.fault("name-twice", message, "entities", name, "belongs_to", target, fix="rename the other")
