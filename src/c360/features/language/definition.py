"""One feature of the project file in, one definition out: its name, its declaration and where it stands."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from c360.project.blocks.features import Again, Feature, FeatureDefaults
from c360.records import dataclass

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
        version: which version of the feature this is.
        replaced_by: for an older version, the name of the one that counts.
    """

    entity: str
    name: str
    feature: Feature
    via: str | None
    wheres: tuple[Condition, ...]
    defaults: FeatureDefaults
    path: Path
    version: int = 1
    replaced_by: str | None = None

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
    def digest(self) -> str:
        """A short hash of what the feature is: it changes exactly when the values could."""
        said = self.feature.model_dump(exclude=unsaid, exclude_defaults=True)
        text = repr((sorted(said.items(), key=str), self.via, [where.sql for where in self.wheres], self.null))
        return blake2b(text.encode(), digest_size=4).hexdigest()

    @property
    def owner(self) -> str | None:
        """Who answers for the feature."""
        return self.feature.owner or self.defaults.owner

    @property
    def tier(self) -> str:
        """How often it is refreshed."""
        return self.feature.tier or self.defaults.tier or "daily"


unsaid = {
    "description", "owner", "unit", "tier", "version", "previous", "replaces", "history", "pii", "signal", "where", "via",
    "null",
}  # fmt: skip


def define_all(
    entity: str, name: str, feature: Feature, again: Again | None, defaults: FeatureDefaults, path: Path
) -> Iterator[Definition]:
    """A feature and its older versions, which are columns `name@1` of their own."""
    yield define(entity, name, feature, again, defaults, path)
    for number, older in feature.previous.items():
        found = define(entity, f"{name}@{number}", older, again, defaults, (*path, "previous", str(number)))
        yield replace(found, version=number, replaced_by=f"{name}@{feature.version}")


def define(
    entity: str, name: str, feature: Feature, again: Again | None, defaults: FeatureDefaults, path: Path
) -> Definition:
    """One definition; the filter of `again` comes on top of the feature's own."""
    wheres = [Condition(feature.where, (*path, "where"))] if feature.where else []
    if again is not None and again.where:
        wheres.append(Condition(again.where, (*path, "where")))
    via = feature.via or (again.via if again is not None else None)
    return Definition(entity, name, feature, via, tuple(wheres), defaults, path, feature.version)
