"""The held merges in, each with its guilty identifier and what it would touch out."""

from dataclasses import asdict
from datetime import datetime

from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection

reasons = {"people": "too many people would become one", "identifiers": "it would have too many identifiers"}
most_examples = 5


@dataclass(frozen=True)
class Hold:
    """A merge that waits for a person.

    Attributes:
        guilty: the identifier that ties most of the former entities together, as `KIND:VALUE`.
        people, identifiers: how many entities would become one, and how many identifiers it would have.
        links: how many links are set aside.
        entity_ids: some of the entities that stay as they were.
        features, segments: what is computed of them, and would be of the one.
    """

    hold_id: int
    entity: str
    held_at: datetime
    reason: str
    guilty: str
    people: int
    identifiers: int
    links: int
    entity_ids: tuple[int, ...]
    features: tuple[str, ...]
    segments: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


def list_holds(work: Connection, project: Project) -> list[Hold]:
    """What is held, the largest first."""
    rows = work.rows(
        "SELECT h.hold_id, h.entity, h.held_at, h.reason, n.id_kind || ':' || n.value, h.people, h.identifiers, "
        "(SELECT COUNT(*) FROM identity.held AS k WHERE k.hold_id = h.hold_id) FROM identity.hold AS h "
        "JOIN identity.node AS n ON n.node_id = h.guilty ORDER BY h.people DESC, h.identifiers DESC, h.hold_id"
    )
    segments = project.file.segments
    return [
        Hold(
            hold_id, entity, held_at, reasons[reason], guilty, people, identifiers, links, held_ids(work, hold_id),
            tuple(features_of(project, entity)),
            tuple(name for name, segment in segments.items() if segment.of == entity),
        )
        for hold_id, entity, held_at, reason, guilty, people, identifiers, links in rows
    ]  # fmt: skip


def held_ids(work: Connection, hold_id: int) -> tuple[int, ...]:
    """Some of the entities that a hold keeps apart."""
    rows = work.rows(
        "SELECT DISTINCT m.entity_id FROM identity.held AS h JOIN identity.member AS m ON m.node_id = h.u OR m.node_id = h.v "
        f"WHERE h.hold_id = ? ORDER BY 1 LIMIT {most_examples}",
        [hold_id],
    )
    return tuple(int(row[0]) for row in rows)


def features_of(project: Project, entity: str) -> list[str]:
    """The features that the project declares of an entity."""
    block = project.file.features.get(entity)
    return list(block.own) if block else []
