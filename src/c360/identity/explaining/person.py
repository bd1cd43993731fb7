"""An identifier in, everything that is linked to it and by what out."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from c360.identity.explaining.evidence import Evidence, near_nodes, read_evidence, read_links
from c360.identity.explaining.explanation import identifiers_of
from c360.identity.explaining.finding import Identifier, find_identifier
from c360.identity.explaining.paths import Link, find_bridges, neighbours
from c360.identity.inputs.trust import by_type, trust_of
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection

own = by_type["phone"]  # identifiers of at least this trust are a person's own: a device or cookie is not


@dataclass(frozen=True)
class Named:
    """An identifier of the person, and which rules name it since when."""

    identifier: Identifier
    first_seen: datetime | None
    last_seen: datetime | None
    n_seen: int
    sources: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return {**asdict(self), "identifier": self.identifier.as_json()}


@dataclass(frozen=True)
class Linked:
    """A link inside the entity, or (with a reason) one that is not used."""

    one: Identifier
    other: Identifier
    evidence: tuple[Evidence, ...]
    blocked: str | None = None
    is_bridge: bool = False

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "one": self.one.as_json(),
            "other": self.other.as_json(),
            "evidence": [one.as_json() for one in self.evidence],
            "blocked": self.blocked,
            "is_bridge": self.is_bridge,
        }


@dataclass(frozen=True)
class Happened:
    """Something that befell the entity's id, or an id that is now part of it."""

    happened_at: datetime
    kind: str
    entity_id: int
    other_id: int | None


@dataclass(frozen=True)
class Person:
    """Everything that is linked to an identifier.

    Attributes:
        links: those that are used; a bridge is the only thing between two parts that each have an own identifier.
        blocked: links to other entities that are not used.
        merged_ids: ids that lead here.
    """

    entity: str
    entity_id: int
    public_id: str
    identifiers: tuple[Named, ...]
    links: tuple[Linked, ...]
    blocked: tuple[Linked, ...]
    merged_ids: tuple[int, ...]
    history: tuple[Happened, ...]

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "entity": self.entity,
            "entity_id": self.entity_id,
            "public_id": self.public_id,
            "identifiers": [one.as_json() for one in self.identifiers],
            "links": [one.as_json() for one in self.links],
            "blocked": [one.as_json() for one in self.blocked],
            "merged_ids": list(self.merged_ids),
            "history": [asdict(one) for one in self.history],
        }


def person(work: Connection, project: Project, typed: str, entity: str | None = None) -> Person:
    """List everything that is linked to an identifier.

    Args:
        work: the work database after a run.
        project: the project.
        typed: what a person types: a value, `KIND:VALUE`, or an entity's number.
        entity: the entity that is meant, when a value occurs in several.

    Raises:
        ProjectError: the identifier is unknown, or means several.
    """
    found = find_identifier(work, project, typed, entity)
    entity_id = found.entity_id
    ((public_id,),) = work.rows(f"SELECT public_id FROM identity.entity WHERE entity_id = {entity_id}")
    members = f"SELECT node_id FROM identity.member WHERE entity_id = {entity_id}"
    component = (
        "SELECT p.node_id FROM identity.placed AS p JOIN identity.placed AS s ON s.component_id = p.component_id "
        f"WHERE s.node_id = {found.node_id}"
    )
    named = read_named(work, members)
    known = {one.identifier.node_id: one.identifier for one in named}
    links = [link for link in read_links(work, near_nodes(component)) if link.u in known or link.v in known]
    known |= identifiers_of(work, [node for link in links for node in (link.u, link.v) if node not in known])
    evidence = read_evidence(work, ((link.u, link.v) for link in links))
    used = [link for link in links if link.reason is None and link.u in known and link.v in known]
    bridges = own_bridges(
        project, {one.identifier.node_id: one.identifier for one in named}, neighbours(used), found.node_id
    )
    listed = [
        Linked(known[link.u], known[link.v], tuple(evidence[link.u, link.v]), link.reason, (link.u, link.v) in bridges)
        for link in links
        if link.u in known and link.v in known
    ]
    return Person(
        entity=found.entity,
        entity_id=entity_id,
        public_id=str(public_id),
        identifiers=named,
        links=tuple(one for one in listed if one.blocked is None),
        blocked=tuple(one for one in listed if one.blocked is not None),
        merged_ids=tuple(
            number
            for (number,) in work.rows(
                f"SELECT entity_id FROM identity.redirect WHERE merged_into = {entity_id} ORDER BY 1"
            )
        ),
        history=tuple(
            Happened(*row)
            for row in work.rows(
                f"SELECT happened_at, kind, entity_id, other_id FROM identity.event WHERE entity_id IN ({members}) "
                f"OR other_id IN ({members}) ORDER BY happened_at, entity_id, kind"
            )
        ),
    )


def read_named(work: Connection, members: str) -> tuple[Named, ...]:
    """The identifiers of an entity with what names them."""
    found: dict[int, Named] = {}
    for entity, kind, value, node, entity_id, superseded, source, n_seen, first, last in work.rows(
        "SELECT l.entity, l.id_kind, l.value, l.node_id, l.entity_id, l.superseded, r.name, CAST(SUM(g.n_seen) AS BIGINT), "
        "MIN(g.first_seen), MAX(g.last_seen) FROM identity.lookup AS l JOIN identity.naming AS g ON g.node_id = l.node_id "
        f"JOIN identity.rule AS r ON r.rule_id = g.rule_id WHERE l.node_id IN ({members}) GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 4, 7"
    ):
        before = found.get(node)
        known = Identifier(entity, kind, value, node, entity_id, superseded)
        if before is None:
            found[node] = Named(known, first, last, n_seen, (source,))
        else:
            firsts = [time for time in (before.first_seen, first) if time]
            lasts = [time for time in (before.last_seen, last) if time]
            found[node] = Named(
                known,
                min(firsts, default=None),
                max(lasts, default=None),
                before.n_seen + n_seen,
                (*before.sources, source),
            )
    return tuple(found.values())


def own_bridges(
    project: Project, known: Mapping[int, Identifier], near: Mapping[int, Sequence[tuple[int, Link]]], start: int
) -> set[tuple[int, int]]:
    """The links that alone tie two parts together which each have an identifier of their own."""
    place, bridges = find_bridges(near, start)
    strong = sorted(
        place[node] for node, one in known.items() if node in place and trust_of(project, one.id_kind) >= own
    )
    found = set()
    for bridge in bridges:
        beyond = bisect_right(strong, bridge.last) - bisect_left(strong, bridge.first)
        if 0 < beyond < len(strong):
            found.add((bridge.link.u, bridge.link.v))
    return found
