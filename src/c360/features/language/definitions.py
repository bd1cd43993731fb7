"""`features:` in, one definition per column out: the library's, own features, `measures`, and sets used `again`."""

from collections.abc import Iterator

from c360.features.language.definition import Condition, Definition, Key, Path, define_all
from c360.features.language.library import expand
from c360.project import Project

__all__ = ["Condition", "Definition", "Key", "Path", "list_definitions"]


def list_definitions(project: Project) -> list[Definition]:
    """Every feature of every entity: those of the library, then the project's own in file order.

    A name that stands twice in the project file is in the list twice.
    """
    own = [found for entity in project.file.features for found in of_entity(project, entity)]
    return [*expand(project).definitions, *own]


def of_entity(project: Project, entity: str) -> Iterator[Definition]:
    """The definitions of one entity."""
    block = project.file.features[entity]
    for name, feature in block.own.items():
        yield from define_all(entity, name, feature, None, block.defaults, ("features", entity, name))
    for name, feature in block.measures.items():
        yield from define_all(entity, name, feature, None, block.defaults, ("features", entity, "measures", name))
    for index, again in enumerate(block.again):
        for name, feature in again.measures.items():
            path = ("features", entity, "again", index)
            yield from define_all(entity, name + again.suffix, feature, again, block.defaults, path)
