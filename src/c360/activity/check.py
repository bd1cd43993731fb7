"""A project in, the faults of its activities out."""

from collections.abc import Iterator

from c360.activity.vocabulary import fixed_columns, reserved_names
from c360.errors import Fault, suggest
from c360.project import Project


def check(project: Project) -> list[Fault]:
    """Names that clash, attributes that shadow stream columns, and revenue or transaction keys without an attribute."""
    return [fault for name in project.file.activities for fault in check_activity(project, name)]


def check_activity(project: Project, name: str) -> Iterator[Fault]:
    """The faults of one activity."""
    file, activity, path = project.file, project.file.activities[name], ("activities", name)
    if name in reserved_names:
        message = f"'{name}' means {reserved_names[name]}"
        yield project.fault("name-reserved", message, *path, fix="take another name")
    if name in file.entities:
        yield project.fault("name-twice", f"'{name}' is an activity and an entity", *path)
    declared = {attribute for item in activity.from_ for attribute in item.attributes}
    for index in range(len(activity.from_)):
        yield from check_input(project, name, index)
    for key in ("revenue", "transaction"):
        attribute = getattr(activity, key)
        if attribute is not None and attribute not in declared:
            message = f"`{key}: {attribute}` of activity '{name}' is not one of its attributes"
            fix = suggest(attribute, declared) or "add it under `attributes:`"
            yield project.fault("unknown-attribute", message, *path, key, fix=fix)


def check_input(project: Project, name: str, index: int) -> Iterator[Fault]:
    """The faults of one of an activity's inputs."""
    item, path = project.file.activities[name].from_[index], ("activities", name, "from", index)
    for attribute in item.attributes:
        if attribute.lower() in fixed_columns:
            message = f"attribute '{attribute}' of '{name}' is a column of every stream"
            yield project.fault("name-reserved", message, *path, "attributes", attribute)
    if not item.of:
        yield project.fault("activity-without-entity", f"activity '{name}' is of nobody", *path)
    for entity, ids in item.of.items():
        if not ids:
            message = f"activity '{name}' does not say which column identifies the {entity}"
            fix = "add `ids: {KIND: COLUMN}`"
            yield project.fault("activity-without-ids", message, *path, "of", entity, fix=fix)
