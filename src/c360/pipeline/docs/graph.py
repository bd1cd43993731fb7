"""A project and its published tables in; the lineage out: which source, identity, stream and table feeds which."""

from collections.abc import Iterator, Sequence
from c360.records import dataclass
from typing import Literal

from c360.project import Project
from c360.project.blocks.entities import Entity
from c360.warehouse.catalogue import PublishedTable

Kind = Literal["source", "identity", "stream", "table", "segment"]


@dataclass(frozen=True, slots=True)
class Node:
    """Something that data flows through; `page` is its place in the site."""

    name: str
    kind: Kind
    label: str
    page: str


@dataclass(frozen=True)
class Graph:
    """Nodes by name, and the edges from what is read to what reads it."""

    nodes: dict[str, Node]
    edges: tuple[tuple[str, str], ...]

    def around(self, name: str) -> "Graph":
        """The part that flows into a node or out of it."""
        kept = reach(name, self.edges) | reach(name, [(target, origin) for origin, target in self.edges])
        return Graph(
            {key: node for key, node in self.nodes.items() if key in kept},
            tuple(edge for edge in self.edges if kept.issuperset(edge)),
        )


def reach(start: str, edges: Sequence[tuple[str, str]]) -> set[str]:
    """A node and everything that edges lead to from it."""
    found, open_nodes = {start}, [start]
    while open_nodes:
        current = open_nodes.pop()
        for origin, target in edges:
            if origin == current and target not in found:
                found.add(target)
                open_nodes.append(target)
    return found


def lineage_graph(project: Project, tables: Sequence[PublishedTable]) -> Graph:
    """The lineage of a whole project."""
    published = {table.name: table for table in tables}
    nodes = {node.name: node for node in nodes_of(project, published)}
    edges = dict.fromkeys(edge for edge in edges_of(project, published) if nodes.keys() >= set(edge))
    return Graph(nodes, tuple(edges))


def nodes_of(project: Project, published: dict[str, PublishedTable]) -> Iterator[Node]:
    """Every source, identity, stream, entity table and segment."""
    file = project.file
    for name in file.sources:
        yield Node(f"source {name}", "source", name, f"sources.html#{name}")
    for name, entity in file.entities.items():
        yield Node(
            f"identity {name}", "identity", f"{entity.label or name} identity", f"identifiers.html#entity-{name}"
        )
        if f"{name}_stream" in published:
            yield Node(f"stream {name}", "stream", f"{name}_stream", f"tables/{name}_stream.html")
        yield Node(f"table {name}", "table", name, f"tables/{name}.html")
    for name in file.segments:
        yield Node(f"segment {name}", "segment", name, f"segments.html#{name}")


def edges_of(project: Project, published: dict[str, PublishedTable]) -> Iterator[tuple[str, str]]:
    """Who reads whom."""
    file = project.file
    for name, entity in file.entities.items():
        yield from identity_edges(name, entity)
        yield from feature_edges(project, name, published)
    for activity in file.activities.values():
        for item in activity.from_:
            for name in item.of:
                yield f"source {item.source}", f"stream {name}"
                yield f"identity {name}", f"stream {name}"
    for name, segment in file.segments.items():
        yield f"table {segment.of}", f"segment {name}"


def identity_edges(name: str, entity: Entity) -> Iterator[tuple[str, str]]:
    """What an entity is stitched from, and how it comes to belong to others."""
    for source in (
        *(item.source for item in entity.from_),
        *(item.source for item in (*entity.same, *entity.not_same)),
    ):
        yield f"source {source}", f"identity {name}"
    yield f"identity {name}", f"table {name}"
    for target, relations in entity.belongs_to.items():
        yield f"identity {target}", f"table {name}"
        for relation in relations:
            if relation.source is not None:
                yield f"source {relation.source}", f"table {name}"
            elif relation.from_ is not None:
                owner = relation.from_.rpartition(".")[0] or name
                yield f"identity {owner}", f"identity {target}"


def feature_edges(project: Project, name: str, published: dict[str, PublishedTable]) -> Iterator[tuple[str, str]]:
    """What the features of an entity read, as the columns of its table say: `contact.first_event`, `order_placed`."""
    file = project.file
    own_features = {entity: feature_columns(table) for entity, table in published.items() if entity in file.entities}
    for column in published[name].columns if name in published else ():
        for origin in column.lineage:
            head, _, tail = origin.partition(".")
            if head in file.entities and head != name:
                kind = "table" if tail in own_features.get(head, ()) else "identity"
                yield f"{kind} {head}", f"table {name}"
            elif head == "activity" or head in file.activities:
                streams = {entity for item in activity_inputs(project, tail or head) for entity in item}
                owner = name if name in streams else next(iter(sorted(streams)), name)
                yield f"stream {owner}", f"table {name}"


def feature_columns(table: PublishedTable) -> set[str]:
    """The columns of an entity's table that are computed."""
    return {column.name for column in table.columns if column.definition is not None}


def activity_inputs(project: Project, name: str) -> list[list[str]]:
    """The entities of each input of an activity."""
    activity = project.file.activities.get(name.partition(":")[0])
    return [list(item.of) for item in activity.from_] if activity else []
