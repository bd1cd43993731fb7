"""What a person types in, the identifier that is meant out: `ann@x.com`, `email:ann@x.com`, or an entity's number."""

from dataclasses import dataclass  # noqa: TID251  (that of c360.records has no order)

from c360.cleaning import normalise
from c360.errors import Fault, ProjectError, suggest, unknown_entity
from c360.identity.inputs.kinds import kind_of_id
from c360.project import Project
from c360.warehouse import Connection, Row, comma, literal


@dataclass(frozen=True, order=True)
class Identifier:
    """A known identifier, and whose it is."""

    entity: str
    id_kind: str
    value: str
    node_id: int
    entity_id: int
    superseded: bool = False

    def __str__(self) -> str:
        return f"{self.id_kind} {self.value}"

    def as_json(self) -> dict[str, object]:
        """The identifier as plain values."""
        return {name: getattr(self, name) for name in ("entity", "id_kind", "value", "entity_id", "superseded")}


def find_identifier(work: Connection, project: Project, typed: str, entity: str | None = None) -> Identifier:
    """Find the identifier that a person means, however it is spelled.

    Args:
        work: the work database after a run.
        project: the project.
        typed: a value, `KIND:VALUE`, or the number or public id of an entity (its first identifier).
        entity: only identifiers of this entity; None looks at all.

    Raises:
        ProjectError: there is none, or several kinds have it, or the entity is unknown.
    """
    if entity is not None and entity not in project.file.entities:
        raise unknown_entity(entity, project.file.entities)
    found = by_value(work, project, typed, entity) or by_entity(work, typed, entity)
    if not found:
        fix = "write the identifier as it stands in a source, e.g. email:ann@example.org" + near(work, typed, entity)
        raise ProjectError(Fault("identifier-unknown", f"no entity has the identifier '{typed}'", fix=fix))
    if len(found) > 1:
        listed = ", ".join(f"{one.entity}'s {one.id_kind}:{one.value}" for one in found)
        fix = f"say which: {found[0].id_kind}:{found[0].value}, with --entity {found[0].entity}"
        raise ProjectError(Fault("identifier-ambiguous", f"'{typed}' means several: {listed}", fix=fix))
    return found[0]


def by_value(work: Connection, project: Project, typed: str, entity: str | None) -> list[Identifier]:
    """The identifiers with this value, cleaned as their kinds are."""
    tests = []
    for name, block in project.file.entities.items():
        if entity not in (None, name):
            continue
        for kind in block.ids:
            prefix, colon, rest = typed.partition(":")
            texts = [typed, *([rest] if colon and prefix == kind else [])]
            values = {value for text in texts for value in (text, normalise_one(project, kind, text)) if value}
            listed = comma(literal(value) for value in sorted(values))
            tests.append(f"(entity = {literal(name)} AND id_kind = {literal(kind)} AND value IN ({listed}))")
    return read(work, " OR ".join(tests)) if tests else []


def normalise_one(project: Project, kind: str, text: str) -> str | None:
    """The normalised form of a typed value; a composite identifier is typed as it is shown."""
    block = kind_of_id(project, kind)
    return text if block.columns else normalise(block, text, region=project.file.project.region)


def by_entity(work: Connection, typed: str, entity: str | None) -> list[Identifier]:
    """The first identifier of the entity with this number or public id, also of one that has merged."""
    if typed.isdigit():
        issued = f"SELECT entity_id FROM identity.entity WHERE entity_id = {int(typed)}"
    else:
        issued = f"SELECT entity_id FROM identity.entity WHERE CAST(public_id AS VARCHAR) = {literal(typed.lower())}"
    members = f"SELECT entity_id FROM identity.member WHERE node_id IN ({issued})"
    found = read(work, f"entity_id IN ({members})" + (f" AND entity = {literal(entity)}" if entity else ""))
    return [min(found, key=lambda one: one.node_id)] if found else []


def read(work: Connection, condition: str) -> list[Identifier]:
    """Known identifiers."""
    sql = f"SELECT entity, id_kind, value, node_id, entity_id, superseded FROM identity.lookup WHERE {condition} ORDER BY node_id"
    return [identifier(row) for row in work.rows(sql)]


def identifier(row: Row) -> Identifier:
    """An identifier from its columns."""
    entity, kind, value, node_id, entity_id, superseded = row
    return Identifier(entity, kind, value, int(node_id), int(entity_id), bool(superseded))


def near(work: Connection, typed: str, entity: str | None) -> str:
    """A hint at an identifier that begins alike."""
    text = typed.partition(":")[2] or typed
    only = f" AND entity = {literal(entity)}" if entity else ""
    start = literal(text[:2].lower().replace("%", "").replace("_", "") + "%")
    values = [
        value for (value,) in work.rows(f"SELECT value FROM identity.lookup WHERE value LIKE {start}{only} LIMIT 2000")
    ]
    hint = suggest(text, values)
    return f"; {hint}" if hint else ""
