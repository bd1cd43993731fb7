"""A project in, what every feature reads out, with all faults of the declarations."""

from datetime import datetime

from c360.errors import Fault, ProjectError
from c360.features.language.definitions import Key, list_definitions
from c360.features.language.order import find_cycle
from c360.features.language.reads import Read, Resolver
from c360.project import Project


def resolve(project: Project, as_of: datetime) -> tuple[dict[Key, Read], list[Fault]]:
    """Resolve every feature; those that are wrong are left out and told as faults."""
    definitions = list_definitions(project)
    names: dict[str, list[str]] = {}
    for definition in definitions:
        names.setdefault(definition.entity, []).append(definition.name)
    resolver, reads, faults = Resolver(project, names, as_of), dict[Key, Read](), list[Fault]()
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
