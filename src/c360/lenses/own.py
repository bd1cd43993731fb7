"""The published tables of a project in, the lens that nobody had to write out; and the project's lenses opened."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from c360.errors import Fault, ProjectError, suggest
from c360.lenses.binding.bound import Bound
from c360.lenses.binding.proofs import Proofs
from c360.lenses.binding.tables import Sources, TableUse
from c360.lenses.model.lens import Entity, Lens, Member, Relationship
from c360.lenses.model.load import load_lens
from c360.lenses.open import OpenLens
from c360.project import Project, load_project
from c360.project.blocks.outputs import LensTable, LensUse
from c360.warehouse import Connection, literal, quote
from c360.warehouse.snapshots import SnapshotReader, TableEntry, open_snapshot
from c360.warehouse.snapshots.manifest import ColumnEntry

technical = ("entity_id", "public_id", "updated_at", "activity", "activity_occurence", "superseded")
stream_columns = ("activity_uuid", "entity_id", "activity_ts", "occurrence", "activity_repeated_at")
shown_kinds = ("entity", "stream", "bridge", "identifier")


@dataclass
class Deriver:
    """Builds a lens from published tables: entities, their streams, an entity per activity, bridges, identifiers.

    Attributes:
        activities: stream table -> the activities that it holds.
    """

    project: Project
    tables: Mapping[str, TableEntry]
    activities: Mapping[str, Sequence[str]]
    entities: dict[str, Entity] = field(default_factory=dict)
    relations: list[Relationship] = field(default_factory=list)

    def lens(self) -> Lens:
        """The project's own lens."""
        for table in self.tables.values():
            if table.kind in shown_kinds:
                self.entities[table.name] = self.entity(table)
        for table in self.tables.values():
            self.relate(table)
            if table.kind == "stream":
                self.add_activities(table)
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
            hidden=column.name in technical or column.name.endswith("_id") and column.type == "BIGINT",
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
        columns = {column.name for column in table.columns}
        if table.kind not in shown_kinds:
            return
        for other in self.tables.values():
            if other.kind == "entity" and f"{other.name}_id" in columns:
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


def derive_lens(project: Project, tables: Mapping[str, TableEntry], connection: Connection) -> Lens:
    """The lens of a project's published tables.

    Args:
        tables: those of the snapshot's manifest.
        connection: where they can be read, to see which activities there are.
    """
    activities = {
        table.name: [
            str(row[0])
            for row in connection.rows(f"SELECT DISTINCT activity FROM {quote(table.name)} ORDER BY activity")
        ]
        for table in tables.values()
        if table.kind == "stream"
    }
    return Deriver(project, tables, activities).lens()


def lens_uses(project: Project) -> dict[str, LensUse]:
    """The lens files of a project by the name of the file without its endings."""
    uses = [item if isinstance(item, LensUse) else LensUse(file=item) for item in project.file.lens]
    return {Path(use.file).name.split(".")[0]: use for use in uses}


def lens_names(project: Project) -> list[str]:
    """The lenses that can be asked: the project's own, then those of its files."""
    return [project.name, *lens_uses(project)]


def read_project_lens(project: Project, name: str | None, reader: SnapshotReader, connection: Connection) -> Lens:
    """A lens of the project by name; none is the project's own.

    Raises:
        ProjectError: there is no such lens, or its file has faults.
    """
    uses = lens_uses(project)
    if name is None or (name == project.name and name not in uses):
        return derive_lens(project, reader.manifest.tables, connection)
    if name not in uses:
        fix = suggest(name, lens_names(project)) or f"there are {', '.join(lens_names(project))}"
        raise ProjectError(Fault("lens-unknown", f"the project has no lens '{name}'", project.at("lens"), fix))
    use = uses[name]
    return load_lens(project.root / use.file, use.file, use.dialect)


def table_uses(project: Project, name: str | None) -> dict[str, TableUse]:
    """What the table names of a lens file mean in the project."""
    use = lens_uses(project).get(name or "")
    return {table: table_use(project, item) for table, item in use.map.items()} if use else {}


def table_use(project: Project, item: str | LensTable) -> TableUse:
    """One mapping: a published table, the files of a source, or a file."""
    if isinstance(item, str):
        return TableUse(item)
    if item.source is not None:
        source = project.file.sources.get(item.source)
        if source is None:
            fix = suggest(item.source, project.file.sources)
            raise ProjectError(project.fault("lens-map", f"there is no source '{item.source}'", "lens", fix=fix))
        return TableUse(source.file[0], item.columns)
    return TableUse(str(item.table or item.file), item.columns)


def bind_project_lens(
    project: Project, name: str | None, reader: SnapshotReader, connection: Connection, *, role: str = "all"
) -> Bound:
    """A lens of the project over a connection to one of its snapshots.

    Args:
        connection: may show a role's views of the snapshot.
        role: whose rows the connection shows; what is proven of one role's rows is not believed of another's.
    """
    lens = read_project_lens(project, name, reader, connection)
    manifest = reader.manifest
    file = project.store / "lens" / f"{lens.name}-{role}.json"
    written = {"published_at": manifest.published_at.isoformat(sep=" "), "as_of": manifest.as_of.isoformat(sep=" ")}
    return Bound(
        lens, connection, Sources(connection, table_uses(project, name), project.root),
        Proofs(file, manifest.snapshot), manifest.snapshot, written, as_of=manifest.as_of,
    )  # fmt: skip


class ProjectLens(OpenLens):
    """A lens over the published snapshot; closing it lets the snapshot go."""

    def __init__(self, bound: Bound, reader: SnapshotReader) -> None:
        super().__init__(bound, reader.connection, owns=False)
        self.reader = reader

    def close(self) -> None:
        """Stop reading the snapshot."""
        self.reader.close()


def open_project_lens(project_dir: Path, name: str | None = None, snapshot: str | None = None) -> ProjectLens:
    """Open a lens of a project over its published snapshot.

    Args:
        name: a lens file of the project; default its own lens.
        snapshot: an older snapshot that is still kept; default the current one.

    Raises:
        WarehouseError: nothing is published yet.
    """
    project = load_project(project_dir)
    reader = open_snapshot(project.store, snapshot, sealed=not table_uses(project, name))
    try:
        return ProjectLens(bind_project_lens(project, name, reader, reader.connection), reader)
    except BaseException:
        reader.close()
        raise
