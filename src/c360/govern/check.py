"""What a project says about roles -> what is wrong with it: a name that is misspelled would leave a column in the clear."""

from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from urllib.parse import urlsplit

from c360.errors import Fault, ProjectError, suggest
from c360.govern.policy import roles_of
from c360.project import Project
from c360.project.blocks.outputs import Role
from c360.warehouse import quote
from c360.warehouse.snippets import compile_snippet, plain_name

lists = ("mask", "hide", "clear", "find")
own_columns = ("entity_id", "public_id", "updated_at", "activity", "activity_ts", "value", "raw", "record_key")


def check(project: Project) -> list[Fault]:
    """Entities that do not exist, columns that are nearly the name of one, conditions that are no SQL."""
    found = [*check_sign_in(project)]
    for name, role in project.file.access.roles.items():
        found += [
            *check_entities(project, name, role),
            *check_columns(project, name, role),
            *check_rows(project, name, role),
        ]
    return found


def check_sign_in(project: Project) -> Iterator[Fault]:
    """The company's sign-in: an address that is encrypted, and roles that there are."""
    block = project.file.access.sign_in
    if block is None:
        return
    at = ("access", "sign_in")
    issuer = urlsplit(block.issuer)
    if issuer.scheme == "http" and issuer.hostname not in ("localhost", "127.0.0.1", "::1"):
        message = f"the sign-in at '{block.issuer}' is not encrypted"
        yield project.fault("insecure-issuer", message, *at, "issuer", fix="write https://")
    known = roles_of(project)
    for group, role in block.roles.items():
        if role not in known:
            fix = suggest(role, known) or f"roles: {', '.join(known)}"
            yield project.fault(
                "unknown-role", f"group '{group}' has an unknown role '{role}'", *at, "roles", group, fix=fix
            )


def check_entities(project: Project, name: str, role: Role) -> Iterator[Fault]:
    """The entities that a role sees."""
    for entity in () if role.see == "all" else role.see:
        if entity not in project.file.entities:
            fix = suggest(entity, project.file.entities) or f"entities: {', '.join(project.file.entities)}"
            message = f"role '{name}' sees an unknown entity '{entity}'"
            yield project.fault("unknown-entity", message, "access", "roles", name, "see", fix=fix)


def check_columns(project: Project, name: str, role: Role) -> Iterator[Fault]:
    """The columns that a role names; one that nobody knows yet may be kept back in advance, a misspelled one not."""
    known = columns(project)
    everywhere = {column for names in known.values() for column in names}
    for key in lists:
        for written in getattr(role, key):
            entity, _, column = written.rpartition(".")
            path = ("access", "roles", name, key)
            if entity and entity not in known:
                message = f"role '{name}': unknown entity '{entity}' in `{key}: {written}`"
                yield project.fault("unknown-entity", message, *path, fix=suggest(entity, known))
                continue
            names = known[entity] if entity else everywhere
            near = get_close_matches(column.lower(), [other.lower() for other in names], n=1, cutoff=0.75)
            if column not in names and near and not has_library(project, entity):
                message = f"role '{name}': there is no column '{column}' to {key}"
                yield project.fault("unknown-column", message, *path, fix=f"did you mean '{near[0]}'?")


def check_rows(project: Project, name: str, role: Role) -> Iterator[Fault]:
    """The condition on rows: one SQL expression; an entity without its columns shows no rows."""
    if role.rows is None:
        return
    at = project.at("access", "roles", name, "rows")
    try:
        compile_snippet(role.rows, any_column, as_of=datetime(2000, 1, 1, tzinfo=UTC), at=at)
    except ProjectError as error:
        yield from error.faults


def any_column(_table: str | None, column: str) -> str:
    """Whatever is a plain word may be a column: which ones there are differs from entity to entity."""
    if not plain_name.match(column):
        raise ProjectError(Fault("unknown-column", f"'{column}' is no column"))
    return quote(column)


def columns(project: Project) -> dict[str, set[str]]:
    """Entity -> the names that a role may keep back: identifiers, traits, features, attributes and relations."""
    file = project.file
    found = {}
    for name, entity in file.entities.items():
        traits = {*entity.traits, *(trait for item in entity.from_ for trait in item.traits)}
        related = {
            kind for target in entity.belongs_to for kind in file.entities[target].ids if target in file.entities
        }
        found[name] = {*own_columns, *entity.ids, *traits, *related, *(f"{target}_id" for target in entity.belongs_to)}
        found[name] |= features_of(project, name)
        found[name] |= {
            attribute
            for activity in file.activities.values()
            for item in activity.from_
            if name in item.of
            for attribute in item.attributes
        }
    return found


def features_of(project: Project, entity: str) -> set[str]:
    """The names of an entity's features, as far as the project writes them out."""
    block = project.file.features.get(entity)
    if block is None:
        return set()
    again = {f"{name}{other.suffix}" for other in block.again for name in other.measures}
    return {*block.own, *block.measures, *again}


def has_library(project: Project, entity: str) -> bool:
    """Whether an entity, or any one, takes features from the library, whose names are not in the project."""
    blocks = project.file.features
    return any(block.use for name, block in blocks.items() if entity in ("", name))
