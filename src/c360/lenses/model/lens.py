"""A semantic model as frozen objects: entities, their members and their relationships, each with its position."""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Literal

from c360.errors import Fault, Position, ProjectError, suggest
from c360.records import dataclass

MemberKind = Literal["field", "dimension", "measure", "segment"]
Size = tuple[int, str] | Literal["unbounded"] | None
counts = ("count", "count_distinct", "count_distinct_approx")


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window round a bucket: sizes as (number, unit), None for nothing, `unbounded` for no end."""

    trailing: Size
    leading: Size
    offset: Literal["start", "end"] = "end"


@dataclass(frozen=True, slots=True)
class Append:
    """What another activity of the same entity adds to each row: `first after`, `aggregate before` ..."""

    entity: str
    relation: str
    take: str | None = None
    n: int | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A field, dimension, measure or segment.

    Attributes:
        type: string, number, date or bool; of a measure its aggregate.
        sql: the snippet, or None where `column` holds the value.
        column: the column of the entity's query.
        sub_query: the snippet is a measure of another entity, aggregated for each row of this one.
    """

    entity: str
    name: str
    kind: MemberKind
    type: str
    sql: str | None = None
    column: str | None = None
    description: str | None = None
    hidden: bool = False
    tags: tuple[str, ...] = ()
    at: Position | None = None
    primary: bool = False
    time: bool = False
    sub_query: bool = False
    window: Window | None = None
    append: Append | None = None

    @property
    def full(self) -> str:
        """`entity.member`."""
        return f"{self.entity}.{self.name}"

    @property
    def reference(self) -> str:
        """`${entity.member}`."""
        return "${" + self.full + "}"


@dataclass(frozen=True, slots=True)
class Relationship:
    """A declared join of two entities.

    Attributes:
        name: how `via` names it: the declared name, else `entity.field`.
        condition: what must hold besides equal keys, without its leading `and`.
    """

    name: str
    source: str
    source_fields: tuple[str, ...]
    target: str
    target_fields: tuple[str, ...]
    type: Literal["1:1", "1:N", "N:1"]
    condition: str | None = None
    condition_word: Literal["and", "or"] = "and"
    verified: bool = False
    description: str | None = None
    at: Position | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A set of rows with its members; `query` is SQL in the lens's dialect."""

    name: str
    query: str
    columns: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    description: str | None = None
    tags: tuple[str, ...] = ()
    members: Mapping[str, Member] = field(default_factory=dict)
    at: Position | None = None
    column_at: Mapping[str, Position] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Member, ...]:
        """The fields of the primary key."""
        return tuple(member for member in self.members.values() if member.primary)

    def of_kind(self, *kinds: MemberKind) -> Iterator[Member]:
        """The members of some kinds, in file order."""
        return (member for member in self.members.values() if member.kind in kinds)

    @property
    def time(self) -> Member | None:
        """The time of a row: the member declared `time: true`, else `activity_ts`, else the only date there is."""
        dates = [member for member in self.of_kind("field", "dimension") if member.type == "date"]
        declared = [member for member in dates if member.time]
        stream = [member for member in dates if member.name == "activity_ts"]
        found = declared or stream or (dates if len(dates) == 1 else [])
        return found[0] if found else None


@dataclass(frozen=True)
class Lens:
    """A semantic model.

    Attributes:
        dialect: the SQL dialect of queries and snippets.
        warnings: what is odd, but loads.
        aliases: other names of entities.
    """

    name: str
    dialect: str
    entities: Mapping[str, Entity]
    relationships: tuple[Relationship, ...]
    description: str | None = None
    contract: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    file: str | None = None
    warnings: tuple[Fault, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    def entity(self, name: str, at: Position | None = None) -> Entity:
        """An entity by name.

        Raises:
            ProjectError: there is none; names the nearest.
        """
        found = self.entities.get(self.aliases.get(name, name))
        if found is None:
            fix = suggest(name, [*self.entities, *self.aliases]) or f"the lens has {', '.join(self.entities)}"
            raise ProjectError(Fault("lens-unknown-entity", f"lens '{self.name}' has no entity '{name}'", at, fix))
        return found

    def member(self, full: str, at: Position | None = None) -> Member:
        """A member by `entity.member`.

        Raises:
            ProjectError: there is none; names the nearest members, or says that it is a column without a field.
        """
        name, _, short = full.partition(".")
        if not short:
            holders = [entity.name for entity in self.entities.values() if name in entity.members]
            fix = " or ".join(f"'{holder}.{name}'" for holder in holders[:3])
            fix = f"write {fix}" if fix else "write entity.member"
            raise ProjectError(Fault("lens-unknown-member", f"'{full}' does not name its entity", at, fix))
        entity = self.entity(name, at)
        found = entity.members.get(short)
        if found is None:
            raise ProjectError(self.unknown(entity, short, at))
        return found

    def unknown(self, entity: Entity, name: str, at: Position | None) -> Fault:
        """The fault for a member that an entity does not have, with the ways out."""
        fix = suggest(name, entity.members)
        if name in entity.columns:
            others = [other.name for other in self.entities.values() if name in other.members]
            fix = f"'{name}' is a column of {entity.name}, but not one of its fields: declare it under `fields:`"
            fix += f", or use '{others[0]}.{name}'" if others else ""
        elif fix is None:
            holder = next((other.name for other in self.entities.values() if name in other.members), None)
            shown = [member.name for member in entity.members.values() if not member.hidden]
            fix = f"'{holder}.{name}' exists" if holder else f"{entity.name} has {', '.join(shown[:12])}"
        return Fault("lens-unknown-member", f"'{entity.name}' has no member '{name}'", at, fix)

    def with_warnings(self, *faults: Fault) -> "Lens":
        """The same lens with more warnings."""
        return replace(self, warnings=(*self.warnings, *faults))
