"""The whole project as one frozen object, with the position of everything in it."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from c360.errors import Fault, Position
from c360.project.blocks.activities import Activities
from c360.project.blocks.base import Block, Name
from c360.project.blocks.entities import Entities, EntityKind, kind_by_name, kind_of
from c360.project.blocks.features import Features
from c360.project.blocks.ids import Ids, with_types
from c360.project.blocks.match import Matches
from c360.project.blocks.outputs import Access, Check, LensUse, Segment, Sync
from c360.project.blocks.sources import Freshness, Sources
from c360.project.yaml import Path as YamlPath
from c360.records import dataclass


class UseList(Block):
    """`{use: free}`: a maintained list that c360 ships with.

    Attributes:
        use: `free` e-mail providers, or `disposable` addresses.
    """

    use: Literal["free", "disposable"]


class NamedList(Block):
    """A list of values, such as domains that never link; written `[a, b]`, or with `values:` beside what it means.

    Attributes:
        values: the values, and maintained lists that are added.
    """

    values: tuple[str | UseList, ...]


def unfold_list(value: Any) -> Any:
    """`[a, b]` means `{values: [a, b]}`."""
    return {"values": value} if isinstance(value, list) else value


class ProjectInfo(Block):
    """Who the project belongs to, and the time zone of its days.

    Attributes:
        name: what it is called; a plain name.
        timezone: the zone of its days, weeks and months, and of times that name none.
        region: the country of phone numbers without a country code.
    """

    name: Name
    timezone: str = "UTC"
    region: str = Field(default="US", pattern=r"^[A-Z]{2}$")


class WarehouseInfo(Block):
    """Where the tables live.

    Attributes:
        engine: what runs the SQL; snowflake and bigquery only render it.
        path: the folder of the embedded stores, relative to the project folder.
        memory: the most memory that a run may take, such as `4GB`.
        threads: how many processors it may use.
    """

    engine: Literal["duckdb", "postgres", "spark", "snowflake", "bigquery"] = "duckdb"
    path: str = ".c360"
    retention: int = Field(default=10, ge=1, description="snapshots that are kept")
    memory: str | None = Field(default=None, pattern=r"^\d+(\.\d+)?(MB|GB|MiB|GiB)$")
    threads: int | None = Field(default=None, ge=1)


class ProjectFile(BaseModel):
    """The top-level keys of a project.

    Attributes:
        version: the format of the file.
        project: whose project it is.
        warehouse: where its tables live.
        lists: named lists of values, such as domains that never link.
        sources: the tables of raw records.
        ids: the kinds of identifiers.
        entities: the kinds of things with profiles.
        match: probabilistic matching, by entity; `auto` for people and accounts.
        activities: what entities do at a time.
        activity_sets: names for several activities together.
        features: computed traits, by entity.
        predictions: scores that are learnt from the tables.
        segments: named sets of entities.
        syncs: what is sent out, and where to.
        access: who may see what.
        views: the order of cards on a profile, by role.
        freshness: how old sources may be when they say nothing themselves.
        checks: what must hold before a run publishes.
        lens: files with semantic models, relative to the project folder; the project's own tables need none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    version: Literal[1] = 1
    project: ProjectInfo
    warehouse: WarehouseInfo = WarehouseInfo()
    lists: dict[Name, Annotated[NamedList, BeforeValidator(unfold_list)]] = Field(default_factory=dict)
    sources: Sources
    ids: Annotated[Ids, BeforeValidator(with_types)]
    entities: Entities
    match: Matches = Field(default_factory=dict)
    activities: Activities = Field(default_factory=dict)
    activity_sets: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    features: Features = Field(default_factory=dict)
    predictions: dict[Name, Any] = Field(default_factory=dict)
    segments: dict[Name, Segment] = Field(default_factory=dict)
    syncs: dict[Name, Sync] = Field(default_factory=dict)
    access: Access = Access()
    views: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    freshness: Freshness | None = None
    checks: tuple[Check, ...] = ()
    lens: tuple[str | LensUse, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def unfold_match(cls, value: Any) -> Any:
        """`match: auto` matches people and accounts, or everything where there are none."""
        if not isinstance(value, dict) or value.get("match") != "auto" or not isinstance(value.get("entities"), dict):
            return value
        kinds = {
            name: (entity.get("kind") if isinstance(entity, dict) else None) or kind_by_name.get(str(name))
            for name, entity in value["entities"].items()
        }
        chosen = [name for name, kind in kinds.items() if kind in ("person", "account")] or list(kinds)
        return {**value, "match": dict.fromkeys(chosen, "auto")}


@dataclass(frozen=True)
class Project:
    """A loaded project.

    Attributes:
        root: the project folder; relative paths of the file start here.
        file: the parsed blocks.
        positions: YAML path -> where its key stands.
    """

    root: Path
    file: ProjectFile
    positions: dict[YamlPath, Position]

    @property
    def name(self) -> str:
        """The project's name."""
        return self.file.project.name

    @property
    def timezone(self) -> str:
        """The time zone of the project's days, weeks and months."""
        return self.file.project.timezone

    @property
    def store(self) -> Path:
        """The folder of the embedded stores."""
        return self.root / self.file.warehouse.path

    def kind(self, entity: str) -> EntityKind:
        """What an entity is: person, group, account or thing."""
        return kind_of(entity, self.file.entities[entity])

    def at(self, *path: str | int) -> Position | None:
        """Where a key of the project stands: the nearest enclosing key that was written."""
        keys: YamlPath = path
        while keys:
            if keys in self.positions:
                return self.positions[keys]
            keys = keys[:-1]
        return self.positions.get(())

    def fault(self, code: str, message: str, *path: str | int, fix: str | None = None) -> Fault:
        """A fault that points at a key of the project."""
        return Fault(code, message, self.at(*path), fix)
