"""A project in, what every feature reads out, with all faults of the declarations."""

from functools import lru_cache

from c360.errors import Fault, ProjectError
from c360.features.language.definition import Key
from c360.features.language.definitions import list_definitions
from c360.features.language.order import find_cycle
from c360.features.language.reads import Read, Resolver
from c360.features.language.same import Same
from c360.project import Project


def resolve(project: Project) -> tuple[dict[Key, Read], list[Fault]]:
    """Resolve every feature; those that are wrong are left out and told as faults.

    "Now" stays open in what is returned (`scope.clock_sql`); a statement puts its date there.
    """
    reads, faults = resolve_once(Same(project))
    return dict(reads), list(faults)


@lru_cache(maxsize=4)
def resolve_once(same: Same) -> tuple[dict[Key, Read], list[Fault]]:
    """Resolve a project that was not asked for just before: check, catalogue and build of a run ask for the same."""
    project = same.project
    definitions = list_definitions(project)
    names: dict[str, list[str]] = {}
    for definition in definitions:
        names.setdefault(definition.entity, []).append(definition.name)
    resolver, reads, faults = Resolver(project, names), dict[Key, Read](), list[Fault]()
    for definition in definitions:
        if definition.entity not in project.file.entities:
            continue
        try:
            reads[definition.key] = resolver.read(definition)
        except ProjectError as error:
            faults += error.faults
    cycle = None if faults else find_cycle(reads)
    if cycle is not None:
        way = " -> ".join(f"{entity}.{name}" for entity, name in [*cycle, cycle[0]])
        path = reads[cycle[0]].definition.path
        message = f"features need each other in a circle: {way}"
        faults.append(project.fault("feature-cycle", message, *path, fix="compute one of them without the others"))
    return reads, faults
