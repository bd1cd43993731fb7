"""A project in, the words of its streams out: which activities an entity has, and the columns of its stream."""

from c360.project import Project

fixed_columns = {
    "activity_uuid": "UUID",
    "node_id": "BIGINT",
    "entity_id": "BIGINT",
    "activity": "VARCHAR",
    "activity_ts": "TIMESTAMP",
    "occurrence": "BIGINT",
    "activity_repeated_at": "TIMESTAMP",
}
every_activity = "any"
reserved_names = {every_activity: "every activity", "session": "runs of activities"}


def activities_of(project: Project, entity: str) -> list[str]:
    """The activities of which at least one input is of this entity, in file order."""
    return [
        name for name, activity in project.file.activities.items() if any(entity in item.of for item in activity.from_)
    ]


def attributes_of(project: Project, entity: str) -> list[str]:
    """The attribute columns of an entity's stream: every name that one of its activities declares, in file order."""
    names: dict[str, None] = {}
    for activity in activities_of(project, entity):
        for item in project.file.activities[activity].from_:
            if entity in item.of:
                names.update(dict.fromkeys(item.attributes))
    return list(names)


def named_activities(project: Project, name: str) -> list[str] | None:
    """The activities that a word stands for: an activity, a set of them, or `any`; None for an unknown word."""
    file = project.file
    if name == every_activity:
        return list(file.activities)
    if name in file.activity_sets:
        return list(file.activity_sets[name])
    return [name] if name in file.activities else None
