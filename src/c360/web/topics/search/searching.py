"""What somebody typed in, the entities that it names out: exact identifiers first, then names and beginnings of ids."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from c360.cleaning import normalise
from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.profiles.names import names_of, naming
from c360.records import dataclass

most_found = 20
last_character = chr(0x10FFFF)


@dataclass(frozen=True)
class Hit:
    """One entity that was found.

    Attributes:
        by: what fits: the identifier kind, `name`, `id`.
        is_exact: whether it is named by a whole identifier.
    """

    entity: str
    entity_id: int
    name: str
    by: str
    is_exact: bool


def search(reading: Reading, entity: str, text: str) -> list[Hit]:
    """Everything of one entity that a text names, best first."""
    exact = exact_hits(reading, entity, text)
    return [*exact, *alike_hits(reading, entity, text, exact)]


def exact_hits(reading: Reading, entity: str, text: str) -> list[Hit]:
    """The entities that a whole identifier names."""
    wanted = text.strip()
    if not wanted or not reading.sees(entity):
        return []
    exact = exact_ids(reading, entity, wanted)
    called = names_of(reading, entity, list(exact))
    return [Hit(entity, found, called.get(found, str(found)), by, is_exact=True) for found, by in exact.items()][
        :most_found
    ]


def alike_hits(reading: Reading, entity: str, text: str, exact: Sequence[Hit]) -> list[Hit]:
    """The entities whose name holds the text or whose identifier begins with it, besides those that it names exactly."""
    wanted, seen = text.strip(), {hit.entity_id for hit in exact}
    if len(wanted) < 2 or len(exact) >= most_found or not reading.sees(entity):
        return []
    by_name = [hit for hit in like_name(reading, entity, wanted) if hit.entity_id not in seen]
    seen |= {hit.entity_id for hit in by_name}
    enough = len(exact) + len(by_name) >= most_found
    by_id = [] if enough else [hit for hit in like_identifier(reading, entity, wanted) if hit.entity_id not in seen]
    return [*by_name, *by_id][: most_found - len(exact)]


def exact_ids(reading: Reading, entity: str, text: str) -> dict[int, str]:
    """Entities that a whole identifier names, our own ids among them."""
    found: dict[int, str] = {}
    project = reading.project
    pairs = [(kind, text) for kind in project.file.entities[entity].ids]
    for kind in project.file.entities[entity].ids:
        block = project.file.ids.get(kind)
        if block is not None and not block.columns and not (block.type == "domain" and "@" in text):
            normal = normalise(block, text, region=project.file.project.region)
            pairs += [(kind, normal)] if normal and normal != text else []
    order = list(project.file.entities[entity].ids)
    for one, kind in sorted(reading.find(entity, pairs), key=lambda hit: order.index(hit[1])):
        found.setdefault(one, kind)
    own = own_id(reading, entity, text)
    return found | ({own: "id"} if own is not None and own not in found else {})


def own_id(reading: Reading, entity: str, text: str) -> int | None:
    """An entity by our id, or by its public id."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text) if names_of(reading, entity, [int(text)]) else None
    try:
        public = UUID(text)
    except ValueError:
        return None
    sql = f"SELECT entity_id FROM {quote(entity)} WHERE public_id = CAST(? AS UUID)"
    return next((int(row[0]) for row in reading.rows(sql, (str(public),))), None)


def like_name(reading: Reading, entity: str, text: str) -> list[Hit]:
    """Entities whose name holds the text; names that begin with it first."""
    named = naming(reading, entity)
    if named.column is None or named.column in reading.masked(entity):
        return []
    copy = reading.copy_of(entity)
    if copy is not None and copy.names is not None and copy.name_column == named.column:
        return [Hit(entity, one, name, "name", is_exact=False) for one, name in copy.names.called(text, most_found)]
    name = quote(named.column)
    sql = (
        f"SELECT entity_id, {name} FROM {quote(entity)} WHERE contains(lower({name}), lower(?)) ORDER BY "
        f"CASE WHEN starts_with(lower({name}), lower(?)) THEN 0 ELSE 1 END, lower({name}), {name}, entity_id "
        f"LIMIT {most_found}"
    )
    return [Hit(entity, int(row[0]), str(row[1]), "name", is_exact=False) for row in reading.rows(sql, (text, text))]


def like_identifier(reading: Reading, entity: str, text: str) -> list[Hit]:
    """Entities with an identifier that begins with the text; masked ones are not searched."""
    kinds = [
        kind for kind in reading.project.file.entities[entity].ids if reading.kind_treatment(entity, kind) == "clear"
    ]
    if not kinds:
        return []
    beginnings = tuple(dict.fromkeys((text, text.lower())))
    copy = reading.copy_of(entity)
    if copy is not None:
        rows: Sequence[tuple[Any, ...]] = copy.identifiers.beginning(beginnings, kinds, most_found)
    else:
        rows = asked_identifiers(reading, entity, beginnings, kinds)
    called = names_of(reading, entity, [int(row[0]) for row in rows])
    return [Hit(entity, int(row[0]), called.get(int(row[0]), str(row[0])), str(row[1]), is_exact=False) for row in rows]


def asked_identifiers(
    reading: Reading, entity: str, beginnings: Sequence[str], kinds: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The same from the table: entities and one kind each."""
    table, marks = quote(f"{entity}_identifier"), ", ".join("?" for _ in kinds)
    lines = [
        f"SELECT entity_id, id_kind FROM {table} WHERE id_kind IN ({marks}) AND value >= ? AND value < ?"
        for _ in beginnings
    ]
    sql = (
        f"SELECT entity_id, min(id_kind) FROM ({' UNION ALL '.join(lines)}) GROUP BY entity_id "
        f"ORDER BY entity_id LIMIT {most_found}"
    )
    return reading.rows(sql, [end for one in beginnings for end in (*kinds, one, one + last_character)])
