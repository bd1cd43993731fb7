"""The identifiers of an entity in, the health of its identity graph out: sizes, merge rate, biggest, rule yields."""

from datetime import datetime
from typing import Any

from c360.govern.reading import Reading
from c360.govern.sql import literal, quote
from c360.profiles.names import names_of
from c360.records import dataclass
from c360.web.frame.navigation import entity_label

edges = (1, 2, 3, 4, 5, 10, 20, 50, 100)
most_biggest = 10


@dataclass(frozen=True)
class Size:
    """How many entities have so many identifiers."""

    words: str
    entities: int


@dataclass(frozen=True)
class Biggest:
    """An entity with very many identifiers."""

    entity_id: int
    name: str
    identifiers: int


@dataclass(frozen=True)
class Clusters:
    """The identity health of one entity.

    Attributes:
        merge_rate: the share of identifiers that were found to belong to one that is known already.
        singletons: entities with one identifier only.
    """

    entity: str
    label: str
    entities: int
    identifiers: int
    merge_rate: float
    singletons: int
    largest: int
    sizes: tuple[Size, ...]
    biggest: tuple[Biggest, ...]


@dataclass(frozen=True)
class RuleYield:
    """What a rule contributes."""

    entity: str
    rule: str
    kind: str
    links: int
    records: int
    last_seen: datetime | None


def clusters(reading: Reading, entity: str) -> Clusters | None:
    """The identity health of an entity; None when it has no identifiers."""
    found: Clusters | None = reading.memory.once(("clusters", entity), lambda: count_clusters(reading, entity))
    return found


def count_clusters(reading: Reading, entity: str) -> Clusters | None:
    """Count clusters by size."""
    table = f"{entity}_identifier"
    if table not in reading.tables():
        return None
    per_entity = f"SELECT entity_id, count(*) AS n FROM {quote(table)} GROUP BY entity_id"
    counts = {int(row[0]): int(row[1]) for row in reading.rows(f"SELECT n, count(*) FROM ({per_entity}) GROUP BY n")}
    if not counts:
        return None
    biggest = reading.rows(f"{per_entity} ORDER BY n DESC, entity_id LIMIT {most_biggest}")
    names = names_of(reading, entity, [int(row[0]) for row in biggest])
    entities, identifiers = sum(counts.values()), sum(n * count for n, count in counts.items())
    return Clusters(
        entity=entity,
        label=entity_label(reading.project, entity),
        entities=entities,
        identifiers=identifiers,
        merge_rate=(identifiers - entities) / identifiers if identifiers else 0.0,
        singletons=counts.get(1, 0),
        largest=max(counts),
        sizes=sizes(counts),
        biggest=tuple(Biggest(int(row[0]), names.get(int(row[0]), str(row[0])), int(row[1])) for row in biggest),
    )


def sizes(counts: dict[int, int]) -> tuple[Size, ...]:
    """Entities by how many identifiers they have, in steps."""
    found = []
    for place, low in enumerate(edges):
        high = edges[place + 1] - 1 if place + 1 < len(edges) else None
        number = sum(count for n, count in counts.items() if n >= low and (high is None or n <= high))
        words = str(low) if high == low else f"{low} to {high}" if high else f"{low} or more"
        found.append(Size(words, number))
    while len(found) > 3 and not found[-1].entities:
        found.pop()
    return tuple(found)


def rule_yields(reading: Reading) -> tuple[RuleYield, ...]:
    """How many links each rule gives, and from how many records."""
    if "identity_link" not in reading.tables():
        return ()
    key = "rule yields"
    if key not in reading.memory:
        sql = (
            "SELECT entity, rule, min(rule_kind), count(*), sum(n_seen), max(last_seen) FROM identity_link "
            "WHERE blocked IS NULL GROUP BY entity, rule ORDER BY count(*) DESC, rule LIMIT 100"
        )
        reading.memory[key] = tuple(
            RuleYield(str(row[0]), str(row[1]), str(row[2]), int(row[3]), int(row[4] or 0), row[5])
            for row in reading.rows(sql)
        )
    found: tuple[RuleYield, ...] = reading.memory[key]
    return found


@dataclass(frozen=True)
class HeldBack:
    """A link that a limit forbids."""

    entity: str
    evidence: str
    reason: str
    entity_id: int
    name: str
    other_id: int
    other_name: str


def held_back(reading: Reading, most: int = 20) -> tuple[HeldBack, ...]:
    """Links that limits forbid, of most trust first."""
    if "identity_link" not in reading.tables():
        return ()
    rows = reading.rows(
        "SELECT entity, id_kind_a, value_a, id_kind_b, value_b, blocked, entity_id, other_entity_id FROM identity_link "
        f"WHERE blocked IS NOT NULL ORDER BY trust DESC, entity_id, value_a, value_b LIMIT {most}"
    )
    found = []
    for entity, kind_a, value_a, kind_b, value_b, reason, one, other in rows:
        names = names_of(reading, str(entity), [int(one), int(other)])
        reading.saw(str(entity), [int(one), int(other)])
        evidence = f"{kind_a} {value_a} and {kind_b} {value_b}"
        ends = (int(one), names.get(int(one), str(one)), int(other), names.get(int(other), str(other)))
        found.append(HeldBack(str(entity), evidence, str(reason), *ends))
    return tuple(found)


@dataclass(frozen=True)
class Event:
    """An id that was merged, split or ended."""

    at: datetime
    kind: str
    entity: str
    entity_id: int
    other_id: int | None
    name: str | None


def events(reading: Reading, most: int = 20) -> tuple[Event, ...]:
    """The latest merges and splits."""
    if "identity_event" not in reading.tables():
        return ()
    sql = (
        "SELECT happened_at, kind, entity, entity_id, other_id FROM identity_event "
        f"ORDER BY happened_at DESC, entity_id LIMIT {most}"
    )
    rows: list[tuple[Any, ...]] = reading.rows(sql)
    found = []
    for at, kind, entity, one, other in rows:
        alive = int(other) if kind == "merge" and other is not None else int(one)
        name = names_of(reading, str(entity), [alive]).get(alive)
        found.append(Event(at, str(kind), str(entity), int(one), None if other is None else int(other), name))
    return tuple(found)


def blocked_values(reading: Reading, most: int = 20) -> tuple[tuple[str, str, int], ...]:
    """Values that do not link: (code, column, how many)."""
    if "quarantine" not in reading.tables():
        return ()
    sql = (
        f"SELECT code, column_name, count(*) FROM quarantine WHERE kind = {literal('value')} GROUP BY 1, 2 "
        f"ORDER BY 3 DESC, 1, 2 LIMIT {most}"
    )
    return tuple((str(row[0]), str(row[1] or ""), int(row[2])) for row in reading.rows(sql))
