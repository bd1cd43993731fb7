"""What entity tables are built from in, one name of it out: where the last build was of the same, there is nothing to do."""

from hashlib import blake2b

from c360.entities.context import Context
from c360.project import Project
from c360.warehouse import Connection, literal, qualified
from c360.warehouse.engines.duckdb_rows import quick_sql
from c360.warehouse.snippets import reads_clock

least_identifiers = 20_000  # with fewer, building everything anew is as quick, and nothing is remembered
state_table = qualified("entities", "_state")
unsaid = {"description", "describe", "owner", "label"}
read_of_identity = ("node", "earlier", "assigned", "moved", "superseded", "tombstone", "entity")


def state_of(work: Connection, context: Context, code: str, *, dated: bool) -> str | None:
    """A name of everything that the tables of all entities hang on; None for small projects, which do not ask.

    New rows of a log of events change it only where they change who is who.

    Args:
        work: the work database.
        context: the run.
        code: what else the tables hang on.
        dated: whether the date is part of it.
    """
    if work.scalar("SELECT count(*) FROM identity.node") < least_identifiers:
        return None
    file = context.project.file
    blocks = [file.project, *(block for part in (file.ids, file.entities, file.lists) for block in part.values())]
    declared = [(type(block).__name__, block.model_dump_json()) for block in blocks]
    names = [list(file.ids), list(file.entities), list(file.lists)]
    landed = [(name, repr(item)) for name, item in sorted(context.landed.items()) if name in sources_of(context)]
    at = context.as_of.isoformat() if dated else ""
    parts = (code, declared, names, landed, at, context.spelling.idn, identity_of(work))
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def hangs_on_date(project: Project) -> bool:
    """Whether memberships begin and end, or a snippet asks for the clock, so that the tables differ from date to date."""
    options = [
        option
        for entity in project.file.entities.values()
        for several in entity.belongs_to.values()
        for option in several
    ]
    if any(option.left or option.joined for option in options):
        return True
    return reads_clock(project.file.model_dump_json(include={"entities"}, exclude={"entities": {"__all__": unsaid}}))


def sources_of(context: Context) -> set[str]:
    """The sources that entities read beside the identity graph."""
    found = {item.source for entity in context.project.file.entities.values() for item in entity.from_}
    for entity in context.project.file.entities.values():
        found |= {str(option.source) for several in entity.belongs_to.values() for option in several if option.source}
    return found


def identity_of(work: Connection) -> list[tuple[object, ...]]:
    """What the identity graph holds, as counts and sums of the engine's hashes, with the engine's version."""
    parts = []
    for number, name in enumerate(read_of_identity):
        columns = work.columns_of("identity", name)
        if columns:
            parts.append(f"SELECT {number} AS i, n, quick FROM ({quick_sql(qualified('identity', name), columns)})")
    return [
        (work.scalar("SELECT version()", portable=False),),
        *sorted(work.rows(" UNION ALL ".join(parts), portable=False)),
    ]


def remembered(work: Connection) -> str | None:
    """What the tables that are there were built of; None when it was not kept."""
    if not work.table_exists("entities", "_state"):
        return None
    return str(work.scalar(f"SELECT state FROM {state_table}"))


def remember(work: Connection, state: str | None) -> None:
    """Keep what the tables were built from.

    Grain:  one row, or none.
    Writes: entities._state(state)
    """
    if state is None:
        work.execute(f"DROP TABLE IF EXISTS {state_table}")
    else:
        work.replace_table(state_table, f"SELECT {literal(state)} AS state")
