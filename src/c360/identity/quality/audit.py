"""The identity tables in, their state of health out: sizes, the biggest, what each rule yields, what the last run did."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from c360.identity.explaining.holds import Hold, list_holds
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection

steps = (1, 2, 3, 6, 11, 21, 51, 101, 1001)  # where the classes of sizes begin
most_shared = 20


@dataclass(frozen=True)
class KindCount:
    """The identifiers of one kind: how many, of how many entities, and the most of one entity."""

    id_kind: str
    identifiers: int
    entities: int
    most: int

    @property
    def mean(self) -> float:
        """How many an entity has that has any."""
        return self.identifiers / self.entities


@dataclass(frozen=True)
class Big:
    """An entity with many identifiers: its id, how many, and what it was first known by."""

    entity_id: int
    identifiers: int
    first: str
    is_over: bool


@dataclass(frozen=True)
class EntityAudit:
    """The clusters of one entity.

    Attributes:
        singletons: those of one identifier.
        sizes: (from, to or None, how many entities).
        over: how many are larger than `hold:` allows; a first run does not hold them.
        new, merged, split, ended: what the last run changed.
    """

    entity: str
    entities: int
    identifiers: int
    singletons: int
    sizes: tuple[tuple[int, int | None, int], ...]
    biggest: tuple[Big, ...]
    over: int
    kinds: tuple[KindCount, ...]
    new: int
    merged: int
    split: int
    ended: int


@dataclass(frozen=True)
class RuleYield:
    """What a rule gives: pairs that it links, how many of them no other rule links, rows that say so, links not used."""

    rule: str
    kind: str
    links: int
    alone: int
    n_seen: int
    blocked: int


@dataclass(frozen=True)
class SharedValue:
    """An identifier that links nobody, and why."""

    identifier: str
    entity: str
    tied: int | None
    reason: str


@dataclass(frozen=True)
class Audit:
    """The state of the identity graph after a run.

    Attributes:
        at: the run's as_of.
        refused: (blocked or malformed, kind, how many values).
        blocked: reason -> how many links are not used because of it.
    """

    at: datetime | None
    entities: tuple[EntityAudit, ...]
    rules: tuple[RuleYield, ...]
    blocked: Mapping[str, int]
    refused: tuple[tuple[str, str, int], ...]
    shared: tuple[SharedValue, ...]
    shared_count: int
    holds: tuple[Hold, ...]

    def as_json(self) -> dict[str, object]:
        """The audit as plain values."""
        found = asdict(self)
        for entity, plain in zip(self.entities, found["entities"], strict=True):
            for kind, counted in zip(entity.kinds, plain["kinds"], strict=True):
                counted["mean"] = round(kind.mean, 3)
        return {**found, "holds": [one.as_json() for one in self.holds]}


def audit(work: Connection, project: Project, *, at: datetime | None = None, most: int = 10) -> Audit:
    """Look at what the last run left.

    Args:
        work: the work database after a run.
        project: the project.
        at: the as_of of the last run; None takes the latest moment at which anything changed.
        most: how many of the biggest entities are named.
    """
    if at is None:
        at = work.scalar("SELECT MAX(changed_at) FROM identity.entity")
    return Audit(
        at=at,
        entities=tuple(audit_entity(work, project, name, at, most) for name in project.file.entities),
        rules=read_yields(work),
        blocked=dict(work.rows("SELECT reason, COUNT(*) FROM identity.blocked GROUP BY reason ORDER BY 2 DESC, 1")),
        refused=tuple(
            work.rows(
                "SELECT state, id_kind, COUNT(*) FROM (SELECT DISTINCT state, entity, id_kind, value FROM identity.refused) AS r "
                "GROUP BY state, id_kind ORDER BY 1, 3 DESC, 2"
            )
        ),
        shared=tuple(
            SharedValue(f"{kind} {value}", entity, tied, reason)
            for kind, value, entity, tied, reason in work.rows(
                "SELECT n.id_kind, n.value, n.entity, s.tied, s.reason FROM identity.shared AS s JOIN identity.node AS n "
                f"ON n.node_id = s.node_id ORDER BY s.tied DESC NULLS FIRST, n.node_id LIMIT {most_shared}"
            )
        ),
        shared_count=int(work.scalar("SELECT COUNT(*) FROM identity.shared")),
        holds=tuple(list_holds(work, project)),
    )


def audit_entity(work: Connection, project: Project, name: str, at: datetime | None, most: int) -> EntityAudit:
    """The clusters of one entity, and what the last run did with them."""
    own = "SELECT l.entity_id, l.id_kind, l.node_id FROM identity.lookup AS l WHERE l.entity = ?"
    limit = project.file.entities[name].hold.identifiers
    sizes: dict[int, int] = dict(
        work.rows(
            f"SELECT size, COUNT(*) FROM (SELECT entity_id, COUNT(*) AS size FROM ({own}) AS o GROUP BY entity_id) AS s "
            "GROUP BY size",
            [name],
        )
    )
    biggest = work.rows(
        f"SELECT b.entity_id, b.size, n.id_kind || ' ' || n.value FROM (SELECT entity_id, COUNT(*) AS size, MIN(node_id) AS first "
        f"FROM ({own}) AS o GROUP BY entity_id ORDER BY size DESC, entity_id LIMIT {most}) AS b "
        "JOIN identity.node AS n ON n.node_id = b.first ORDER BY 2 DESC, 1",
        [name],
    )
    kinds = work.rows(
        "SELECT id_kind, CAST(SUM(size) AS BIGINT), COUNT(*), MAX(size) FROM (SELECT entity_id, id_kind, COUNT(*) AS size "
        f"FROM ({own}) AS o GROUP BY entity_id, id_kind) AS s GROUP BY id_kind",
        [name],
    )
    order = project.file.entities[name].ids
    events = read_events(work, name, at)
    return EntityAudit(
        entity=name,
        entities=sum(sizes.values()),
        identifiers=sum(size * count for size, count in sizes.items()),
        singletons=sizes.get(1, 0),
        sizes=size_classes(sizes),
        biggest=tuple(Big(entity_id, size, first, size > limit) for entity_id, size, first in biggest),
        over=sum(count for size, count in sizes.items() if size > limit),
        kinds=tuple(sorted((KindCount(*row) for row in kinds), key=lambda one: order.index(one.id_kind))),
        new=events["new"],
        merged=events["merge"],
        split=events["split"],
        ended=events["end"],
    )


def read_events(work: Connection, name: str, at: datetime | None) -> Counter[str]:
    """What happened to ids of an entity at a moment; `new` are those issued then and not split off."""
    found: Counter[str] = Counter(
        dict(
            work.rows(
                "SELECT kind, COUNT(*) FROM identity.event WHERE entity = ? AND happened_at = ? GROUP BY kind",
                [name, at],
            )
        )
    )
    found["new"] = int(
        work.scalar(
            "SELECT COUNT(*) FROM identity.entity AS e WHERE e.entity = ? AND e.changed_at = ? AND e.status = 'active' AND NOT EXISTS "
            "(SELECT 1 FROM identity.event AS v WHERE v.entity_id = e.entity_id AND v.happened_at = e.changed_at)",
            [name, at],
        )
    )
    return found


def size_classes(sizes: Mapping[int, int]) -> tuple[tuple[int, int | None, int], ...]:
    """How many entities have 1, 2, 3-5, ... identifiers, up to the largest."""
    ends = [*(step - 1 for step in steps[1:]), None]
    classes = [
        (low, high, sum(count for size, count in sizes.items() if low <= size and (high is None or size <= high)))
        for low, high in zip(steps, ends, strict=True)
    ]
    last = max((place for place, one in enumerate(classes) if one[2]), default=0)
    return tuple(classes[: last + 1])


def read_yields(work: Connection) -> tuple[RuleYield, ...]:
    """What each rule gives, the most first; a rule that names identifiers only, or found nothing, gives none."""
    rows = work.rows(
        "SELECT r.name || '@' || r.version, r.kind, COUNT(*), CAST(SUM(CASE WHEN p.rules = 1 THEN 1 ELSE 0 END) AS BIGINT), "
        "CAST(SUM(e.n_seen) AS BIGINT), COUNT(b.u) FROM identity.evidence AS e "
        "JOIN (SELECT u, v, COUNT(*) AS rules FROM identity.evidence GROUP BY u, v) AS p ON p.u = e.u AND p.v = e.v "
        "JOIN identity.rule AS r ON r.rule_id = e.rule_id "
        "LEFT JOIN (SELECT DISTINCT u, v FROM identity.blocked) AS b ON b.u = e.u AND b.v = e.v "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1"
    )
    return tuple(RuleYield(*row) for row in rows)
