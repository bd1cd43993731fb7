"""`features:` in, one definition per column out: own features, `measures`, and each set that is used `again`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from c360.project import Project
from c360.project.blocks.features import Again, Feature, FeatureDefaults

Key = tuple[str, str]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Condition:
    """An SQL condition of the user, and where it stands."""

    sql: str
    path: Path


@dataclass(frozen=True)
class Definition:
    """One computed column.

    Attributes:
        entity, name: whose column, and its name with the suffix of `again`.
        feature: the declaration.
        via: the relation to walk, when there are two.
        wheres: conditions of the feature and of `again`, all of which must hold.
        defaults: what the entity's features take when they say nothing themselves.
        path: where the declaration stands in the project file.
    """

    entity: str
    name: str
    feature: Feature
    via: str | None
    wheres: tuple[Condition, ...]
    defaults: FeatureDefaults
    path: Path

    @property
    def key(self) -> Key:
        """Entity and name."""
        return self.entity, self.name

    @property
    def null_is_declared(self) -> bool:
        """Whether the feature or the defaults of its entity state what NULL becomes."""
        return self.feature.null_is_declared or "null" in self.defaults.model_fields_set

    @property
    def null(self) -> Any:
        """What stands for NULL: a value, or `keep`."""
        return self.feature.null if self.feature.null_is_declared else self.defaults.null

    @property
    def owner(self) -> str | None:
        """Who answers for the feature."""
        return self.feature.owner or self.defaults.owner

    @property
    def tier(self) -> str:
        """How often it is refreshed."""
        return self.feature.tier or self.defaults.tier or "daily"


def list_definitions(project: Project) -> list[Definition]:
    """Every feature of every entity, in file order; a name that stands twice is in the list twice."""
    return [found for entity in project.file.features for found in of_entity(project, entity)]


def of_entity(project: Project, entity: str) -> Iterator[Definition]:
    """The definitions of one entity."""
    block = project.file.features[entity]
    for name, feature in block.own.items():
        yield define(entity, name, feature, None, block.defaults, ("features", entity, name))
    for name, feature in block.measures.items():
        yield define(entity, name, feature, None, block.defaults, ("features", entity, "measures", name))
    for index, again in enumerate(block.again):
        for name, feature in again.measures.items():
            path = ("features", entity, "again", index)
            yield define(entity, name + again.suffix, feature, again, block.defaults, path)


def define(
    entity: str, name: str, feature: Feature, again: Again | None, defaults: FeatureDefaults, path: Path
) -> Definition:
    """One definition; the filter of `again` comes on top of the feature's own."""
    wheres = [Condition(feature.where, (*path, "where"))] if feature.where else []
    if again is not None and again.where:
        wheres.append(Condition(again.where, (*path, "where")))
    via = feature.via or (again.via if again is not None else None)
    return Definition(entity, name, feature, via, tuple(wheres), defaults, path)
