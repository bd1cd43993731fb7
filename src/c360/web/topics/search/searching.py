"""What somebody typed in, the entities that it names out: exact identifiers first, then names and beginnings of ids."""

from dataclasses import dataclass
from uuid import UUID

from c360.cleaning import normalise
from c360.govern.reading import Reading
from c360.govern.sql import quote
from c360.profiles.names import names_of, naming
from c360.web.topics.search.directory import Directory

most_found = 20
many_names = 20_000  # below, the engine reads them as quickly
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
    wanted = text.strip()
    if not wanted or not reading.sees(entity):
        return []
    exact = exact_ids(reading, entity, wanted)
    names = names_of(reading, entity, list(exact))
    hits = [Hit(entity, found, names.get(found, str(found)), by, is_exact=True) for found, by in exact.items()]
    if len(hits) >= most_found or len(wanted) < 2:
        return hits[:most_found]
    by_name = [hit for hit in like_name(reading, entity, wanted) if hit.entity_id not in exact]
    seen = {*exact, *(hit.entity_id for hit in by_name)}
    by_id = [hit for hit in like_identifier(reading, entity, wanted) if hit.entity_id not in seen]
    return [*hits, *by_name, *by_id][:most_found]


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
        sql, value = f"SELECT entity_id FROM {quote(entity)} WHERE entity_id = ?", int(text)
        return next((int(row[0]) for row in reading.rows(sql, (value,))), None)
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
    entry = reading.tables().get(entity)
    if entry is not None and entry.rows > many_names:
        found = directory(reading, entity, named.column).find(text, most_found)
        return [Hit(entity, one, name, "name", is_exact=False) for one, name in found]
    name = quote(named.column)
    sql = (
        f"SELECT entity_id, {name} FROM {quote(entity)} WHERE contains(lower({name}), ?) "
        f"ORDER BY CASE WHEN starts_with(lower({name}), ?) THEN 0 ELSE 1 END, {name}, entity_id LIMIT {most_found}"
    )
    lowered = text.lower()
    return [
        Hit(entity, int(row[0]), str(row[1]), "name", is_exact=False) for row in reading.rows(sql, (lowered, lowered))
    ]


def directory(reading: Reading, entity: str, column: str) -> Directory:
    """All names of an entity, as the role sees them; read once as long as the snapshot is open."""
    memory, key = reading.memory, ("directory", entity, column)
    if key not in memory:
        name = quote(column)
        memory[key] = Directory(
            reading.rows(
                f"SELECT entity_id, {name} FROM {quote(entity)} WHERE {name} IS NOT NULL ORDER BY {name}, entity_id"
            )
        )
    found: Directory = memory[key]
    return found


def like_identifier(reading: Reading, entity: str, text: str) -> list[Hit]:
    """Entities with an identifier that begins with the text; masked ones are not searched."""
    kinds = [
        kind for kind in reading.project.file.entities[entity].ids if reading.kind_treatment(entity, kind) == "clear"
    ]
    if not kinds:
        return []
    marks = ", ".join("?" for _ in kinds)
    table = quote(f"{entity}_identifier")
    lines = [
        f"SELECT entity_id, id_kind FROM {table} WHERE id_kind IN ({marks}) AND value >= ? AND value < ?"
        for _ in dict.fromkeys((text, text.lower()))
    ]
    ends = [end for one in dict.fromkeys((text, text.lower())) for end in (*kinds, one, one + last_character)]
    sql = (
        f"SELECT entity_id, min(id_kind) FROM ({' UNION ALL '.join(lines)}) GROUP BY entity_id "
        f"ORDER BY entity_id LIMIT {most_found}"
    )
    rows = reading.rows(sql, ends)
    names = names_of(reading, entity, [int(row[0]) for row in rows])
    return [Hit(entity, int(row[0]), names.get(int(row[0]), str(row[0])), str(row[1]), is_exact=False) for row in rows]
