"""A project in, what is wrong with it from identity's view out."""

from collections.abc import Iterator

from c360.errors import Fault, suggest
from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.mentions import owner_of
from c360.identity.matching.check import check_matches
from c360.project import Project


def check(project: Project) -> list[Fault]:
    """Relations whose identifiers belong to nobody, merges of composite identifiers, suggestions that compare nothing."""
    return [
        *check_relations(project),
        *check_merges(project),
        *check_suggestions(project),
        *check_matches(project),
    ]


def check_relations(project: Project) -> Iterator[Fault]:
    """The identifiers of a relation must be those of one entity."""
    for name, entity in project.file.entities.items():
        for target, relations in entity.belongs_to.items():
            for relation in relations:
                if relation.ids and owner_of(project, name, relation.ids) is None:
                    kinds = ", ".join(relation.ids)
                    fix = f"name identifiers of '{name}': {', '.join(entity.ids)}"
                    message = f"no entity has all of the identifiers {kinds}"
                    yield project.fault("relation-ids", message, "entities", name, "belongs_to", target, fix=fix)


def check_merges(project: Project) -> Iterator[Fault]:
    """A human merge names one column for the old and one for the new identifier."""
    for name, entity in project.file.entities.items():
        for key in ("same", "not_same"):
            for index, item in enumerate(getattr(entity, key)):
                if kind_of_id(project, item.id).columns:
                    fix = "merge by another identifier, or make one column of the parts in the source"
                    message = f"'{item.id}' has several columns, which a human merge cannot name"
                    yield project.fault("merge-composite", message, "entities", name, key, index, fix=fix)


def check_suggestions(project: Project) -> Iterator[Fault]:
    """What suggestions compare must be a trait, an identifier or a relation of the entity."""
    for name, entity in project.file.entities.items():
        if entity.suggest is None:
            continue
        known = [*entity.ids, *entity.belongs_to, *(trait for item in entity.from_ for trait in item.traits)]
        for compared in entity.suggest.compare:
            if compared not in known:
                message = f"'{compared}' is no trait, identifier or relation of '{name}'"
                fix = suggest(compared, known)
                yield project.fault("suggest-unknown", message, "entities", name, "suggest", "compare", fix=fix)
