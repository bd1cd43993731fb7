"""A lens in, what can be asked of it out, as plain values for pages, the API and autocompletion."""

from typing import Any

from c360.lenses.model.graph import Graph
from c360.lenses.model.lens import Entity, Lens, Member


def meta(lens: Lens, *, hidden: bool = True) -> dict[str, Any]:
    """The lens with its entities, members and relationships.

    For each measure: its record set (the entity), its roll-up, and the entities whose dimensions it can be grouped
    by, to-one and to-many apart.

    Args:
        lens: the model.
        hidden: whether hidden members are listed, marked as such.
    """
    graph = Graph(lens)
    return {
        "name": lens.name,
        "description": lens.description,
        "owner": lens.owner,
        "tags": list(lens.tags),
        "entities": [entity_meta(lens, graph, entity, hidden=hidden) for entity in lens.entities.values()],
        "warnings": [fault.as_json() for fault in lens.warnings],
    }


def entity_meta(lens: Lens, graph: Graph, entity: Entity, *, hidden: bool) -> dict[str, Any]:
    """One entity."""
    members = [member for member in entity.members.values() if hidden or not member.hidden]
    reached = reach_of(lens, graph, entity)
    return {
        "name": entity.name,
        "description": entity.description,
        "tags": list(entity.tags),
        "key": [member.name for member in entity.key],
        "time": entity.time.name if entity.time else None,
        "dimensions": [member_meta(member) for member in members if member.kind in ("field", "dimension")],
        "measures": [
            {**member_meta(item), "records": entity.name, **reached} for item in members if item.kind == "measure"
        ],
        "segments": [member_meta(member) for member in members if member.kind == "segment"],
        "relationships": [
            {"to": edge.target, "to_one": edge.to_one, "on": edge.words, "verified": edge.relation.verified}
            for edge in graph.edges[entity.name]
        ],
    }


def member_meta(member: Member) -> dict[str, Any]:
    """One member."""
    return {
        "name": member.full,
        "kind": member.kind,
        "type": member.type,
        "description": member.description,
        "hidden": member.hidden,
        "tags": list(member.tags),
        "definition": member.sql or member.column,
    }


def reach_of(lens: Lens, graph: Graph, entity: Entity) -> dict[str, list[str]]:
    """The entities whose dimensions an entity's measures can be grouped by."""
    from c360.errors import ProjectError

    found: dict[str, list[str]] = {"by": [entity.name], "by_many": [], "by_ambiguous": []}
    for name in lens.entities:
        if name == entity.name:
            continue
        try:
            path = graph.path(entity.name, name)
        except ProjectError as error:
            if error.faults[0].code == "lens-ambiguous-path":
                found["by_ambiguous"].append(name)
            continue
        found["by" if all(edge.to_one for edge in path) else "by_many"].append(name)
    return found
