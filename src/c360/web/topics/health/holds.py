"""The merges that wait for a person in, what they would do out; each by the identifier that ties it together."""

from datetime import datetime

from c360.govern.decisions import decisions_of
from c360.govern.reading import Reading
from c360.identity.decisions.people import everything
from c360.identity.explaining.holds import features_of, reasons
from c360.records import dataclass
from c360.web.frame.navigation import entity_label
from c360.web.frame.visit import Visit

most = 20


@dataclass(frozen=True)
class Waiting:
    """A merge that was held back.

    Attributes:
        label: how those of the entity are called.
        value: the guilty identifier; None for roles that may not see it, who cannot decide about it either.
        reason: the limit that the merge would break, in words.
        people, identifiers, links: how many would become one, how many identifiers it would have, the links set aside.
        features, segments: how many of the project's would be computed anew for them.
        decided: what somebody said of it since: `same` or `not_same`; the next run follows.
    """

    entity: str
    label: str
    id_kind: str
    value: str | None
    held_at: datetime
    reason: str
    people: int
    identifiers: int
    links: int
    features: int
    segments: int
    decided: str | None


def waiting_merges(visit: Visit) -> tuple[Waiting, ...]:
    """What is held back, the largest first."""
    rows = find_rows(visit.reading)
    if not rows:
        return ()
    said = {
        (one.entity, kind, value): one.verdict
        for one in decisions_of(visit.site.store)
        if everything in (one.id_kind_a, one.id_kind_b)
        for kind, value in ((one.id_kind_a, one.value_a), (one.id_kind_b, one.value_b))
    }
    file = visit.project.file
    return tuple(
        Waiting(
            entity, entity_label(visit.project, entity), kind, value, held_at, reasons.get(reason, reason),
            people, identifiers, links, len(features_of(visit.project, entity)),
            sum(segment.of == entity for segment in file.segments.values()), said.get((entity, kind, value or "")),
        )
        for entity, kind, value, held_at, reason, people, identifiers, links in rows
    )  # fmt: skip


def find_rows(reading: Reading) -> list[tuple[str, str, str | None, datetime, str, int, int, int]]:
    """The published holds that the role sees."""
    if "identity_hold" not in reading.tables():
        return []
    sql = (
        "SELECT entity, id_kind, value, held_at, reason, people, identifiers, links FROM identity_hold "
        f"ORDER BY people DESC, identifiers DESC, entity, id_kind, value LIMIT {most}"
    )
    return [tuple(row) for row in reading.rows(sql) if reading.sees(str(row[0]))]
