"""The published tables of a project in, the lens that nobody had to write out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from itertools import combinations

from c360.lenses.model.graph import Graph
from c360.lenses.model.lens import Entity, Lens, Member, Relationship
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection, literal, quote
from c360.warehouse.snapshots import TableEntry
from c360.warehouse.snapshots.manifest import ColumnEntry

technical = ("entity_id", "public_id", "updated_at", "activity", "activity_occurence", "superseded")
stream_columns = ("activity_uuid", "entity_id", "activity_ts", "occurrence", "activity_repeated_at")
shown_kinds = ("entity", "stream", "bridge", "identifier")


@dataclass
class Deriver:
    """Builds a lens from published tables: entities, their streams, an entity per activity, bridges, identifiers.

    Attributes:
        activities: stream table -> the activities that it holds.
        by_activity: activity -> owner -> the entity of the lens made of it.
    """

    project: Project
    tables: Mapping[str, TableEntry]
    activities: Mapping[str, Sequence[str]]
    entities: dict[str, Entity] = field(default_factory=dict)
    relations: list[Relationship] = field(default_factory=list)
    by_activity: dict[str, dict[str, str]] = field(default_factory=dict)

    def lens(self) -> Lens:
        """The project's own lens."""
        for table in self.tables.values():
            if table.kind in shown_kinds:
                self.entities[table.name] = self.entity(table)
        for table in self.tables.values():
            self.relate(table)
            if table.kind == "stream":
                self.add_activities(table)
        self.relate_shared()
        names = self.tables.values()
        aliases = {alias: table.name for table in names for alias in table.aliases if table.kind == "entity"}
        return Lens(
            name=self.project.name, dialect="duckdb", entities=self.entities, relationships=tuple(self.relations),
            description=f"The published tables of {self.project.name}.", aliases=aliases,
        )  # fmt: skip

    def entity(self, table: TableEntry) -> Entity:
        """A published table as an entity of the lens."""
        members = [self.column(table.name, column, table) for column in table.columns]
        members += self.measures(table.name, table.kind, members)
        members += self.segments(table) if table.kind == "entity" else []
        return Entity(
            name=table.name, query=f"SELECT * FROM {quote(table.name)}", description=table.description,
            columns=tuple(column.name for column in table.columns), tables=(table.name,), tags=(table.kind,),
            members={member.name: member for member in members},
        )  # fmt: skip

    def column(self, entity: str, column: ColumnEntry, table: TableEntry) -> Member:
        """A published column as a field."""
        time = "activity_ts" if table.kind == "stream" else "joined_at" if table.kind == "bridge" else "first_seen"
        return Member(
            entity, column.name, "field", type_of(column.type), column=column.name, description=column.description,
            hidden=column.name in technical or (column.name.endswith("_id") and column.type == "BIGINT"),
            tags=tuple(tag for tag in (f"pii:{column.pii}" if column.pii else None, column.definition) if tag),
            primary=column.name in table.key, time=column.name == time,
        )  # fmt: skip

    def measures(self, entity: str, kind: str, members: Iterable[Member]) -> list[Member]:
        """How many rows there are, of how many entities, and sum and mean of every number."""
        made = [Member(entity, "count", "measure", "count", description=f"number of {entity} rows")]
        names = {member.name for member in members}
        if kind in ("stream", "identifier"):
            text = "${" + entity + ".entity_id}"
            words = "number of different entities"
            made.append(Member(entity, "count_entities", "measure", "count_distinct", sql=text, description=words))
        for member in members:
            if member.type != "number" or member.hidden or member.primary or member.name == "occurrence":
                continue
            for word, shown in (("sum", "sum"), ("avg", "mean")):
                name = f"{member.name}_{word}"
                if name not in names:
                    words = f"{shown} of {member.name}" + (f": {member.description}" if member.description else "")
                    made.append(Member(entity, name, "measure", word, sql=member.reference, description=words))
        return made

    def segments(self, table: TableEntry) -> list[Member]:
        """The project's segments of an entity."""
        return [
            Member(table.name, name, "segment", "bool", sql=segment.where, description=segment.description)
            for name, segment in self.project.file.segments.items()
            if segment.of == table.name
        ]

    def relate(self, table: TableEntry) -> None:
        """A column `<entity>_id` belongs to one of that entity; `entity_id` of other tables to their entity."""
        columns = {column.name for column in table.columns if column.type == "BIGINT"}
        if table.kind not in shown_kinds:
            return
        for other in self.tables.values():
            if other.kind == "entity" and other is not table and f"{other.name}_id" in columns:
                self.add_relation(table.name, f"{other.name}_id", other.name)
        owner = table.name.removesuffix(f"_{table.kind}")
        if table.kind in ("stream", "identifier") and owner in self.tables:
            self.add_relation(table.name, "entity_id", owner)

    def add_relation(self, source: str, column: str, target: str) -> None:
        """Many rows of the source belong to one row of the target."""
        name = f"{source}.{column}"
        self.relations.append(Relationship(name, source, (column,), target, ("entity_id",), "N:1", verified=True))

    def add_activities(self, stream: TableEntry) -> None:
        """One entity per activity of a stream, with the attributes that the activity declares."""
        owner = stream.name.removesuffix("_stream")
        for activity in self.activities.get(stream.name, ()):
            name = entity_name(activity)
            if name in self.entities:
                name = f"{owner}_{name}"
            kept = [column for column in stream.columns if self.is_of(activity, column.name)]
            members = [self.column(name, column, stream) for column in kept]
            members += self.measures(name, "stream", members)
            self.entities[name] = Entity(
                name=name, query=f"SELECT * FROM {quote(stream.name)} WHERE activity = {literal(activity)}",
                description=f"the activity {activity} of {owner}", tables=(stream.name,), tags=("activity",),
                columns=tuple(column.name for column in kept), members={member.name: member for member in members},
            )  # fmt: skip
            self.add_relation(name, "entity_id", owner)
            self.by_activity.setdefault(activity, {})[owner] = name

    def relate_shared(self) -> None:
        """One event of two entities, such as an order line of a customer and of a product: one row of each stream.

        Only where the two are not related otherwise: else the question which of the ways is meant would stand
        before every answer.
        """
        graph = Graph(Lens(self.project.name, "duckdb", self.entities, tuple(self.relations)))
        for owners in self.by_activity.values():
            for one, other in combinations(sorted(owners), 2):
                if graph.is_to_one(one, other) or graph.is_to_one(other, one):
                    continue
                ends, key = (owners[one], owners[other]), ("activity_uuid",)
                name = f"{ends[0]}.activity_uuid"
                self.relations.append(Relationship(name, ends[0], key, ends[1], key, "1:1", verified=True))

    def is_of(self, activity: str, column: str) -> bool:
        """Whether a stream column says something about an activity."""
        if column in stream_columns:
            return True
        declared = self.project.file.activities.get(activity) or next(
            (
                item
                for name, item in self.project.file.activities.items()
                if item.split_by is not None and activity.startswith(name)
            ),
            None,
        )
        if declared is None or column == "activity_occurence":
            return column != "activity"
        return any(column in item.attributes for item in declared.from_)


def entity_name(activity: str) -> str:
    """`Added Integration: Type A` -> `Added_Integration_Type_A`."""
    name = re.sub(r"\W+", "_", activity).strip("_")
    return name if name and not name[0].isdigit() else f"activity_{name}"


def type_of(sql_type: str) -> str:
    """The lens's word for an engine's type."""
    word = sql_type.upper()
    if word.startswith(("DATE", "TIMESTAMP")):
        return "date"
    if word == "BOOLEAN":
        return "bool"
    if word.endswith("INT") or word.startswith(("INTEGER", "DECIMAL", "DOUBLE", "FLOAT", "REAL")):
        return "number"
    return "string"


def derive_lens(project: Project, tables: Mapping[str, TableEntry], activities: Mapping[str, Sequence[str]]) -> Lens:
    """The lens of a project's published tables.

    Args:
        project: what declares activities and segments.
        tables: those of the snapshot's manifest.
        activities: stream table -> the activities that it holds.
    """
    return Deriver(project, tables, activities).lens()


def read_activities(tables: Mapping[str, TableEntry], connection: Connection) -> dict[str, list[str]]:
    """The activities of each stream that the connection shows."""
    found: dict[str, list[str]] = {}
    for table in tables.values():
        if table.kind == "stream":
            sql = f"SELECT DISTINCT activity FROM {quote(table.name)} WHERE activity IS NOT NULL ORDER BY activity"
            found[table.name] = [str(row[0]) for row in connection.rows(sql)]
    return found
