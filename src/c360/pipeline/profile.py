"""A snapshot and an identifier in, one profile out: identifiers, traits with their source, features, timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from c360.errors import Fault, ProjectError, suggest
from c360.features import catalogue
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import quote

Record = dict[str, Any]


class Reader(Protocol):
    """What a profile needs of a snapshot: rows of one SELECT, with their column names."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows."""
        ...

    def tables(self) -> Mapping[str, Any]:
        """The published tables."""
        ...


@dataclass(frozen=True)
class Profile:
    """What is known of one entity.

    Attributes:
        values: the columns of its row that are neither identifier nor feature.
        records: the source records that it is built from, newest first.
        features: feature -> value.
        memberships: relation -> rows of the bridge.
        timeline: its newest activities.
        merged_from: ids that became this one.
    """

    entity: str
    entity_id: int
    identifiers: list[Record]
    values: Record
    features: Record
    records: list[Record]
    memberships: dict[str, list[Record]]
    timeline: list[Record]
    activities: list[Record]
    merged_from: list[Record]

    def as_json(self) -> dict[str, Any]:
        """The profile as plain values."""
        return asdict(self)


def records_of(reader: Reader, sql: str, params: Sequence[Any] = ()) -> list[Record]:
    """The rows of a SELECT as mappings."""
    names, rows = reader.query(sql, params)
    return [dict(zip(names, row, strict=True)) for row in rows]


def entity_named(project: Project, name: str) -> str:
    """The entity of a name or label.

    Raises:
        ProjectError: there is none.
    """
    for entity, block in project.file.entities.items():
        if name in (entity, block.label):
            return entity
    known = [*project.file.entities, *(b.label for b in project.file.entities.values() if b.label)]
    fix = suggest(name, known) or f"entities: {', '.join(known)}"
    raise ProjectError(Fault("unknown-entity", f"unknown entity '{name}'", fix=fix))


def find_entity(reader: Reader, project: Project, entity: str, text: str) -> int:
    """The id behind what a user typed: any identifier, our id, a public id, or an id that was merged away.

    Raises:
        ProjectError: nobody has it.
    """
    from c360.cleaning import normalise

    wanted = [text]
    for name in project.file.entities[entity].ids:
        kind = project.file.ids.get(name)
        normal = normalise(kind, text, region=project.file.project.region) if kind and not kind.columns else None
        wanted += [normal] if normal else []
    marks = ", ".join("?" for _ in wanted)
    found = records_of(
        reader, f"SELECT DISTINCT entity_id FROM {quote(f'{entity}_identifier')} WHERE value IN ({marks})", wanted
    )
    if not found and text.isdigit():
        sql = (
            f"SELECT entity_id FROM {quote(entity)} WHERE entity_id = ? "
            f"UNION ALL SELECT merged_into FROM {quote(f'{entity}_redirect')} WHERE entity_id = ?"
        )
        found = records_of(reader, sql, (int(text), int(text)))
    if not found and len(text) == len("00000000-0000-0000-0000-000000000000"):
        sql = f"SELECT entity_id FROM {quote(entity)} WHERE CAST(public_id AS VARCHAR) = lower(?)"
        found = records_of(reader, sql, (text,))
    if not found:
        fix = f"look for it with `c360 table {entity} --where ...`"
        raise ProjectError(Fault("unknown-identifier", f"no {entity} has the identifier '{text}'", fix=fix))
    if len(found) > 1:
        ids = ", ".join(str(row["entity_id"]) for row in found)
        fix = "name one of these ids instead"
        raise ProjectError(Fault("ambiguous-identifier", f"'{text}' names several: {ids}", fix=fix))
    return int(found[0]["entity_id"])


def read_profile(reader: Reader, project: Project, entity: str, entity_id: int, *, newest: int = 20) -> Profile:
    """Everything that is published of one entity; `newest` activities of its timeline."""
    tables = reader.tables()
    rows = records_of(reader, f"SELECT * FROM {quote(entity)} WHERE entity_id = ?", (entity_id,))
    if not rows:
        raise ProjectError(Fault("unknown-identifier", f"there is no {entity} {entity_id}"))
    names = [entry.name for entry in catalogue(project) if entry.entity == entity]
    kinds = project.file.entities[entity].ids

    def of(table: str, order: str, limit: str = "") -> list[Record]:
        if table not in tables:
            return []
        return records_of(
            reader, f"SELECT * FROM {quote(table)} WHERE entity_id = ? ORDER BY {order} {limit}", (entity_id,)
        )

    def merged() -> list[Record]:
        sql = f"SELECT * FROM {quote(f'{entity}_redirect')} WHERE merged_into = ? ORDER BY entity_id"
        return records_of(reader, sql, (entity_id,))

    return Profile(
        entity=entity,
        entity_id=entity_id,
        identifiers=of(f"{entity}_identifier", "superseded, id_kind, value"),
        values={key: value for key, value in rows[0].items() if key not in names and key not in kinds},
        features={key: rows[0][key] for key in names},
        records=of(f"{entity}_record", "superseded, record_ts DESC NULLS LAST, source, record_key"),
        memberships=memberships_of(reader, project, entity, entity_id),
        timeline=of(f"{entity}_stream", "activity_ts DESC, activity_uuid", f"LIMIT {newest}"),
        activities=activity_counts(reader, entity, entity_id) if f"{entity}_stream" in tables else [],
        merged_from=merged(),
    )


def memberships_of(reader: Reader, project: Project, entity: str, entity_id: int) -> dict[str, list[Record]]:
    """What it belongs to, and what belongs to it (at most 100 of each)."""
    found = {}
    for table, entry in reader.tables().items():
        if entry.kind != "bridge":
            continue
        for own, other in ((0, 1), (1, 0)):
            ends = [name.removesuffix("_id") for name in entry.key[:2]]
            if ends[own] == entity and ends[other] in project.file.entities:
                sql = (
                    f"SELECT * FROM {quote(table)} WHERE {quote(entry.key[own])} = ? "
                    f"ORDER BY {quote(entry.key[other])} LIMIT 100"
                )
                found[ends[other]] = records_of(reader, sql, (entity_id,))
    return found


def activity_counts(reader: Reader, entity: str, entity_id: int) -> list[Record]:
    """How often it did what, and since when (J7)."""
    sql = (
        "SELECT activity, count(*) AS times, min(activity_ts) AS first_at, max(activity_ts) AS last_at "
        f"FROM {quote(f'{entity}_stream')} WHERE entity_id = ? GROUP BY activity ORDER BY times DESC, activity"
    )
    return records_of(reader, sql, (entity_id,))
