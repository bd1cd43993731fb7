"""The work store in, what is known of the changes of published tables out: those whose inputs stayed are not looked at."""

import re
from collections.abc import Iterable
from functools import partial

from c360 import activity, entities
from c360.warehouse import Connection, qualified
from c360.warehouse.catalogue import PublishedTable
from c360.warehouse.engines.duckdb_rows import quick_sql
from c360.warehouse.snapshots import Followed

mention = re.compile(r'"?\b(landing|cleaning|identity|activity|entities|features)"?\s*\.\s*"?(\w+)"?')
# of identity; `entities.state` names their content
of_entities = {"node", "dated", "member", "lookup", "redirect", "entity"}
lasting = {"evidence", "rule", "blocked", "shared", "held", "apart", "event", "match_report", "match_level", "match_link",
           "match_reason"}  # fmt: skip


def followed_tables(
    work: Connection, tables: Iterable[PublishedTable], *, is_doubted: bool = False
) -> dict[str, Followed]:
    """Table -> what is known of its changes, even if it is doubted.

    Streams know whose activities changed. Tables over entities and the identity graph alone are as they were while the
    state of the entities and the other tables that they read stay.
    """
    found = {
        f"{stream}_stream": Followed(state, partial(activity.touched_since, work, stream), is_doubted)
        for stream, state in activity.states(work).items()
    }
    state = entities.state(work)
    if state is None:
        return found
    reads = {}
    for table in tables:
        others = others_of(mentioned(table))
        if others is not None:
            reads[table.name] = others
    contents = contents_of(work, {other for names in reads.values() for other in names})
    for name, names in reads.items():
        found[name] = Followed(" ".join([state, *(contents[other] for other in sorted(names))]), is_doubted=is_doubted)
    return found


def mentioned(table: PublishedTable) -> set[tuple[str, str]]:
    """The tables of the work store that a published one is read from."""
    return set(mention.findall(table.select))


def made_of(table: PublishedTable) -> set[str]:
    """The rooms whose tables a published one is read from."""
    return {room for room, _ in mentioned(table)}


def others_of(names: set[tuple[str, str]]) -> set[str] | None:
    """The identity tables beside those that the state of the entities names; None when something else is read."""
    others = {name for schema, name in names if schema == "identity"} - of_entities
    if not names or {schema for schema, _ in names} - {"identity", "entities"} or others - lasting:
        return None
    return others


def contents_of(work: Connection, names: Iterable[str]) -> dict[str, str]:
    """Identity table -> its rows and the sum of their hashes."""
    parts = [
        f"SELECT '{name}' AS name, n, quick FROM ({quick_sql(qualified('identity', name), work.columns_of('identity', name))})"
        for name in sorted(names)
    ]
    rows = work.rows(" UNION ALL ".join(parts), portable=False) if parts else []
    return {name: f"{rows}:{quick or 0}" for name, rows, quick in rows}
